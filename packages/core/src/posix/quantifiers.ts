import type { PatternReader } from './pattern-reader.js';

/** PostgreSQL's DUPMAX. */
const highestBound = 255;

/**
 * Takes a quantifier if one is ahead, and gives the JavaScript one: `''` for none.
 *
 * A `{` that no digit follows is an ordinary character.
 */
export function readQuantifier(reader: PatternReader, expanded: boolean): string {
  const next = reader.peek();
  if (next === '*' || next === '+' || next === '?') return reader.take() + lazyMark(reader);
  if (next !== '{') return '';
  const start = reader.position;
  reader.take();
  if (expanded) skipWhiteSpace(reader);
  if (/^[0-9]$/.test(reader.peek())) return readBound(reader, expanded, start);
  reader.position = start;
  return '';
}

/** White space and comments as the expanded syntax leaves them out. */
export function skipWhiteSpace(reader: PatternReader): void {
  do {
    reader.takeWhile((character) => /^[ \t\n\v\f\r]$/.test(character));
    if (reader.peek() !== '#') return;
    reader.takeWhile((character) => character !== '\n');
  } while (!reader.atEnd);
}

function readBound(reader: PatternReader, expanded: boolean, start: number): string {
  const least = readNumber(reader, expanded);
  let source = `{${least}`;
  if (reader.eat(',')) {
    source += ',';
    const most = readNumber(reader, expanded);
    if (most !== undefined && most < (least ?? 0)) {
      throw reader.invalid('the bound ends before it starts', 'Write the lower number first.', start);
    }
    source += most ?? '';
  }
  if (!reader.eat('}')) {
    throw reader.invalid(
      'the bound is not {m}, {m,} or {m,n}',
      'Correct it, or write \\{ to mean the character.',
      start,
    );
  }
  return `${source}}${lazyMark(reader)}`;
}

function readNumber(reader: PatternReader, expanded: boolean): number | undefined {
  const start = reader.position;
  let digits = '';
  do {
    if (expanded) skipWhiteSpace(reader);
    digits += reader.takeWhile((character) => /^[0-9]$/.test(character));
    if (expanded) skipWhiteSpace(reader);
  } while (/^[0-9]$/.test(reader.peek()));
  if (Number(digits) > highestBound) {
    throw reader.invalid(`a bound is at most ${highestBound}`, 'Use * or + instead.', start);
  }
  return digits === '' ? undefined : Number(digits);
}

/** Whether a name matches does not depend on greed, but the mark belongs to the quantifier. */
function lazyMark(reader: PatternReader): string {
  return reader.eat('?') ? '?' : '';
}
