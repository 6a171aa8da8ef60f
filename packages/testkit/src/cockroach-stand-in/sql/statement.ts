import { tokenize } from './tokens.js';
import type { Token } from './tokens.js';

/** One SQL statement, without the semicolon at its end. */
export interface Statement {
  readonly sql: string;
  readonly tokens: readonly Token[];
}

/** Puts `text` in the place of the characters from `start` to `end`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function parseStatement(sql: string): Statement {
  return { sql, tokens: tokenize(sql) };
}

/** The statements of a query string; empty ones are left out. */
export function splitStatements(sql: string): readonly Statement[] {
  const tokens = tokenize(sql);
  const separators = tokens.filter((token) => token.text === ';' && token.depth === 0);
  if (separators.length === 0) return tokens.length === 0 ? [] : [{ sql, tokens }];
  const ends = [...separators.map((token) => token.start), sql.length];
  const starts = [0, ...separators.map((token) => token.end)];
  return starts
    .map((start, index) => parseStatement(sql.slice(start, ends[index])))
    .filter((statement) => statement.tokens.length > 0);
}

/** The keyword or unquoted identifier at `index` in lower case; empty when there is something else or nothing. */
export function wordAt(statement: Statement, index: number): string {
  return statement.tokens[index]?.word ?? '';
}

export function textAt(statement: Statement, index: number): string {
  return statement.tokens[index]?.text ?? '';
}

/** Whether the words stand at `index`, one after the other. */
export function wordsAt(statement: Statement, index: number, words: readonly string[]): boolean {
  return words.every((word, offset) => wordAt(statement, index + offset) === word);
}

export function startsWith(statement: Statement, ...words: readonly string[]): boolean {
  return wordsAt(statement, 0, words);
}

/** The index of the first place from `from` on where the words stand; -1 when they stand nowhere. */
export function findWords(statement: Statement, words: readonly string[], from = 0): number {
  const first = words[0] ?? '';
  return statement.tokens.findIndex(
    (token, index) => index >= from && token.word === first && wordsAt(statement, index, words),
  );
}

/** The index of the `)` that closes the `(` at `open`; the number of tokens when it is missing. */
export function closingIndex(statement: Statement, open: number): number {
  const depth = statement.tokens[open]?.depth ?? 0;
  const found = statement.tokens.findIndex(
    (token, index) => index > open && token.depth === depth && token.text === ')',
  );
  return found < 0 ? statement.tokens.length : found;
}

/** Whether an identifier stands at `index`. */
export function isName(token: Token | undefined): token is Token {
  return token !== undefined && (token.kind === 'word' || token.kind === 'quoted');
}

/** The index after the dotted name that starts at `index`; `index` itself when there is none. */
export function afterName(statement: Statement, index: number): number {
  if (!isName(statement.tokens[index])) return index;
  let at = index + 1;
  while (textAt(statement, at) === '.' && isName(statement.tokens[at + 1])) at += 2;
  return at;
}

/** The source text from token `from` up to, not including, token `to`. */
export function sourceBetween(statement: Statement, from: number, to: number): string {
  const first = statement.tokens[from];
  const last = statement.tokens[to - 1];
  return first === undefined || last === undefined || to <= from
    ? ''
    : statement.sql.slice(first.start, last.end);
}

export function applyEdits(sql: string, edits: readonly Edit[]): string {
  const ordered = edits.toSorted((a, b) => a.start - b.start);
  let result = '';
  let done = 0;
  for (const edit of ordered) {
    result += sql.slice(done, edit.start) + edit.text;
    done = edit.end;
  }
  return result + sql.slice(done);
}

export function quoteLiteral(value: string): string {
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return value.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The value of a plain string token; undefined for other tokens and for strings with a prefix. */
export function stringValue(token: Token | undefined): string | undefined {
  if (token?.kind !== 'string' || !token.text.startsWith("'")) return undefined;
  return token.text.slice(1, -1).replaceAll("''", "'");
}

/** The name that a token means: folded to lower case unless quoted. */
export function nameValue(token: Token | undefined): string {
  if (token?.kind === 'quoted') return token.text.slice(1, -1).replaceAll('""', '"');
  return token?.word ?? '';
}
