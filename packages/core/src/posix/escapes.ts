import { wordCharacter } from './characters.js';
import type { PatternReader } from './pattern-reader.js';

type EscapedClass = 'digit' | 'space' | 'word';

/** What an escape stands for. */
export type Escape =
  | { readonly kind: 'character'; readonly character: string }
  | { readonly kind: 'class'; readonly name: EscapedClass; readonly negated: boolean }
  /** Matches at places, not characters: `source` is JavaScript. */
  | { readonly kind: 'constraint'; readonly source: string }
  | { readonly kind: 'back-reference'; readonly group: number };

const controlCharacters: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  // Not a constraint as in other dialects: "synonym for backslash to help reduce the need for backslash doubling".
  B: '\\',
  e: '\u001b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

const classes: Readonly<Record<string, EscapedClass>> = { d: 'digit', s: 'space', w: 'word' };

const wordStart = `(?<!${wordCharacter})(?=${wordCharacter})`;
const wordEnd = `(?<=${wordCharacter})(?!${wordCharacter})`;

const constraints: Readonly<Record<string, string>> = {
  A: '^',
  Z: '$',
  m: wordStart,
  M: wordEnd,
  y: `(?:${wordStart}|${wordEnd})`,
  Y: `(?:(?<=${wordCharacter})(?=${wordCharacter})|(?<!${wordCharacter})(?!${wordCharacter}))`,
};

/** `[[:<:]]` and `[[:>:]]`. */
export const wordBoundaries = { '[[:<:]]': wordStart, '[[:>:]]': wordEnd } as const;

/**
 * Takes what follows a backslash.
 *
 * @param groups how many capturing groups were opened so far: it decides whether `\12` is a reference or octal
 */
export function readEscape(reader: PatternReader, groups: number): Escape {
  if (reader.atEnd) {
    throw reader.invalid('the pattern ends with a backslash', 'Write \\\\ to mean a backslash.');
  }
  const letter = reader.take();
  if (!/^[A-Za-z0-9]$/.test(letter)) return { kind: 'character', character: letter };
  if (/^[0-9]$/.test(letter)) return readNumber(reader, letter, groups);
  return simpleEscape(letter) ?? readCharacterCode(reader, letter);
}

function simpleEscape(letter: string): Escape | undefined {
  const character = controlCharacters[letter];
  if (character !== undefined) return { kind: 'character', character };
  const source = constraints[letter];
  if (source !== undefined) return { kind: 'constraint', source };
  const name = classes[letter.toLowerCase()];
  return name === undefined ? undefined : { kind: 'class', name, negated: letter !== letter.toLowerCase() };
}

function readCharacterCode(reader: PatternReader, letter: string): Escape {
  switch (letter) {
    case 'c':
      return readControl(reader);
    case 'u':
      return readHexadecimal(reader, 4, 4);
    case 'U':
      return readHexadecimal(reader, 8, 8);
    case 'x':
      return readHexadecimal(reader, 1, 255);
    default:
      throw reader.invalid(
        `there is no escape \\${letter}`,
        `Write ${letter} without the backslash to mean the letter.`,
        reader.position - 2,
      );
  }
}

function readControl(reader: PatternReader): Escape {
  if (reader.atEnd) throw reader.invalid('\\c needs a character', 'Write for example \\cI for a tab.');
  const code = reader.take().codePointAt(0) ?? 0;
  return { kind: 'character', character: String.fromCodePoint(code & 0x1f) };
}

function readHexadecimal(reader: PatternReader, least: number, most: number): Escape {
  const start = reader.position;
  const digits = reader.takeWhile((character) => /^[0-9A-Fa-f]$/.test(character), most);
  if (digits.length < least) {
    throw reader.invalid(
      `the escape needs ${least} hexadecimal digit${least === 1 ? '' : 's'}`,
      'Write for example \\u00e9 for é.',
      start,
    );
  }
  const code = BigInt(`0x${digits}`);
  if (code > 0x10ffffn) {
    throw reader.unsupported(
      `a character beyond Unicode (${digits})`,
      'The highest character is 10ffff; \\x takes all hexadecimal digits that follow.',
      start,
    );
  }
  return { kind: 'character', character: String.fromCodePoint(Number(code)) };
}

/** Back-reference or octal: one digit, or a number up to the count of groups so far, is a reference. */
function readNumber(reader: PatternReader, first: string, groups: number): Escape {
  const start = reader.position - 1;
  if (first !== '0') {
    reader.position = start;
    const digits = reader.takeWhile((character) => /^[0-9]$/.test(character));
    const group = Number(digits);
    if (digits.length === 1 || group <= groups) return { kind: 'back-reference', group };
  }
  reader.position = start;
  const octal = reader.takeWhile((character) => /^[0-7]$/.test(character), 3);
  if (octal === '') {
    throw reader.invalid(
      'the escape is neither a back-reference nor octal',
      'Octal digits are 0 to 7.',
      start,
    );
  }
  if (Number.parseInt(octal, 8) <= 0xff) {
    return { kind: 'character', character: String.fromCodePoint(Number.parseInt(octal, 8)) };
  }
  reader.position--;
  return { kind: 'character', character: String.fromCodePoint(Number.parseInt(octal.slice(0, 2), 8)) };
}
