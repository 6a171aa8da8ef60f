import { withoutDomain } from '../types.js';
import type { LogicalType } from '../types.js';

/**
 * Whether a value prints the same text in columns of these two types, so that hashes of the text may be compared.
 *
 * Widths of integers and lengths of strings do not show in the text; scales, precisions and padding do.
 */
export function sameCanonicalText(left: LogicalType, right: LogicalType): boolean {
  const a = withoutDomain(left);
  const b = withoutDomain(right);
  if (a.kind === 'array') return b.kind === 'array' && sameCanonicalText(a.element, b.element);
  if (a.kind === 'composite') return b.kind === 'composite' && sameFields(a, b);
  return a.kind === b.kind && textTraits(a) === textTraits(b);
}

function sameFields(
  left: Extract<LogicalType, { kind: 'composite' }>,
  right: Extract<LogicalType, { kind: 'composite' }>,
): boolean {
  return (
    left.fields.length === right.fields.length &&
    left.fields.every((field, index) => {
      const other = right.fields[index];
      return other !== undefined && sameCanonicalText(field.type, other.type);
    })
  );
}

/** What of a type, beside its kind, changes the text of its values. */
function textTraits(type: LogicalType): string {
  switch (type.kind) {
    case 'decimal':
      return `scale ${type.scale ?? 'as written'}`;
    case 'float':
      return `${type.bits} bits`;
    case 'string':
      return type.padded ? `padded to ${type.maxLength ?? 1}` : '';
    case 'time':
    case 'timestamp':
      return `${type.precision ?? 6} ${type.withZone ? 'with zone' : ''}`;
    case 'json':
      return type.document;
    case 'bit':
      return type.varying ? '' : `length ${type.length ?? 1}`;
    case 'native':
      return type.name;
    default:
      return '';
  }
}

/** Kinds whose texts are never empty and hold no semicolon. */
const endedKinds: ReadonlySet<LogicalType['kind']> = new Set([
  'boolean',
  'integer',
  'decimal',
  'float',
  'date',
  'time',
  'timestamp',
  'interval',
  'uuid',
  'inet',
]);

/**
 * How the text of a value is told from its neighbours in the text of a row, which no two different rows share.
 * - `ended`: the text and `;`. NULL is `;` alone.
 * - `measured`: the number of its characters, `:` and the text; of bytes, the number of bytes, and the text in hexadecimal. NULL
 *   is `:` alone.
 *
 * Nothing is escaped: a look at every character, on both servers, would cost more than the hash.
 */
export function textFraming(type: LogicalType): 'ended' | 'measured' {
  return endedKinds.has(withoutDomain(type).kind) ? 'ended' : 'measured';
}

/** Kinds whose values every engine puts into the same order. Bytes and booleans have only one. */
const sortedAlike: ReadonlySet<LogicalType['kind']> = new Set([
  'boolean',
  'integer',
  'decimal',
  'bytes',
  'date',
  'timestamp',
  'uuid',
]);

/**
 * Whether a range of values of the type means the same rows on every engine.
 *
 * Texts do not: their order is that of a collation, which differs between engines, and between versions of one. An order
 * by bytes can be asked for everywhere, but no index of another collation serves it, so that each of the ranges would read
 * the whole table. A table whose key starts with a text is therefore hashed whole, in one statement on each side; its rows are
 * dealt by their hash, for which their order does not matter.
 */
export function sortsAlike(declared: LogicalType): boolean {
  const type = withoutDomain(declared);
  // With a zone, times of one instant are in the order of their zones, or in none.
  return type.kind === 'time' ? !type.withZone : sortedAlike.has(type.kind);
}
