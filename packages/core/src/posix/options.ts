import type { PatternReader } from './pattern-reader.js';

/** How the rest of a pattern is read: PostgreSQL manual, "Regular Expression Metasyntax". */
export interface PatternOptions {
  readonly ignoreCase: boolean;
  /** White space and `#` comments are not part of the pattern. */
  readonly expanded: boolean;
  /** `.` and `[^...]` never match a newline. */
  readonly newlineStops: boolean;
  /** `^` and `$` match at every line. */
  readonly newlineAnchors: boolean;
  /** Every character means itself. */
  readonly quoted: boolean;
}

type Changes = Partial<PatternOptions>;

const letters: Readonly<Record<string, Changes>> = {
  c: { ignoreCase: false },
  i: { ignoreCase: true },
  m: { newlineStops: true, newlineAnchors: true },
  n: { newlineStops: true, newlineAnchors: true },
  p: { newlineStops: true, newlineAnchors: false },
  q: { quoted: true },
  s: { newlineStops: false, newlineAnchors: false },
  t: { expanded: false },
  w: { newlineStops: false, newlineAnchors: true },
  x: { expanded: true },
};

const defaults: PatternOptions = {
  ignoreCase: false,
  expanded: false,
  newlineStops: false,
  newlineAnchors: false,
  quoted: false,
};

/** Takes what may stand before the expression proper: a director (`***:`, `***=`) and embedded options (`(?ix)`). */
export function readOptions(reader: PatternReader): PatternOptions {
  if (reader.eat('***=')) return { ...defaults, quoted: true };
  if (!reader.eat('***:') && reader.sees('***')) {
    throw reader.invalid('*** must be followed by : or =', 'Write \\*\\*\\* to mean three asterisks.');
  }
  if (!reader.sees('(?') || !isLetter(reader.peek(2))) return defaults;
  const options = readLetters(reader);
  // A quoted pattern is one string: PostgreSQL forgets the options that are about syntax.
  return options.quoted ? { ...defaults, quoted: true, ignoreCase: options.ignoreCase } : options;
}

function readLetters(reader: PatternReader): PatternOptions {
  reader.eat('(?');
  let options = defaults;
  while (isLetter(reader.peek())) {
    options = { ...options, ...changesOf(reader) };
    reader.take();
  }
  if (!reader.eat(')')) {
    throw reader.invalid(
      'embedded options must end with )',
      'Write them as (?i), or write (?: for a group that captures nothing.',
    );
  }
  return options;
}

function changesOf(reader: PatternReader): Changes {
  const letter = reader.peek();
  if (letter === 'b' || letter === 'e') {
    throw reader.unsupported(
      `the embedded option ${letter} (another dialect of regular expressions)`,
      'Leave it out and write the pattern as an advanced regular expression.',
    );
  }
  const changes = letters[letter];
  if (changes === undefined) {
    throw reader.invalid(
      `there is no embedded option ${letter}`,
      'The options are c, i, m, n, p, q, s, t, w and x.',
    );
  }
  return changes;
}

function isLetter(character: string): boolean {
  return /^[A-Za-z]$/.test(character);
}
