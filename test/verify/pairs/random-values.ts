import type { SeededRandom } from '@tsmolt/testkit';

/** Makes the text of a random value, as PostgreSQL reads it; MySQL reads most of them too. */
export type RandomText = (random: SeededRandom) => string;

const digits = (random: SeededRandom, count: number): string =>
  Array.from({ length: count }, () => String(random.below(10))).join('');

const sign: RandomText = (random) => random.pick(['', '-']);

/** As many digits as a whole number of so many bits may have, of every length. */
export function wholeNumber(width: number, unsigned = false): RandomText {
  return (random) => {
    const limit = 1n << BigInt(width - (unsigned ? 0 : 1));
    const value = BigInt(`1${digits(random, random.below(20))}`) % limit;
    return `${unsigned || value === 0n ? '' : sign(random)}${value}`;
  };
}

/** Up to so many digits before and behind the point. */
export function decimal(whole: number, fraction: number): RandomText {
  return (random) => {
    const behind = random.below(fraction + 1);
    const point = behind === 0 ? '' : `.${digits(random, behind)}`;
    return `${sign(random)}${digits(random, 1 + random.below(whole))}${point}`;
  };
}

export function float(digitsKept: number, exponents: number): RandomText {
  return (random) => {
    const mantissa = `${1 + random.below(9)}.${digits(random, digitsKept - 1)}`;
    return `${sign(random)}${mantissa}e${random.below(2 * exponents + 1) - exponents}`;
  };
}

const characters = [
  'a', 'B', '7', ' ', "'", '"', '\\', '\n', '\r', '\t', ',', ';', '%', '_', '{', '}', 'é', 'e\u0301', 'ß', '漢', '😀', '\u200b', 'N', '\u0001',
] as const; // prettier-ignore

export function text(maxLength: number): RandomText {
  return (random) => {
    const made = Array.from({ length: random.below(maxLength + 1) }, () => random.pick(characters)).join('');
    return Array.from(made).slice(0, maxLength).join('');
  };
}

export function hexadecimal(maxBytes: number): RandomText {
  return (random) =>
    Array.from({ length: random.below(maxBytes + 1) }, () =>
      random.below(256).toString(16).padStart(2, '0'),
    ).join('');
}

/** @param exactly every value has the full length */
export function bits(length: number, exactly: boolean): RandomText {
  return (random) =>
    Array.from({ length: exactly ? length : random.below(length + 1) }, () => random.below(2)).join('');
}

const two = (number: number): string => String(number).padStart(2, '0');

export const date: RandomText = (random) =>
  `${1000 + random.below(9000)}-${two(1 + random.below(12))}-${two(1 + random.below(28))}`;

export function time(fraction: number): RandomText {
  return (random) => {
    const behind = fraction === 0 ? '' : `.${digits(random, fraction)}`;
    return `${two(random.below(24))}:${two(random.below(60))}:${two(random.below(60))}${behind}`;
  };
}

export function moment(fraction: number): RandomText {
  return (random) => `${date(random)} ${time(fraction)(random)}`;
}

/** Inside of the 32 bits of MySQL's TIMESTAMP. */
export function instant(fraction: number): RandomText {
  return (random) => `${1971 + random.below(60)}-${date(random).slice(5)} ${time(fraction)(random)}`;
}

export const interval: RandomText = (random) =>
  `${sign(random)}${random.below(200)} mons ${sign(random)}${random.below(60)} days ${sign(random)}${time(6)(random)}`;

export const uuid: RandomText = (random) =>
  Array.from({ length: 8 }, () => random.below(0x1_00_00).toString(16).padStart(4, '0'))
    .join('')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

export const address: RandomText = (random) =>
  `${random.below(256)}.${random.below(256)}.${random.below(256)}.${random.below(256)}/${1 + random.below(32)}`;

/** Documents whose text says how they were written. No zero character, which `jsonb` has not. */
export function document(depth: number): RandomText {
  return (random) => {
    const made = random.below(depth === 0 ? 4 : 6);
    if (made === 0) return random.pick(['null', 'true', 'false', '[]', '{}', '""']);
    if (made === 1) return wholeNumber(63)(random);
    if (made === 2) return `${sign(random)}${1 + random.below(99)}.${1 + random.below(999)}`;
    if (made === 3) return JSON.stringify(text(6)(random));
    const inner = Array.from({ length: random.below(4) }, () => document(depth - 1)(random));
    if (made === 4) return `[${inner.join(', ')}]`;
    return `{${inner.map((value, index) => `${JSON.stringify(`k${index}${text(3)(random)}`)}: ${value}`).join(', ')}}`;
  };
}

/** An array as PostgreSQL reads it, with NULLs; nested ones are matrices. */
export function array(element: RandomText, nested = true): RandomText {
  return (random) => {
    const one = (): string =>
      random.below(6) === 0 ? 'NULL' : `"${element(random).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
    const row = (width: number): string => `{${Array.from({ length: width }, one).join(',')}}`;
    if (!nested || random.below(3) > 0) return row(random.below(5));
    const width = 1 + random.below(3);
    return `{${Array.from({ length: 1 + random.below(3) }, () => row(width)).join(',')}}`;
  };
}
