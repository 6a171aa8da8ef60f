import { scenarioTests } from '../support/scenarios.js';
import { commandsOfTheManual, cursors, dryRuns } from './scenarios/commands.js';

scenarioTests('cdc_cursor', cursors);
scenarioTests('dry runs', dryRuns);
scenarioTests('commands of the manual', commandsOfTheManual);
