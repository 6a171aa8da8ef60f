/*
 * PostgreSQL's array literals, as scripts see them: lists of strings, nulls and lists.
 * https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */

type ArrayItem = string | null | ArrayItem[];

/** Lists that came from a literal: they are written as one, in whatever column they end. */
const fromLiterals = new WeakSet<object>();

const item = /"((?:[^"\\]|\\[\s\S])*)"|((?:[^",{}\\]|\\[\s\S])+)|([{},])/gy;

/** The list, or the text itself where it is none that we can read (bounds that do not start at 1). */
export function readArray(text: string): unknown {
  const open: ArrayItem[][] = [];
  item.lastIndex = 0;
  while (item.lastIndex < text.length) {
    const match = item.exec(text);
    if (match === null) return text;
    const [, quoted, bare, mark] = match;
    const current = open.at(-1);
    if (mark === '{') {
      const list: ArrayItem[] = [];
      fromLiterals.add(list);
      current?.push(list);
      open.push(list);
    } else if (current === undefined) return text;
    else if (mark === '}') {
      if (open.length === 1) return item.lastIndex === text.length ? current : text;
      open.pop();
    } else if (quoted !== undefined) current.push(unescape(quoted));
    else if (bare !== undefined) current.push(/^null$/i.test(bare) ? null : unescape(bare.trim()));
  }
  return text;
}

export function isFromLiteral(list: object): boolean {
  return fromLiterals.has(list);
}

/** @param write how one item that is neither null nor a list is written */
export function writeArray(list: readonly unknown[], write: (value: unknown) => string | null): string {
  const parts = list.map((value) => {
    if (Array.isArray(value)) return writeArray(value, write);
    const text = value === null || value === undefined ? null : write(value);
    return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  });
  return `{${parts.join(',')}}`;
}

function unescape(text: string): string {
  return text.replaceAll(/\\([\s\S])/g, '$1');
}
