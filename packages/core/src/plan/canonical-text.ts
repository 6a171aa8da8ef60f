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

/** Kinds whose values every engine puts into the same order. Texts are not among them: their order is a collation's. */
const sortedAlike: ReadonlySet<LogicalType['kind']> = new Set([
  'integer',
  'decimal',
  'date',
  'timestamp',
  'uuid',
]);

/** Whether a range of values of the type means the same rows on every engine. */
export function sortsAlike(type: LogicalType): boolean {
  return sortedAlike.has(withoutDomain(type).kind);
}
