import { scenarioTests } from '../support/scenarios.js';
import { continuations } from './scenarios/continuation.js';
import { constraintsAfterImport, createdTables } from './scenarios/created-tables.js';

scenarioTests('continuation', continuations);
scenarioTests('created tables', createdTables);
scenarioTests('constraints after IMPORT INTO', constraintsAfterImport);
