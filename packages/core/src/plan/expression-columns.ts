import type { Column } from '../schema.js';

/**
 * The tokens that matter in a condition, of whatever dialect: comments and strings (which hide words), quoted
 * identifiers, words. The rest is punctuation, one character at a time. A dollar-quoted string is PostgreSQL's.
 */
const token =
  /(?<hidden>--[^\n]*|\/\*[^]*?\*\/|(?<tag>\$(?:[A-Za-z_]\w*)?\$)[^]*?\k<tag>|[eE]'(?:\\[^]|''|[^'\\])*'|'(?:''|[^'])*')|"(?<quoted>(?:""|[^"])+)"|`(?<ticked>(?:``|[^`])+)`|(?<word>[\p{L}_][\p{L}\p{N}_$#]*)|\s+|::|[^]/gu;

interface Word {
  readonly name: string;
  readonly quoted: boolean;
  readonly before: string;
  after: string;
}

/**
 * The columns that a condition names, each once, in the order of their first appearance.
 *
 * Words that stand before `(` (functions), before a string (`date '2024-01-01'`) or after `::` (types) are no columns. An
 * unquoted word is looked up without regard to case, as every engine folds it in its own way.
 */
export function columnsIn(expression: string, columns: readonly Column[]): string[] {
  const found = new Set<string>();
  for (const word of wordsOf(expression)) {
    if (word.before === '::' || word.after === '(' || word.after === '.' || word.after === "'") continue;
    const column =
      columns.find(({ name }) => name === word.name) ??
      (word.quoted ? undefined : columns.find(({ name }) => name.toLowerCase() === word.name.toLowerCase()));
    if (column !== undefined) found.add(column.name);
  }
  return [...found];
}

/** `before` and `after` are the neighbouring tokens (a string is only `'`); white space and comments are none. */
function wordsOf(expression: string): Word[] {
  const words: Word[] = [];
  let previous = '';
  let open: Word | undefined;
  for (const match of expression.matchAll(token)) {
    const [text] = match;
    if (/^(\s|--|\/\*)/.test(text)) continue;
    const hidden = match.groups?.['hidden'] !== undefined;
    const symbol = hidden ? "'" : text;
    if (open !== undefined) open.after = symbol;
    open = hidden ? undefined : wordOf(match.groups ?? {}, previous);
    if (open !== undefined) words.push(open);
    previous = symbol;
  }
  return words;
}

function wordOf(groups: Readonly<Record<string, string | undefined>>, before: string): Word | undefined {
  const { quoted, ticked, word } = groups;
  const name = word ?? quoted?.replaceAll('""', '"') ?? ticked?.replaceAll('``', '`');
  return name === undefined ? undefined : { name, quoted: word === undefined, before, after: '' };
}
