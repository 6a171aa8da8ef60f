import { isClassName, membersOf, rangeMembers } from './characters.js';
import { readEscape } from './escapes.js';
import type { PatternOptions } from './options.js';
import type { PatternReader } from './pattern-reader.js';

/** One item of a bracket expression: a character that may start or end a range, or a finished set. */
type Item = { readonly character: string } | { readonly members: string };

const hyphenAdvice = 'Write - first or last between the brackets, or as \\-, to mean the character.';

/**
 * Takes a bracket expression whose `[` was taken, and gives the JavaScript class.
 *
 * @param groups as for `readEscape`
 */
export function readBracket(reader: PatternReader, options: PatternOptions, groups: number): string {
  const start = reader.position - 1;
  const negated = reader.eat('^');
  const first = reader.position;
  let members = '';
  while (reader.position === first || reader.peek() !== ']') {
    if (reader.atEnd) throw unclosed(reader, start);
    members += readMembers(reader, options, groups, first);
  }
  reader.take();
  if (!negated) return `[${members}]`;
  return `[^${members}${options.newlineStops ? '\\n' : ''}]`;
}

function readMembers(reader: PatternReader, options: PatternOptions, groups: number, first: number): string {
  if (isRangeHyphen(reader, first)) throw reader.invalid('the hyphen follows no character', hyphenAdvice);
  const from = readItem(reader, options, groups);
  if ('members' in from) return from.members;
  if (!isRangeHyphen(reader, first)) {
    return rangeMembers(reader, from.character, from.character, options.ignoreCase);
  }
  const hyphen = reader.position;
  reader.take();
  if (reader.atEnd) throw unclosed(reader, hyphen);
  const to = readItem(reader, options, groups);
  if ('members' in to) throw reader.invalid('a range cannot end in a class', hyphenAdvice, hyphen);
  return rangeMembers(reader, from.character, to.character, options.ignoreCase);
}

function isRangeHyphen(reader: PatternReader, first: number): boolean {
  return reader.peek() === '-' && reader.peek(1) !== ']' && reader.position !== first;
}

function readItem(reader: PatternReader, options: PatternOptions, groups: number): Item {
  if (reader.eat('\\')) return readEscapeItem(reader, options, groups);
  for (const mark of ['.', '=', ':']) {
    if (reader.eat(`[${mark}`)) return readNamed(reader, mark, options);
  }
  return { character: reader.take() };
}

function readEscapeItem(reader: PatternReader, options: PatternOptions, groups: number): Item {
  const start = reader.position - 1;
  const escape = readEscape(reader, groups);
  switch (escape.kind) {
    case 'character':
      return { character: escape.character };
    case 'class': {
      const members = membersOf(escape.name, options.ignoreCase);
      return { members: escape.negated ? `[^${members}]` : members };
    }
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
  if (mark === ':') return { members: classMembersOf(reader, name, options, start) };
  if (name === '') throw reader.invalid('there is nothing between the marks', 'Write [.x.] or [=x=].', start);
  if (Array.from(name).length > 1) {
    throw reader.unsupported(
      `collating elements by name (${name})`,
      'Write the character itself, or its code as \\u002e.',
      start,
    );
  }
  // No collation of PostgreSQL defines equivalent characters: [=x=] is x, but it cannot start a range.
  return mark === '=' ? { members: rangeMembers(reader, name, name, options.ignoreCase) } : { character: name };
}

function classMembersOf(reader: PatternReader, name: string, options: PatternOptions, start: number): string {
  if (isClassName(name)) return membersOf(name, options.ignoreCase);
  throw reader.invalid(
    `there is no character class [:${name}:]`,
    'The classes are alnum, alpha, ascii, blank, cntrl, digit, graph, lower, print, punct, space, upper, word, xdigit.',
    start,
  );
}

function unclosed(reader: PatternReader, start: number): Error {
  return reader.invalid('the bracket is not closed', 'Add ], or write \\[ to mean the character.', start);
}
