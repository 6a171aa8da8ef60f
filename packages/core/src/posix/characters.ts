import type { PatternReader } from './pattern-reader.js';

/**
 * What may stand inside a JavaScript character class (flag `v`) for each POSIX class.
 *
 * Beyond ASCII PostgreSQL's answer depends on the collation. The one meant here is that of its built-in provider
 * (`C.UTF-8`, `pg_c_utf8`), which is Unicode's and the same on every platform.
 */
const classMembers = {
  alnum: '\\p{Alphabetic}0-9',
  alpha: '\\p{Alphabetic}',
  ascii: '\\u{0}-\\u{7f}',
  blank: '\\u{20}\\t',
  cntrl: '\\u{0}-\\u{1f}\\u{7f}-\\u{9f}',
  digit: '0-9',
  graph: '[^\\p{Cc}\\p{Cs}\\p{Cn}\\p{White_Space}]',
  lower: '\\p{Lowercase}',
  print: '[^\\p{Cc}\\p{Cs}\\p{Cn}\\p{White_Space}]\\p{Zs}',
  punct: '[[\\p{P}\\p{S}]--\\p{Alphabetic}]',
  space: '\\p{White_Space}',
  upper: '\\p{Uppercase}',
  word: '\\p{Alphabetic}0-9_',
  xdigit: '0-9A-Fa-f',
} as const;

export type ClassName = keyof typeof classMembers;

/** A character that belongs to a word: for `\m`, `\M`, `\y` and `\Y`. */
export const wordCharacter = `[${classMembers.word}]`;

export function isClassName(name: string): name is ClassName {
  return Object.hasOwn(classMembers, name);
}

/** Members of a POSIX class, to be put between the brackets of a JavaScript class. */
export function membersOf(name: ClassName, ignoreCase: boolean): string {
  return classMembers[ignoreCase && (name === 'lower' || name === 'upper') ? 'alpha' : name];
}

/** One character as JavaScript source that means itself inside and outside of brackets. */
export function literal(character: string): string {
  return /^[A-Za-z0-9]$/.test(character) ? character : `\\u{${codeOf(character).toString(16)}}`;
}

/** One character of the pattern as JavaScript source. */
export function characterSource(reader: PatternReader, character: string, ignoreCase: boolean): string {
  if (!ignoreCase) return literal(character);
  const variants = caseVariants(reader, character);
  return variants.length === 1 ? literal(variants[0] ?? character) : `[${variants.map(literal).join('')}]`;
}

/** The characters from `first` to `last`, to be put between brackets. */
export function rangeMembers(reader: PatternReader, first: string, last: string, ignoreCase: boolean): string {
  const [from, to] = [codeOf(first), codeOf(last)];
  if (from > to) {
    throw reader.invalid(`the range ${first}-${last} is empty`, 'Write the lower character first.');
  }
  const range = from === to ? literal(first) : `${literal(first)}-${literal(last)}`;
  if (!ignoreCase) return range;
  const outside = new Set<string>();
  for (let code = from; code <= to; code++) {
    for (const variant of caseVariants(reader, String.fromCodePoint(code))) {
      if (codeOf(variant) < from || codeOf(variant) > to) outside.add(variant);
    }
  }
  return range + [...outside].map(literal).join('');
}

/**
 * Lower and upper case as PostgreSQL's regular expressions see them: one character each. JavaScript's `i` flag folds
 * more (K, the sign for kelvin, matches k).
 */
function caseVariants(reader: PatternReader, character: string): string[] {
  const code = codeOf(character);
  if (code === 0x130 || (code >= 0x1f80 && code <= 0x1ffc)) {
    throw reader.unsupported(
      `the character ${character} without regard to case`,
      'Leave out the option i, or write the characters that you mean between [ and ].',
    );
  }
  // Where upper case takes several letters (ß), PostgreSQL leaves the character as it is.
  const single = (mapped: string): string => (Array.from(mapped).length === 1 ? mapped : character);
  return [...new Set([single(character.toLowerCase()), single(character.toUpperCase())])];
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
