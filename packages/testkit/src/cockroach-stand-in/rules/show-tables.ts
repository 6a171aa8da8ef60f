import {
  afterName,
  applyEdits,
  quoteLiteral,
  sourceBetween,
  textAt,
  wordAt,
  wordsAt,
} from '../sql/statement.js';
import type { Edit, Statement } from '../sql/statement.js';
import type { Rule } from './rule.js';

/** `SHOW TABLES` and `SHOW CONSTRAINTS FROM t`, by themselves or as a source: `SELECT ... FROM [SHOW TABLES]`. */
export const showTables: Rule = (statement) => {
  const edits = statement.tokens.flatMap((token, index) => {
    if (token.word !== 'show' || !isSource(statement, index)) return [];
    return replacement(statement, index);
  });
  return edits.length === 0 ? undefined : { sql: applyEdits(statement.sql, edits) };
};

/** At the beginning, or where `[...]` makes a source of a statement. */
export function isSource(statement: Statement, index: number): boolean {
  return index === 0 || textAt(statement, index - 1) === '[';
}

function replacement(statement: Statement, index: number): readonly Edit[] {
  if (wordsAt(statement, index, ['show', 'tables'])) {
    const from = wordAt(statement, index + 2) === 'from';
    return editsFor(statement, index, from ? afterName(statement, index + 3) : index + 2, tablesQuery);
  }
  if (!wordsAt(statement, index, ['show', 'constraints', 'from'])) return [];
  const end = afterName(statement, index + 3);
  return editsFor(statement, index, end, constraintsQuery(sourceBetween(statement, index + 3, end)));
}

/** What may come after a source that has no name of its own. */
const clauses: ReadonlySet<string> = new Set(
  'where order group having limit offset join inner left right full cross natural on using union'.split(' '),
);

/** Replaces the tokens from `from` up to `to`, with the brackets around them, by a query. */
export function editsFor(statement: Statement, from: number, to: number, query: string): readonly Edit[] {
  const bracketed = textAt(statement, from - 1) === '[';
  const first = statement.tokens[bracketed ? from - 1 : from];
  const last = statement.tokens[bracketed ? to : to - 1];
  if (first === undefined || last === undefined) return [];
  if (!bracketed) return [{ start: first.start, end: last.end, text: query }];
  const next = statement.tokens[to + 1];
  const named = next?.kind === 'quoted' || (next?.kind === 'word' && !clauses.has(next.word));
  return [{ start: first.start, end: last.end, text: `(${query})${named ? '' : ' AS shown'}` }];
}

/** The estimates are those of PostgreSQL's statistics; without any they are 0, as in CockroachDB. */
const tablesQuery = `SELECT n.nspname::text AS schema_name, c.relname::text AS table_name, 'table'::text AS type,
  pg_catalog.pg_get_userbyid(c.relowner)::text AS owner, greatest(c.reltuples, 0)::int8 AS estimated_row_count, NULL::text AS locality
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'crdb_internal', 'pg_toast')`;

function constraintsQuery(table: string): string {
  return `SELECT c.relname::text AS table_name, k.conname::text AS constraint_name,
  CASE k.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' WHEN 'f' THEN 'FOREIGN KEY' ELSE 'CHECK' END AS constraint_type,
  pg_catalog.pg_get_constraintdef(k.oid) AS details, k.convalidated AS validated
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
WHERE k.contype IN ('p', 'u', 'f', 'c') AND k.conrelid = ${quoteLiteral(table)}::regclass ORDER BY k.conname`;
}
