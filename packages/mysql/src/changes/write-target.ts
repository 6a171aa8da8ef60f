import { qualifiersOf } from './statement-tokens.js';
import type { Token } from './statement-tokens.js';

/** A table as a statement names it. */
export interface NamedTable {
  readonly database: string;
  readonly table: string;
}

/** Stands in names of a statement that is in another character set than Unicode's. */
export const unreadable = '\ufffd';

/** What may stand between a verb and the table: reserved words all of them, which no table is called without quotes. */
const modifiers: ReadonlySet<string> = new Set(['LOW_PRIORITY', 'DELAYED', 'HIGH_PRIORITY', 'IGNORE', 'INTO', 'QUICK', 'FROM']); // prettier-ignore

/** What comes behind the one table of a statement. More tables come behind a comma, a dot, a JOIN or USING. */
const following: Readonly<Record<string, ReadonlySet<string>>> = {
  INSERT: new Set(['(', 'VALUES', 'VALUE', 'SELECT', 'SET', 'WITH', 'TABLE']),
  REPLACE: new Set(['(', 'VALUES', 'VALUE', 'SELECT', 'SET', 'WITH', 'TABLE']),
  UPDATE: new Set(['SET']),
  DELETE: new Set(['', 'WHERE', 'ORDER', 'LIMIT', 'RETURNING']),
};

/**
 * The table that a statement writes to, itself: triggers and functions aside, none of the others that it names. Undefined where
 * that is not sure, as in statements about several tables.
 *
 * @param database the session's own
 */
export function writeTarget(tokens: readonly Token[], database: string): NamedTable | undefined {
  const expected = following[wordOf(tokens[0])];
  if (expected === undefined) return undefined;
  let at = 1;
  while (modifiers.has(wordOf(tokens[at]))) at += 1;
  const isQualified = wordOf(tokens[at + 1]) === '.';
  const [first, second] = [tokens[at]?.text ?? '', tokens[at + 2]?.text ?? ''];
  at = behindAlias(tokens, at + (isQualified ? 3 : 1), expected);
  if (!expected.has(wordOf(tokens[at]))) return undefined;
  const found = isQualified ? { database: first, table: second } : { database, table: first };
  return isReadable(found.database) && isReadable(found.table) ? found : undefined;
}

/**
 * The databases that a statement writes to, or the statements of a program: its own where it names none, those whose routines it
 * calls, and where it is not sure what it writes to, all that it names. Databases that are only read are not among them.
 *
 * @param database where names without one are
 */
export function writtenDatabases(tokens: readonly Token[], database: string): string[] {
  return tokens.flatMap((token, at) => {
    if (following[wordOf(token)] === undefined) return isCalled(tokens, at) ? [token.text] : [];
    const end = tokens.findIndex(({ text, quoted }, place) => place > at && text === ';' && !quoted);
    const statement = tokens.slice(at, end < 0 ? undefined : end);
    const target = writeTarget(statement, database);
    return target === undefined ? qualifiersOf(statement) : [target.database];
  });
}

/** Whether a routine follows, or a table before its columns: `a.f(`, `CALL a.p`. */
function isCalled(tokens: readonly Token[], at: number): boolean {
  if (wordOf(tokens[at + 1]) !== '.') return false;
  return wordOf(tokens[at + 3]) === '(' || wordOf(tokens[at - 1]) === 'CALL';
}

/** In upper case; empty behind the end. A quoted name is no word, and not the end either. */
function wordOf(token: Token | undefined): string {
  if (token?.quoted === true) return '`';
  return token?.text.toUpperCase() ?? '';
}

/** INSERT and REPLACE have aliases elsewhere. */
function behindAlias(tokens: readonly Token[], start: number, expected: ReadonlySet<string>): number {
  if (expected.has('(') || expected.has(wordOf(tokens[start]))) return start;
  const at = wordOf(tokens[start]) === 'AS' ? start + 1 : start;
  return /^[`\p{L}_]/u.test(wordOf(tokens[at])) ? at + 1 : at;
}

function isReadable(name: string): boolean {
  return name !== '' && !name.includes(unreadable);
}
