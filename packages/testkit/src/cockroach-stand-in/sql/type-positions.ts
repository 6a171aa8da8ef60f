import { afterName, closingIndex, findWords, isName, startsWith, textAt, wordAt } from './statement.js';
import type { Statement } from './statement.js';

/** Where a type's name is expected. Only columns of a table can be `SERIAL`. */
export interface TypePosition {
  /** The index of the token that begins the name. */
  readonly index: number;
  readonly inColumn: boolean;
}

/** What begins an element of CREATE TABLE that is no column. */
const tableElements: ReadonlySet<string> = new Set([
  'constraint',
  'primary',
  'unique',
  'check',
  'foreign',
  'index',
  'inverted',
  'family',
  'like',
  'exclude',
]);

/** Every place where a statement names a type: after `::`, in CAST, before a literal, in column definitions. */
export function typePositions(statement: Statement): readonly TypePosition[] {
  const inColumn = [...tableColumns(statement), ...alteredColumns(statement)];
  const elsewhere = [...casts(statement), ...typedLiterals(statement), ...recordColumns(statement)];
  return [
    ...inColumn.map((index) => ({ index, inColumn: true })),
    ...elsewhere.filter((index) => !inColumn.includes(index)).map((index) => ({ index, inColumn: false })),
  ];
}

function casts(statement: Statement): readonly number[] {
  return statement.tokens.flatMap((token, index) => {
    if (token.text === '::' || token.text === ':::') return [index + 1];
    if (token.word !== 'cast' || textAt(statement, index + 1) !== '(') return [];
    const found = statement.tokens.findIndex(
      (inner, at) => at > index && inner.word === 'as' && inner.depth === token.depth + 1,
    );
    return found < 0 ? [] : [found + 1];
  });
}

/** `BYTES '\x00'` */
function typedLiterals(statement: Statement): readonly number[] {
  return statement.tokens.flatMap((token, index) =>
    token.word !== '' && statement.tokens[index + 1]?.kind === 'string' ? [index] : [],
  );
}

/** `json_to_record(...) AS x (a INT, b STRING)` */
function recordColumns(statement: Statement): readonly number[] {
  return statement.tokens.flatMap((token, index) =>
    token.word === 'as' && textAt(statement, index - 1) === ')' && textAt(statement, index + 2) === '('
      ? columnTypes(statement, index + 2)
      : [],
  );
}

function tableColumns(statement: Statement): readonly number[] {
  if (!startsWith(statement, 'create')) return [];
  const composite = wordAt(statement, 1) === 'type' ? findWords(statement, ['as']) + 1 : 0;
  const open = composite > 0 ? composite : definitionList(statement);
  return open > 0 && textAt(statement, open) === '(' ? columnTypes(statement, open) : [];
}

/** The index of the parenthesis after `CREATE [...] TABLE [IF NOT EXISTS] name`. */
function definitionList(statement: Statement): number {
  const table = findWords(statement, ['table']);
  if (table < 1 || table > 4) return 0;
  return afterName(statement, wordAt(statement, table + 1) === 'if' ? table + 4 : table + 1);
}

/** In a list of `name type ...` elements, the places of the types. */
function columnTypes(statement: Statement, open: number): readonly number[] {
  const depth = (statement.tokens[open]?.depth ?? 0) + 1;
  const places: number[] = [];
  for (let at = open; at < closingIndex(statement, open); at++) {
    const begins = at === open || (textAt(statement, at) === ',' && statement.tokens[at]?.depth === depth);
    if (!begins || !isName(statement.tokens[at + 1]) || tableElements.has(wordAt(statement, at + 1)))
      continue;
    if (isName(statement.tokens[at + 2])) places.push(at + 2);
  }
  return places;
}

/** `ALTER TABLE t ADD [COLUMN] [IF NOT EXISTS] c type` and `ALTER [COLUMN] c [SET DATA] TYPE type` */
function alteredColumns(statement: Statement): readonly number[] {
  if (!startsWith(statement, 'alter', 'table')) return [];
  return statement.tokens.flatMap((token, index) => {
    if (token.depth > 0 || index === 0) return [];
    if (token.word === 'type') return [index + 1];
    return token.word === 'add' ? addedColumn(statement, index) : [];
  });
}

function addedColumn(statement: Statement, add: number): readonly number[] {
  let at = add + 1;
  if (wordAt(statement, at) === 'column') at++;
  if (wordAt(statement, at) === 'if') at += 3;
  return isName(statement.tokens[at]) && !tableElements.has(wordAt(statement, at)) ? [at + 1] : [];
}
