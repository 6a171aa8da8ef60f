import { textOfLiteral } from '../sql/literals.js';
import { redacted } from '../sql/redacted.js';
import {
  afterName, closingIndex, nameValue, sourceBetween, startsWith, textAt, wordAt, wordsAt,
} from '../sql/statement.js'; // prettier-ignore
import type { Statement } from '../sql/statement.js';
import type { GivenOptions } from './import-options.js';

/** `IMPORT INTO t (a, b) CSV DATA ('url', ...) WITH option, option = 'value'` */
export interface ImportStatement {
  /** The table's name as written: one to three parts. */
  readonly table: string;
  readonly nameParts: readonly string[];
  /** `undefined`: all visible columns. */
  readonly columns: readonly string[] | undefined;
  readonly format: string;
  readonly urls: readonly string[];
  readonly options: GivenOptions;
}

/** @returns the word near which it is no IMPORT INTO that CockroachDB's grammar knows */
export function parseImport(statement: Statement): ImportStatement | { readonly near: string } {
  if (!startsWith(statement, 'import', 'into')) return { near: textAt(statement, 1) };
  const tableEnd = afterName(statement, 2);
  if (tableEnd === 2) return { near: textAt(statement, 2) };
  const listed = textAt(statement, tableEnd) === '(';
  const columnsEnd = listed ? closingIndex(statement, tableEnd) + 1 : tableEnd;
  if (!wordsAt(statement, columnsEnd + 1, ['data']) || textAt(statement, columnsEnd + 2) !== '(')
    return { near: textAt(statement, columnsEnd) };
  const open = columnsEnd + 2;
  const close = closingIndex(statement, open);
  const urls = statement.tokens.slice(open + 1, close).filter(({ text }) => text !== ',');
  const values = urls.map(textOfLiteral);
  const wrong = values.indexOf(undefined);
  if (wrong >= 0) return { near: urls[wrong]?.text ?? '' };
  const options = readOptions(statement, close + 1);
  if (options === undefined) return { near: textAt(statement, close + 1) };
  return {
    table: sourceBetween(statement, 2, tableEnd),
    nameParts: names(statement, 2, tableEnd, '.'),
    columns: listed ? names(statement, tableEnd + 1, columnsEnd - 1, ',') : undefined,
    format: wordAt(statement, columnsEnd).toUpperCase(),
    urls: values.filter((value) => value !== undefined),
    options,
  };
}

function names(statement: Statement, from: number, to: number, separator: string): string[] {
  return statement.tokens
    .slice(from, to)
    .filter(({ text }) => text !== separator)
    .map(nameValue);
}

function readOptions(statement: Statement, from: number): Map<string, string | undefined> | undefined {
  const options = new Map<string, string | undefined>();
  if (from >= statement.tokens.length) return options;
  if (wordAt(statement, from) !== 'with') return undefined;
  const inParentheses = wordAt(statement, from + 1) === 'options';
  const end = inParentheses ? closingIndex(statement, from + 2) : statement.tokens.length;
  for (let at = inParentheses ? from + 3 : from + 1; at < end;) {
    const name = nameValue(statement.tokens[at]);
    const hasValue = textAt(statement, at + 1) === '=';
    options.set(name, hasValue ? textOfLiteral(statement.tokens[at + 2]) : undefined);
    at += hasValue ? 3 : 1;
    if (at < end && textAt(statement, at) !== ',') return undefined;
    at++;
  }
  return options;
}

/** The statement as CockroachDB shows it in the list of jobs: the table with all its names, URLs without secrets. */
export function describeImport(
  parsed: ImportStatement,
  table: { readonly database: string; readonly schema: string; readonly table: string },
): string {
  const name = [table.database, table.schema, table.table].map(printedName).join('.');
  const columns = parsed.columns === undefined ? ' ' : `(${parsed.columns.map(printedName).join(', ')}) `;
  const urls = parsed.urls.map((url) => `'${redacted(url).replaceAll("'", "''")}'`);
  const options = [...parsed.options].map(([option, value]) =>
    value === undefined ? option : `${option} = '${value.replaceAll("'", "''")}'`,
  );
  const suffix = options.length === 0 ? '' : ` WITH OPTIONS (${options.join(', ')})`;
  return `IMPORT INTO ${name}${columns}${parsed.format} DATA (${urls.join(', ')})${suffix}`;
}

/** Quoted only where it must be. */
function printedName(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
