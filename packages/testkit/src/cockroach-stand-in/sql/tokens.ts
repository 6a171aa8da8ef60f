/** What a token is. `word` is an unquoted identifier or keyword; comments and white space are no tokens. */
export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'parameter' | 'symbol';

export interface Token {
  readonly kind: TokenKind;
  /** As written. */
  readonly text: string;
  /** The text of a `word` in lower case, otherwise empty: so that a quoted identifier or a string never looks like a keyword. */
  readonly word: string;
  readonly start: number;
  readonly end: number;
  /** How many parentheses and brackets are open around it; both ends of a pair count as outside. */
  readonly depth: number;
}

const blank = /[ \t\r\n\f\v]/;
const wordStart = /[A-Za-z_\u0080-\uffff]/;
const wordPattern = /[A-Za-z0-9_$\u0080-\uffff]*/y;
const numberPattern = /(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const parameterPattern = /\$\d+/y;
const stringPrefix = /^(?:e|b|x|n)$/i;

interface Lexeme {
  readonly kind: TokenKind;
  readonly end: number;
}

/**
 * Cuts SQL into tokens as CockroachDB and PostgreSQL both do: strings with doubled quotes, `e'...'` escapes,
 * dollar quotes, quoted identifiers, nested comments. Text that is cut off in the middle ends the last token.
 */
export function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  let at = skipBlank(sql, 0);
  while (at < sql.length) {
    const { kind, end } = lexemeAt(sql, at);
    const text = sql.slice(at, end);
    const symbol = kind === 'symbol' ? text : '';
    if ((symbol === ')' || symbol === ']') && depth > 0) depth--;
    tokens.push({ kind, text, word: kind === 'word' ? text.toLowerCase() : '', start: at, end, depth });
    if (symbol === '(' || symbol === '[') depth++;
    at = skipBlank(sql, end);
  }
  return tokens;
}

function lexemeAt(sql: string, at: number): Lexeme {
  const character = sql.charAt(at);
  if (character === "'") return { kind: 'string', end: afterString(sql, at, false) };
  if (character === '"') return { kind: 'quoted', end: afterQuote(sql, at, '"') };
  if (character === '$') return dollarLexeme(sql, at);
  if (wordStart.test(character)) return wordLexeme(sql, at);
  if (/[0-9]/.test(character) || (character === '.' && /[0-9]/.test(sql.charAt(at + 1)))) {
    return { kind: 'number', end: afterPattern(numberPattern, sql, at) };
  }
  if (sql.startsWith(':::', at)) return { kind: 'symbol', end: at + 3 };
  if (sql.startsWith('::', at)) return { kind: 'symbol', end: at + 2 };
  return { kind: 'symbol', end: at + 1 };
}

function wordLexeme(sql: string, at: number): Lexeme {
  const end = afterPattern(wordPattern, sql, at);
  const word = sql.slice(at, end);
  if (sql.charAt(end) === "'" && stringPrefix.test(word)) {
    return { kind: 'string', end: afterString(sql, end, word.toLowerCase() === 'e') };
  }
  return { kind: 'word', end };
}

function dollarLexeme(sql: string, at: number): Lexeme {
  const parameterEnd = afterPattern(parameterPattern, sql, at);
  if (parameterEnd > at) return { kind: 'parameter', end: parameterEnd };
  const tagEnd = afterPattern(dollarTag, sql, at);
  if (tagEnd === at) return { kind: 'symbol', end: at + 1 };
  const tag = sql.slice(at, tagEnd);
  const close = sql.indexOf(tag, tagEnd);
  return { kind: 'string', end: close < 0 ? sql.length : close + tag.length };
}

function afterPattern(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : at;
}

function afterString(sql: string, quoteAt: number, escapes: boolean): number {
  if (!escapes) return afterQuote(sql, quoteAt, "'");
  for (let at = quoteAt + 1; at < sql.length; at++) {
    if (sql[at] === '\\') at++;
    else if (sql[at] === "'" && sql[at + 1] === "'") at++;
    else if (sql[at] === "'") return at + 1;
  }
  return sql.length;
}

function afterQuote(sql: string, quoteAt: number, quote: string): number {
  let at = quoteAt + 1;
  for (;;) {
    const close = sql.indexOf(quote, at);
    if (close < 0) return sql.length;
    if (sql[close + 1] !== quote) return close + 1;
    at = close + 2;
  }
}

function skipBlank(sql: string, from: number): number {
  let at = from;
  while (at < sql.length) {
    if (blank.test(sql.charAt(at))) at++;
    else if (sql.startsWith('--', at)) at = afterLine(sql, at);
    else if (sql.startsWith('/*', at)) at = afterBlockComment(sql, at);
    else break;
  }
  return at;
}

function afterLine(sql: string, at: number): number {
  const end = sql.indexOf('\n', at);
  return end < 0 ? sql.length : end + 1;
}

function afterBlockComment(sql: string, from: number): number {
  let nesting = 0;
  for (let at = from; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) nesting++;
    else if (sql.startsWith('*/', at) && --nesting === 0) return at + 2;
    else continue;
    at++;
  }
  return sql.length;
}
