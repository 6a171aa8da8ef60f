import { classSet, escapeSet, isClassName, rangeSet, unionSource } from './characters.js';
import type { CharacterSet } from './characters.js';
import { readEscape } from './escapes.js';
import type { PatternOptions } from './options.js';
import type { PatternReader } from './pattern-reader.js';

/** One item of a bracket expression: a character that may start or end a range, or a finished set. */
type Item = { readonly character: string } | { readonly set: CharacterSet };

const hyphenAdvice = 'Write - first or last between the brackets, or as \\-, to mean the character.';

/**
 * Takes a bracket expression whose `[` was taken, and gives the JavaScript source that matches one of its characters.
 *
 * @param groups as for `readEscape`
 */
export function readBracket(reader: PatternReader, options: PatternOptions, groups: number): string {
  const start = reader.position - 1;
  const negated = reader.eat('^');
  const first = reader.position;
  const sets: CharacterSet[] = negated && options.newlineStops ? [{ inside: '\\n' }] : [];
  while (reader.position === first || reader.peek() !== ']') {
    if (reader.atEnd) throw unclosed(reader, start);
    sets.push(readSet(reader, options, groups, first));
  }
  reader.take();
  return unionSource(sets, negated);
}

function readSet(
  reader: PatternReader,
  options: PatternOptions,
  groups: number,
  first: number,
): CharacterSet {
  if (isRangeHyphen(reader, first)) throw reader.invalid('the hyphen follows no character', hyphenAdvice);
  const at = reader.position;
  const from = readItem(reader, options, groups);
  if ('set' in from) return from.set;
  const to = isRangeHyphen(reader, first) ? readRangeEnd(reader, options, groups) : from.character;
  return rangeSet(reader, { first: from.character, last: to, at }, options.ignoreCase);
}

function readRangeEnd(reader: PatternReader, options: PatternOptions, groups: number): string {
  const hyphen = reader.position;
  reader.take();
  if (reader.atEnd) throw unclosed(reader, hyphen);
  const to = readItem(reader, options, groups);
  if ('set' in to) throw reader.invalid('a range cannot end in a class', hyphenAdvice, hyphen);
  return to.character;
}

function isRangeHyphen(reader: PatternReader, first: number): boolean {
  return reader.peek() === '-' && reader.peek(1) !== ']' && reader.position !== first;
}

function readItem(reader: PatternReader, options: PatternOptions, groups: number): Item {
  if (reader.eat('\\')) return readEscapeItem(reader, groups);
  for (const mark of ['.', '=', ':']) {
    if (reader.eat(`[${mark}`)) return readNamed(reader, mark, options);
  }
  return { character: reader.take() };
}

function readEscapeItem(reader: PatternReader, groups: number): Item {
  const start = reader.position - 1;
  const escape = readEscape(reader, groups);
  switch (escape.kind) {
    case 'character':
      return { character: escape.character };
    case 'class':
      return { set: escapeSet(escape.name, escape.negated) };
    case 'constraint':
    case 'back-reference':
      throw reader.invalid(
        'this escape has no meaning between [ and ]',
        'Only escapes that stand for characters or classes may be there.',
        start,
      );
  }
}

/** `[.x.]`, `[=x=]` and `[:class:]`, whose opening two characters were taken. */
function readNamed(reader: PatternReader, mark: string, options: PatternOptions): Item {
  const start = reader.position - 2;
  let name = '';
  while (!reader.eat(`${mark}]`)) {
    if (reader.atEnd) throw unclosed(reader, start);
    name += reader.take();
  }
  if (mark === ':') return { set: classOf(reader, name, options, start) };
  if (name === '') throw reader.invalid('there is nothing between the marks', 'Write [.x.] or [=x=].', start);
  if (Array.from(name).length > 1) {
    throw reader.unsupported(
      `collating elements by name (${name})`,
      'Write the character itself, or its code as \\u002e.',
      start,
    );
  }
  // No collation of PostgreSQL defines equivalent characters: [=x=] is x, but it cannot start a range.
  return mark === '='
    ? { set: rangeSet(reader, { first: name, last: name, at: start }, options.ignoreCase) }
    : { character: name };
}

function classOf(reader: PatternReader, name: string, options: PatternOptions, start: number): CharacterSet {
  if (isClassName(name)) return classSet(name, options.ignoreCase);
  throw reader.invalid(
    `there is no character class [:${name}:]`,
    'The classes are alnum, alpha, ascii, blank, cntrl, digit, graph, lower, print, punct, space, upper, word, xdigit.',
    start,
  );
}

function unclosed(reader: PatternReader, start: number): Error {
  return reader.invalid('the bracket is not closed', 'Add ], or write \\[ to mean the character.', start);
}
