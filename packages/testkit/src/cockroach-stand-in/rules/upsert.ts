import {
  afterName,
  applyEdits,
  closingIndex,
  nameValue,
  quoteLiteral,
  quoteName,
  sourceBetween,
  textAt,
  wordAt,
  wordsAt,
} from '../sql/statement.js';
import type { Edit, Statement } from '../sql/statement.js';
import type { UpsertTarget } from '../session.js';
import type { Rule, RuleContext } from './rule.js';

/** A change of the table that went past the stand-in is noticed after this time. */
const trustMs = 5_000;

/**
 * `UPSERT INTO t (a, b) ...` as `INSERT ... ON CONFLICT (<primary key>) DO UPDATE SET b = excluded.b`. Without a column
 * list all columns are written, those without a value to their defaults. Two deviations: a row that would be written twice
 * always raises 21000 (CockroachDB lets it pass in a blind write), and when only the key is written, rows that are there
 * already do not count.
 */
export const upsert: Rule = async (statement, context) => {
  const edits: Edit[] = [];
  for (const [index, token] of statement.tokens.entries()) {
    if (token.word !== 'upsert' || !wordsAt(statement, index, ['upsert', 'into'])) continue;
    edits.push({ start: token.start, end: token.end, text: 'INSERT' });
    const clause = await conflictClause(statement, index, context);
    const end = statement.tokens[statementEnd(statement, index) - 1]?.end;
    if (clause !== undefined && end !== undefined) edits.push({ start: end, end, text: clause });
  }
  return edits.length === 0 ? undefined : { sql: applyEdits(statement.sql, edits) };
};

/** The index of the token before which ON CONFLICT goes: RETURNING, or the end of the statement or of the CTE. */
function statementEnd(statement: Statement, upsertAt: number): number {
  const depth = statement.tokens[upsertAt]?.depth ?? 0;
  const found = statement.tokens.findIndex(
    (token, index) =>
      index > upsertAt && (token.depth < depth || (token.depth === depth && token.word === 'returning')),
  );
  return found < 0 ? statement.tokens.length : found;
}

async function conflictClause(
  statement: Statement,
  upsertAt: number,
  context: RuleContext,
): Promise<string | undefined> {
  const tableEnd = afterName(statement, upsertAt + 2);
  const target = await targetOf(sourceBetween(statement, upsertAt + 2, tableEnd), context);
  // Without a primary key each row gets a key of its own (the hidden rowid); a missing table is PostgreSQL's to report.
  if (target === undefined || target.key.length === 0) return undefined;
  const listed = listedColumns(statement, tableEnd);
  const written = (listed ?? target.others).filter((column) => !target.key.includes(column));
  const key = target.key.join(', ');
  if (written.length === 0) return ` ON CONFLICT (${key}) DO NOTHING`;
  return ` ON CONFLICT (${key}) DO UPDATE SET ${written.map((column) => `${column} = excluded.${column}`).join(', ')}`;
}

/** The columns of `t (a, b)` or `t AS x (a, b)`, quoted; `undefined` when none are listed. */
function listedColumns(statement: Statement, tableEnd: number): readonly string[] | undefined {
  const open = wordAt(statement, tableEnd) === 'as' ? tableEnd + 2 : tableEnd;
  // `t (SELECT ...)` is a query in parentheses.
  if (
    textAt(statement, open) !== '(' ||
    ['select', 'values', 'with', 'table'].includes(wordAt(statement, open + 1))
  ) {
    return undefined;
  }
  return statement.tokens
    .slice(open + 1, closingIndex(statement, open))
    .filter((token) => token.text !== ',')
    .map((token) => quoteName(nameValue(token)));
}

async function targetOf(table: string, context: RuleContext): Promise<UpsertTarget | undefined> {
  const known = context.session.upsertTargets.get(table);
  if (known !== undefined && isFresh(known, context)) return known;
  const rows = await context.ask(columnsQuery(table));
  if (rows === undefined) return undefined;
  const target: UpsertTarget = {
    key: rows.filter(([, inKey]) => inKey === 'true').map(([name]) => quoteName(name ?? '')),
    others: rows
      .filter(([, inKey, written]) => inKey !== 'true' && written === 'true')
      .map(([name]) => quoteName(name ?? '')),
    readAt: performance.now(),
    schemaChanges: context.schemaClock.changes,
  };
  if (target.key.length > 0) context.session.upsertTargets.set(table, target);
  return target;
}

function isFresh(target: UpsertTarget, context: RuleContext): boolean {
  return target.schemaChanges === context.schemaClock.changes && performance.now() - target.readAt < trustMs;
}

function columnsQuery(table: string): string {
  return `SELECT a.attname, (a.attnum = ANY (i.indkey))::text, (a.attgenerated = '' AND a.attidentity <> 'a')::text
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
WHERE a.attrelid = pg_catalog.to_regclass(${quoteLiteral(table)}) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`;
}
