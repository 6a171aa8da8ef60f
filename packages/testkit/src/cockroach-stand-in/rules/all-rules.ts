import { asOfSystemTime } from './as-of-system-time.js';
import { beginOnce } from './begin.js';
import { clusterSettings } from './cluster-settings.js';
import { copy } from './copy.js';
import { createIfNotExists } from './create-if-not-exists.js';
import { historyProtection } from './history-protection.js';
import { importInto } from './import-into.js';
import { informationSchema } from './information-schema.js';
import { jobs } from './jobs.js';
import { offlineTables } from './offline-tables.js';
import { refusedNames } from './refused-names.js';
import { refusedStatements } from './refused-statements.js';
import type { Rule } from './rule.js';
import { autocommitBeforeDdl } from './schema-changes.js';
import { sessionVariables } from './session-variables.js';
import { settingFunctions } from './setting-functions.js';
import { showTables } from './show-tables.js';
import { suppliedFunctionCalls } from './supplied-functions.js';
import { types } from './types.js';
import { upsert } from './upsert.js';

/**
 * What the stand-in knows about CockroachDB, in the order in which it is tried: first what ends in a refusal, then what
 * changes the text. Rules that add statements around one come last, and see its final text.
 */
export const allRules: readonly Rule[] = [
  refusedStatements,
  refusedNames,
  importInto,
  offlineTables,
  jobs,
  historyProtection,
  showTables,
  clusterSettings,
  sessionVariables,
  copy,
  beginOnce,
  types,
  upsert,
  settingFunctions,
  informationSchema,
  createIfNotExists,
  asOfSystemTime,
  suppliedFunctionCalls,
  autocommitBeforeDdl,
];
