import { scenarioTests } from '../support/scenarios.js';
import { exportsAndImports, intermediateFiles } from './scenarios/intermediate-files.js';
import { failedExports, refusedRows } from './scenarios/refused-rows.js';

scenarioTests('intermediate files', intermediateFiles);
scenarioTests('exports and imports', exportsAndImports);
scenarioTests('refused rows', refusedRows);
scenarioTests('failed exports', failedExports);
