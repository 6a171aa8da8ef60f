import type { PatternReader } from './pattern-reader.js';

/**
 * A set of characters as JavaScript source (flag `u`): `inside` stands between brackets, `alone` matches one character by
 * itself. The flag `v` could nest them, but V8's compiler for it gives wrong answers next to a lookahead.
 */
export type CharacterSet = { readonly inside: string } | { readonly alone: string };

/**
 * The POSIX classes.
 *
 * Beyond ASCII PostgreSQL's answer depends on the collation. The one meant here is that of its built-in provider
 * (`C.UTF-8`, `pg_c_utf8`), which is Unicode's and the same on every platform.
 */
const classes = {
  alnum: { inside: '\\p{Alphabetic}0-9' },
  alpha: { inside: '\\p{Alphabetic}' },
  ascii: { inside: '\\u{0}-\\u{7f}' },
  blank: { inside: '\\u{20}\\t' },
  cntrl: { inside: '\\u{0}-\\u{1f}\\u{7f}-\\u{9f}' },
  digit: { inside: '0-9' },
  graph: { alone: '[^\\p{Cc}\\p{Cs}\\p{Cn}\\p{White_Space}]' },
  lower: { inside: '\\p{Lowercase}' },
  print: { alone: '[^\\p{Cc}\\p{Cs}\\p{Cn}\\p{Zl}\\p{Zp}]' },
  punct: { alone: '(?!\\p{Alphabetic})[\\p{P}\\p{S}]' },
  space: { inside: '\\p{White_Space}' },
  upper: { inside: '\\p{Uppercase}' },
  word: { inside: '\\p{Alphabetic}0-9_' },
  xdigit: { inside: '0-9A-Fa-f' },
} as const satisfies Record<string, CharacterSet>;

export type ClassName = keyof typeof classes;

/** A character that belongs to a word: for `\m`, `\M`, `\y` and `\Y`. */
export const wordCharacter = `[${classes.word.inside}]`;

export function isClassName(name: string): name is ClassName {
  return Object.hasOwn(classes, name);
}

/** The characters of a POSIX class. */
export function classSet(name: ClassName, ignoreCase: boolean): CharacterSet {
  return classes[ignoreCase && (name === 'lower' || name === 'upper') ? 'alpha' : name];
}

/** The classes that have an escape: `\d \s \w`, and with capitals all characters but those. */
export function escapeSet(name: 'digit' | 'space' | 'word', negated: boolean): CharacterSet {
  const { inside } = classes[name];
  return negated ? { alone: `[^${inside}]` } : { inside };
}

/** One character that any of the sets holds, or none of them if `negated`. */
export function unionSource(sets: readonly CharacterSet[], negated: boolean): string {
  const inside = sets.map((set) => ('inside' in set ? set.inside : '')).join('');
  const alone = sets.flatMap((set) => ('alone' in set ? [set.alone] : []));
  if (negated) return alone.length === 0 ? `[^${inside}]` : `(?:(?!${alone.join('|')})[^${inside}])`;
  return alone.length === 0 ? `[${inside}]` : `(?:[${inside}]|${alone.join('|')})`;
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

/** A range as the pattern gives it; `at` is its place there. */
export interface CharacterRange {
  readonly first: string;
  readonly last: string;
  readonly at: number;
}

/** The characters of a range. */
export function rangeSet(reader: PatternReader, range: CharacterRange, ignoreCase: boolean): CharacterSet {
  const [first, last] = [codeOf(range.first), codeOf(range.last)];
  if (first > last) {
    throw reader.invalid(
      `the range ${range.first}-${range.last} is empty`,
      'Write the lower character first.',
      range.at,
    );
  }
  const source = first === last ? literal(range.first) : `${literal(range.first)}-${literal(range.last)}`;
  if (!ignoreCase) return { inside: source };
  const outside = new Set<string>();
  for (let code = first; code <= last; code++) {
    for (const variant of caseVariants(reader, String.fromCodePoint(code))) {
      if (codeOf(variant) < first || codeOf(variant) > last) outside.add(variant);
    }
  }
  return { inside: source + [...outside].map(literal).join('') };
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
