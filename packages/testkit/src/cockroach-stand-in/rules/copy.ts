import {
  afterName,
  applyEdits,
  closingIndex,
  nameValue,
  quoteLiteral,
  sourceBetween,
  startsWith,
  stringValue,
  textAt,
  wordAt,
} from '../sql/statement.js';
import type { Statement } from '../sql/statement.js';
import { beyondTheStandIn, syntaxError, unimplemented } from './rule.js';
import type { Rule, RuleContext, Verdict } from './rule.js';

/** Options of PostgreSQL's COPY FROM that CockroachDB does not know. */
const unknownOptions =
  'freeze force_null force_not_null force_quote force on_error log_verbosity reject_limit default'.split(' ');

/** COPY as CockroachDB takes it: alone in a simple query, from STDIN, in its own dialect. The data pass untouched. */
export const copy: Rule = (statement, context) => {
  if (!startsWith(statement, 'copy')) return undefined;
  if (context.batchSize > 1) return protocolViolation();
  const from = statement.tokens.findIndex((token) => token.word === 'from' && token.depth === 0);
  if (from < 0) return copyOut(statement);
  if (context.protocol === 'extended') return notInExtendedProtocol();
  if (wordAt(statement, from + 1) !== 'stdin') return unimplemented('COPY FROM is only supported from STDIN');
  return refusedOption(statement, from + 2) ?? refusedFormat(statement, from, context);
};

/**
 * CockroachDB writes an empty string as `""` always, PostgreSQL only where the empty field is NULL. With another mark for
 * NULL all values are quoted here: more than CockroachDB quotes, and nothing that a reader of CSV could tell from it.
 */
function copyOut(statement: Statement): Verdict | undefined {
  const to = statement.tokens.findIndex((token) => token.word === 'to' && token.depth === 0);
  if (to < 0 || format(statement, to + 2) !== 'csv' || optionAt(statement, to + 2, 'null') < 0)
    return undefined;
  const last = statement.tokens.at(-1);
  if (last?.text !== ')') return { sql: `${statement.sql} FORCE QUOTE *` };
  return { sql: applyEdits(statement.sql, [{ start: last.start, end: last.end, text: ', FORCE_QUOTE *)' }]) };
}

function protocolViolation(): Verdict {
  const message = 'COPY together with other statements in a query string is not supported';
  return { refuse: { sqlstate: '08P01', message } };
}

function notInExtendedProtocol(): Verdict {
  return { refuse: { sqlstate: 'XXUUU', message: 'CopyFrom not supported in extended protocol mode' } };
}

function refusedOption(statement: Statement, from: number): Verdict | undefined {
  if (optionAt(statement, from, 'where') >= 0) return syntaxError('where');
  const unknown = unknownOptions.find((option) => optionAt(statement, from, option) >= 0);
  if (unknown !== undefined) return syntaxError(unknown);
  const quote = optionAt(statement, from, 'quote');
  if (quote >= 0 && optionValue(statement, quote) !== '"') return unimplemented('QUOTE other than "');
  const encoding = optionAt(statement, from, 'encoding');
  if (encoding >= 0 && !/^utf-?8$/i.test(optionValue(statement, encoding)))
    return unimplemented('ENCODING other than utf8');
  return refusedOutsideCsv(statement, from);
}

function refusedOutsideCsv(statement: Statement, from: number): Verdict | undefined {
  if (format(statement, from) === 'csv') return undefined;
  const option = ['header', 'quote', 'escape'].find((name) => optionAt(statement, from, name) >= 0);
  return option === undefined
    ? undefined
    : unimplemented(`${option.toUpperCase()} only supported with CSV format`);
}

/**
 * CockroachDB reads several types verbatim from the text format, backslashes and all: what PostgreSQL's COPY wrote
 * would be corrupted there without an error. The stand-in says so instead.
 */
async function refusedFormat(
  statement: Statement,
  from: number,
  context: RuleContext,
): Promise<Verdict | undefined> {
  if (format(statement, from + 2) !== 'text') return undefined;
  const corrupted = await context.ask(corruptedColumns(statement));
  const found = corrupted?.[0];
  if (found === undefined) return undefined;
  return beyondTheStandIn(
    `COPY in text format refused, for CockroachDB would corrupt column "${found[0]}" of type ${found[1]}; use CSV`,
  );
}

function corruptedColumns(statement: Statement): string {
  const tableEnd = afterName(statement, 1);
  const columns =
    textAt(statement, tableEnd) === '('
      ? statement.tokens
          .slice(tableEnd + 1, closingIndex(statement, tableEnd))
          .filter(({ text }) => text !== ',')
      : [];
  const names = columns.map((column) => quoteLiteral(nameValue(column)));
  return `SELECT a.attname, pg_catalog.format_type(t.oid, NULL) FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = pg_catalog.to_regclass(${quoteLiteral(sourceBetween(statement, 1, tableEnd))}) AND a.attnum > 0
AND NOT a.attisdropped ${names.length === 0 ? '' : `AND a.attname IN (${names.join(', ')})`}
AND (t.typtype = 'e' OR t.typname IN ('bytea', '_bytea', 'json', 'jsonb', 'numeric', 'bit', 'varbit'))
ORDER BY a.attnum LIMIT 1`;
}

function format(statement: Statement, from: number): 'csv' | 'binary' | 'text' {
  const named = optionAt(statement, from, 'format');
  const word = named < 0 ? '' : optionValue(statement, named).toLowerCase();
  if (word === 'csv' || optionAt(statement, from, 'csv') >= 0) return 'csv';
  return word === 'binary' || optionAt(statement, from, 'binary') >= 0 ? 'binary' : 'text';
}

/** The index of an option's name; its value may be the same word (`FORMAT csv`, `NULL 'x'`). */
function optionAt(statement: Statement, from: number, name: string): number {
  return statement.tokens.findIndex(
    (token, index) => index >= from && token.word === name && wordAt(statement, index - 1) !== 'format',
  );
}

function optionValue(statement: Statement, optionIndex: number): string {
  const next = textAt(statement, optionIndex + 1).toLowerCase() === 'as' ? optionIndex + 2 : optionIndex + 1;
  return stringValue(statement.tokens[next]) ?? textAt(statement, next);
}
