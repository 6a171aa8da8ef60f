/** A word, a quoted name or one character of a statement. */
export interface Token {
  readonly text: string;
  /** Quoted: the name without its quotes. */
  readonly quoted: boolean;
}

/** Comments that are code for some servers are code: what they hold is read. The others are spaces. */
const versionComment = /\/\*M?!\d*((?:[^*]|\*(?!\/))*)\*\//g;

const pattern =
  /(?<space>\s+|#[^\n]*|--(?=\s|$)[^\n]*|\/\*[^]*?\*\/)|(?<string>'(?:\\[^]|''|[^'\\])*')|`(?<ticked>(?:``|[^`])*)`|"(?<double>(?:\\[^]|""|[^"\\])*)"|(?<word>[\p{L}\p{N}_$\u0080-\u{10FFFF}]+)|(?<other>[^])/gu;

/**
 * The tokens of a statement as the binary log has it, without white space, comments and strings. What is in double quotes
 * is a string or a name, as the session's sql_mode has it, which is not known: it is taken for a name.
 */
export function tokensOf(statement: string): Token[] {
  const tokens: Token[] = [];
  for (const { groups } of statement.replaceAll(versionComment, ' $1 ').matchAll(pattern)) {
    const { ticked, double, word, other, string } = groups ?? {};
    if (ticked !== undefined) tokens.push({ text: ticked.replaceAll('``', '`'), quoted: true });
    else if (double !== undefined) tokens.push({ text: double.replaceAll('""', '"'), quoted: true });
    else if (string !== undefined) tokens.push({ text: "''", quoted: false });
    else if (word !== undefined) tokens.push({ text: word, quoted: false });
    else if (other !== undefined) tokens.push({ text: other, quoted: false });
  }
  return tokens;
}

/** What stands before a dot. */
export function qualifiersOf(tokens: readonly Token[]): string[] {
  return tokens
    .filter((_, at) => tokens[at + 1]?.text === '.' && tokens[at + 1]?.quoted === false)
    .map(({ text }) => text);
}
