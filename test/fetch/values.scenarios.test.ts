import { scenarioTests } from '../support/scenarios.js';
import { basicTypes } from './scenarios/basic-types.js';
import { awkwardTexts } from './scenarios/texts.js';

scenarioTests('basic types', basicTypes);
scenarioTests('awkward texts', awkwardTexts);
