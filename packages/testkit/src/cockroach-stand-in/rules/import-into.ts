import { readImportOptions } from '../import/import-options.js';
import { describeImport, parseImport } from '../import/import-statement.js';
import type { ImportStatement } from '../import/import-statement.js';
import { readTable, tableQuery, targetColumns } from '../import/import-table.js';
import type { ImportTable } from '../import/import-table.js';
import { isReadable } from '../import/open-file.js';
import type { ImportCounts, ImportPlan } from '../import/run-import.js';
import type { Job } from '../jobs/job.js';
import { startsWith } from '../sql/statement.js';
import type { ServerError } from '../wire/messages.js';
import { isOffline } from './offline-tables.js';
import { beyondTheStandIn, inFailedTransaction, syntaxError } from './rule.js';
import type { Rule, RuleContext, Verdict } from './rule.js';

/** IMPORT INTO ... CSV DATA (...): what can be seen to be wrong is refused at once, the rest is a job. */
export const importInto: Rule = async (statement, context) => {
  if (!startsWith(statement, 'import')) return undefined;
  if (context.protocol === 'extended') return beyondTheStandIn('IMPORT is taken in simple queries only');
  const parsed = parseImport(statement);
  if ('near' in parsed) return syntaxError(parsed.near);
  const transaction = await context.transaction();
  if (transaction === 'failed') return inFailedTransaction;
  if (context.clusterSettings.get('feature.import.enabled') === 'f') return { refuse: disabled };
  const inTransaction = transaction === 'open' || context.batchSize > 1;
  if (inTransaction) {
    return parsed.options.has('detached')
      ? beyondTheStandIn('IMPORT ... WITH detached within a transaction')
      : { refuse: inMultiStatementTransaction };
  }
  const plan = await planImport(parsed, context);
  return 'refused' in plan ? { refuse: plan.refused } : { perform: () => perform(plan, context) };
};

async function planImport(
  parsed: ImportStatement,
  context: RuleContext,
): Promise<ImportPlan | { readonly refused: ServerError }> {
  if (parsed.format !== 'CSV')
    return { refused: beyondTheStandIn(`IMPORT of ${parsed.format} files`).refuse };
  const options = readImportOptions(parsed.options);
  if ('refused' in options) return options;
  const unreadable = parsed.urls.find((url) => !isReadable(url));
  if (unreadable !== undefined) return { refused: unsupportedScheme(unreadable) };
  const pattern = parsed.urls.find(isPattern);
  if (pattern !== undefined && !parsed.options.has('disable_glob_matching'))
    return { refused: beyondTheStandIn('IMPORT of all files that match a pattern').refuse };
  const table = await findTable(parsed, context);
  if (table === undefined) return { refused: missingTable(parsed) };
  if (context.jobs.offline(context.session.database).some((job) => job.table?.oid === table.oid))
    return { refused: isOffline(table.table) };
  const columns = targetColumns(table, parsed.columns);
  if ('refused' in columns) return columns;
  const description = describeImport(parsed, table);
  return { description, table, columns, urls: parsed.urls, options };
}

/** `*` in the last part of the path stands for files; HTTP has no lists. */
function isPattern(url: string): boolean {
  const { protocol, pathname } = new URL(url);
  return !protocol.startsWith('http') && (pathname.split('/').at(-1) ?? '').includes('*');
}

/** A name of three parts must be in the session's own database here. */
async function findTable(parsed: ImportStatement, context: RuleContext): Promise<ImportTable | undefined> {
  const { database } = context.session;
  const foreign = parsed.nameParts.length === 3 && parsed.nameParts[0] !== database;
  if (foreign || parsed.nameParts.length > 3) return undefined;
  const name = parsed.nameParts
    .slice(-2)
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');
  return readTable(await context.ask(tableQuery(name)), database);
}

async function perform(plan: ImportPlan, context: RuleContext): Promise<Verdict> {
  const job = context.startImport(plan);
  if (plan.options.detached) return { sql: `SELECT ${job.id}::int8 AS job_id` };
  await job.ended;
  if (job.status !== 'succeeded') return { refuse: { sqlstate: 'XXUUU', message: job.error } };
  return { sql: resultRow(job, context.version) };
}

function resultRow(job: Job<ImportCounts>, version: string): string {
  const { rows = 0, indexEntries = 0, bytes = 0 } = job.result ?? {};
  const inspection = isAtLeast(version, 26, 2) ? ', NULL::int8 AS inspect_job_id' : '';
  return (
    `SELECT ${job.id}::int8 AS job_id, 'succeeded'::text AS status, 1::float8 AS fraction_completed, ` +
    `${rows}::int8 AS rows, ${indexEntries}::int8 AS index_entries, ${bytes}::int8 AS bytes${inspection}`
  );
}

/** Whether `CockroachDB CCL v25.4.1 (...)` is of this version or a later one. */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const found = /\bv(\d+)\.(\d+)\./.exec(version);
  const [ours, theirs] = [Number(found?.[1] ?? 0) * 100 + Number(found?.[2] ?? 0), major * 100 + minor];
  return ours >= theirs;
}

function missingTable({ nameParts }: ImportStatement): ServerError {
  return { sqlstate: '42P01', message: `relation "${nameParts.join('.')}" does not exist` };
}

function unsupportedScheme(url: string): ServerError {
  const scheme = URL.canParse(url) ? new URL(url).protocol.slice(0, -1) : '';
  return {
    sqlstate: 'XXUUU',
    message: `unsupported storage scheme: "${scheme}" - refer to docs to find supported storage schemes`,
  };
}

const disabled: ServerError = {
  sqlstate: '57014',
  message: 'feature IMPORT was disabled by the database administrator',
};

const inMultiStatementTransaction: ServerError = {
  sqlstate: 'XXUUU',
  message: 'IMPORT cannot be used inside a multi-statement transaction without DETACHED option',
};
