import type { Token } from './tokens.js';

/** What a backslash makes of the character after it in `e'...'`. */
const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
]);

/** The value of a string token, plain or `e'...'`; undefined for everything else. */
export function textOfLiteral(token: Token | undefined): string | undefined {
  if (token?.kind !== 'string') return undefined;
  if (token.text.startsWith("'")) return token.text.slice(1, -1).replaceAll("''", "'");
  if (!/^e'/i.test(token.text)) return undefined;
  return token.text
    .slice(2, -1)
    .replaceAll(/\\(.)|''/gs, (_match, escaped?: string) =>
      escaped === undefined ? "'" : (escapes.get(escaped) ?? escaped),
    );
}
