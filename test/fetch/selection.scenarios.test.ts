import { scenarioTests } from '../support/scenarios.js';
import { filters, transformations } from './scenarios/selection.js';
import { keysAndNames, sizes, zeroDateScenarios } from './scenarios/tables.js';

scenarioTests('filters', filters);
scenarioTests('transformations', transformations);
scenarioTests('keys and names', keysAndNames);
scenarioTests('sizes', sizes);
scenarioTests('zero dates', zeroDateScenarios);
