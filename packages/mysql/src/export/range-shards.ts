import type { Column, RowRange } from '@tsmolt/core';
import { everyRow, quoteIdentifier } from '../sql.js';
import { floatLiteral } from './key-column.js';
import { isFloat, isWholeNumber, nativeTypeOf } from './native-type.js';

/** Key columns whose values lie on a line that can be cut evenly without looking at the rows. */
export type Line = 'whole numbers' | 'decimals' | 'floats' | 'uuid bytes' | 'uuid text';

/** Collations by which digits come before letters and letters by the alphabet, whatever stands next to them. */
const plainCollation =
  /^(ascii|latin1|utf8|utf8mb3|utf8mb4|ucs2|utf16|utf32)_(bin|general_ci|general_cs|swedish_ci|0900_bin|0900_a[is]_c[is]|unicode_ci|unicode_520_ci|uca1400_a[is]_c[is]|(general|unicode|unicode_520)_nopad_ci|nopad_bin)$/;

/** @param collation of a text column: some languages have letters that sort elsewhere when they stand together */
export function lineOf(column: Column, collation: string | undefined): Line | undefined {
  const { base, length } = nativeTypeOf(column);
  if (isWholeNumber(base)) return 'whole numbers';
  if (base === 'decimal') return 'decimals';
  if (isFloat(base)) return 'floats';
  if (base === 'binary' && length === 16) return 'uuid bytes';
  if ((base === 'char' || base === 'varchar') && length === 36 && plainCollation.test(collation ?? ''))
    return 'uuid text';
  return undefined;
}

export interface KeyBounds {
  readonly column: string;
  readonly line: Line;
  /** Smallest and largest value: numbers as text, UUIDs as the server prints the column (bytes in hexadecimal). */
  readonly min: string;
  readonly max: string;
}

/**
 * Cuts the rows between the smallest and the largest key into at most `count` ranges of equal width.
 *
 * The first range has no lower end and the last no upper end, so that together they hold every row whatever the bounds.
 * @returns undefined where the bounds do not lie on the line (texts that are no UUIDs)
 */
export function cutByRange(bounds: KeyBounds, count: number): RowRange[] | undefined {
  const boundaries = boundariesOn[bounds.line](bounds.min, bounds.max, count);
  return boundaries && rangesBetween(bounds.column, boundaries);
}

/** The ranges that a sorted list of distinct literals makes: one more than there are literals. */
export function rangesBetween(column: string, boundaries: readonly string[]): RowRange[] {
  const name = quoteIdentifier(column);
  const edges = [undefined, ...boundaries, undefined];
  return edges.slice(0, -1).map((lower, index) => {
    const upper = edges[index + 1];
    const parts = [
      ...(lower === undefined ? [] : [`${name} >= ${lower}`]),
      ...(upper === undefined ? [] : [`${name} < ${upper}`]),
    ];
    return { condition: parts.length === 0 ? everyRow : parts.join(' AND ') };
  });
}

type Cut = (min: string, max: string, count: number) => string[] | undefined;

const boundariesOn: Readonly<Record<Line, Cut>> = {
  'whole numbers': (min, max, count) => evenly(BigInt(min), BigInt(max), count).map(String),
  decimals: (min, max, count) => {
    const scale = Math.max(fraction(min).length, fraction(max).length);
    return evenly(scaled(min, scale), scaled(max, scale), count).map((value) => unscaled(value, scale));
  },
  floats: (min, max, count) => floatBoundaries(Number(min), Number(max), count),
  'uuid bytes': (min, max, count) =>
    evenly(BigInt(`0x${min}`), BigInt(`0x${max}`), count).map((value) => `X'${digits(value)}'`),
  'uuid text': (min, max, count) => {
    if (!isUuid(min) || !isUuid(max)) return undefined;
    return evenly(uuidNumber(min), uuidNumber(max), count).map((value) => `'${hyphenated(digits(value))}'`);
  },
};

function evenly(min: bigint, max: bigint, count: number): bigint[] {
  const cuts = new Set<bigint>();
  for (let index = 1n; index < BigInt(count); index++) {
    const cut = min + ((max - min) * index) / BigInt(count);
    if (cut > min) cuts.add(cut);
  }
  return [...cuts];
}

const fraction = (text: string): string => text.split('.')[1] ?? '';

function scaled(text: string, scale: number): bigint {
  const [whole = '0', digitsAfter = ''] = text.split('.');
  return BigInt(whole + digitsAfter.padEnd(scale, '0'));
}

function unscaled(value: bigint, scale: number): string {
  if (scale === 0) return String(value);
  const text = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  return `${value < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

function floatBoundaries(min: number, max: number, count: number): string[] {
  // Parts of each end, because their difference may be beyond what a float can hold.
  const cuts = Array.from({ length: count - 1 }, (_, index) => {
    const share = (index + 1) / count;
    return min * (1 - share) + max * share;
  });
  return [...new Set(cuts)].filter((cut) => cut > min && cut <= max).map((cut) => floatLiteral(String(cut)));
}

const isUuid = (text: string): boolean => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
const uuidNumber = (text: string): bigint => BigInt(`0x${text.replaceAll('-', '')}`);
const digits = (value: bigint): string => value.toString(16).padStart(32, '0');

function hyphenated(text: string): string {
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join(
    '-',
  );
}
