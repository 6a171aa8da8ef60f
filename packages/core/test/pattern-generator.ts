/** A source of numbers that gives the same ones for the same seed (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to `sides - 1`. */
  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  }

  pick(choices: readonly string[]): string {
    return choices[this.roll(choices.length)] ?? '';
  }

  repeat(most: number, make: () => string): string {
    return Array.from({ length: this.roll(most + 1) }, make).join('');
  }
}

/** Few letters, so that texts match by luck; one of each kind of character that the engines could see differently. */
const letters = [
  'a',
  'a',
  'b',
  'b',
  'c',
  'A',
  'B',
  '_',
  '1',
  '2',
  ' ',
  '-',
  '.',
  '\n',
  'é',
  'É',
  'ß',
  '日',
  '😀',
  'k',
];
const marks = ['{', '}', ']', '-', '=', ':', '<', '!', '/', '#', ',', '"', '~', '&', '@'];
const quantifiers = ['*', '+', '?', '*?', '+?', '??', '{2}', '{1,}', '{0,2}', '{1,2}?', '{2,3}', '{0}'];
const oddQuantifiers = [
  '{3,1}',
  '{,2}',
  '{256}',
  '**',
  '{1,2',
  '{ 2}',
  '{2 }',
  '* ?',
  '{2}{2}',
  '+{',
  '{01}',
  '{1a}',
];
const characterEscapes =
  String.raw`\_ \- \" \. \\ \B \b \e \n \t \v \f \r \a \x61 \x20ac \u0062 \U00000063 \cJ \c*
  \0 \07 \101 \12 \60 \é \{ \] \/ \#`.split(/\s+/);
const classEscapes = String.raw`\d \D \w \W \s \S`.split(' ');
const constraints = String.raw`^ $ \m \M \y \Y \A \Z [[:<:]] [[:>:]]`.split(' ');
const references = String.raw`\1 \1 \1 \2 \3 \10`.split(' ');
const oddEscapes = [
  ...references,
  ...constraints,
  ...String.raw`\q \x \u12 \U0000006 \777 \89 \xffffffff \i`.split(' '),
  '\\',
];
const classNames =
  'alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit'.split(' ');
const classes = classNames.map((name) => `[:${name}:]`);
const ranges = ['a-c', 'A-b', '1-2', '[.-.]', '[.a.]-c', '[=a=]', 'é-日', ' -~', '%--'];
const oddItems = [
  'b-a',
  'a-b-c',
  '--b',
  '-',
  '[',
  '[:nonsense:]',
  '[=b=]-c',
  '[.space.]',
  '[..]',
  '\\d-z',
  'a-\\w',
  '[:<:]',
];
const groups = ['(', '(', '(', '(?:', '(?=', '(?!', '(?<=', '(?<!', '(?#'];
const oddGroups = ['(?i', '(?', '(?<', '(?P<a>', '(?<a>'];
const prefixes = [
  '(?i)',
  '(?i)',
  '(?x)',
  '(?n)',
  '(?s)',
  '(?p)',
  '(?w)',
  '(?q)',
  '(?ix)',
  '***:',
  '***:(?i)',
  '***=',
  '(?iq)',
];
const oddPrefixes = [
  '(?e)',
  '(?b)',
  '***',
  '(?z)',
  '(?i',
  '***?',
  '***:***:',
  '***=(?i)',
  '(?i)(?x)',
  '(?c)',
  '(?im)',
  '(?xt)',
  '(?nw)',
];

export function generateText(dice: Dice): string {
  return dice.repeat(6, () => dice.pick(letters));
}

/** Mostly well-formed, sometimes not: what PostgreSQL refuses has to be refused too. */
export function generatePattern(dice: Dice): string {
  const prefix = dice.roll(6) === 0 ? seldom(dice, prefixes, oddPrefixes) : '';
  const pattern = prefix + alternatives(dice, 3);
  return dice.roll(15) === 0 ? mutilate(dice, pattern) : pattern;
}

/** One of the first list, or once in a while one of the second. */
function seldom(dice: Dice, usual: readonly string[], odd: readonly string[]): string {
  return dice.pick(dice.roll(20) === 0 ? odd : usual);
}

function alternatives(dice: Dice, depth: number): string {
  const branch = (): string => dice.repeat(4, () => piece(dice, depth));
  return branch() + (dice.roll(3) === 0 ? `|${branch()}` : '');
}

function piece(dice: Dice, depth: number): string {
  const kind = dice.roll(30);
  if (kind < 2) return dice.pick(constraints);
  if (kind === 2) return reference(dice, depth);
  if (kind < 6 && depth > 0) return group(dice, depth);
  return atom(dice, kind) + (dice.roll(3) === 0 ? seldom(dice, quantifiers, oddQuantifiers) : '');
}

function atom(dice: Dice, kind: number): string {
  if (kind < 10) return bracket(dice);
  if (kind < 13) return '.';
  if (kind < 16) return seldom(dice, characterEscapes, oddEscapes);
  if (kind < 18) return dice.pick(classEscapes);
  if (kind === 18) return dice.pick(marks);
  return dice.pick(letters);
}

function group(dice: Dice, depth: number): string {
  const opening = seldom(dice, groups, oddGroups);
  const repeatable = opening === '(' || opening === '(?:' || dice.roll(20) === 0;
  const quantifier = repeatable && dice.roll(3) === 0 ? seldom(dice, quantifiers, oddQuantifiers) : '';
  return `${opening}${alternatives(dice, depth - 1)})${quantifier}`;
}

/** A group and a reference that often is to it. */
function reference(dice: Dice, depth: number): string {
  if (depth === 0) return dice.pick(letters);
  const inside = alternatives(dice, depth - 1);
  const between = dice.repeat(2, () => piece(dice, depth - 1));
  return `(${inside})${between}${dice.pick(references)}${dice.roll(3) === 0 ? dice.pick(quantifiers) : ''}`;
}

function bracket(dice: Dice): string {
  const sorts = [letters, letters, characterEscapes, classEscapes, classes, ranges];
  const item = (): string =>
    seldom(dice, sorts[dice.roll(sorts.length)] ?? letters, [...oddItems, ...oddEscapes]);
  return `[${dice.pick(['', '', '^'])}${dice.pick(['', '', '', ']', '-'])}${item()}${dice.repeat(2, item)}]`;
}

/** Takes one character away. */
function mutilate(dice: Dice, pattern: string): string {
  const characters = Array.from(pattern);
  characters.splice(dice.roll(characters.length + 1), 1);
  return characters.join('');
}
