import { withoutDomain } from '../types.js';
import type { CompositeField, LogicalType } from '../types.js';
import { loadable } from './loadable.js';

/**
 * The attributes of the composite type that a column holds, itself or below domains and arrays, for a message:
 * `a integer, b public.inner (x decimal)`. Undefined for a column that holds none.
 */
export function attributesOf(declared: LogicalType): string | undefined {
  const type = withoutDomain(declared);
  if (type.kind === 'array') return attributesOf(type.element);
  return type.kind === 'composite' ? described(type.fields) : undefined;
}

function described(fields: readonly CompositeField[]): string {
  return fields.map(({ name, type }) => `${name} ${words(type)}`).join(', ');
}

function words(declared: LogicalType): string {
  const type = withoutDomain(declared);
  switch (type.kind) {
    case 'array':
      return `${words(type.element)}[]`;
    case 'composite':
      return `${type.schema}.${type.name} (${described(type.fields)})`;
    case 'enum':
      return `${type.schema}.${type.name}`;
    case 'native':
      return type.name;
    default:
      return type.kind;
  }
}

/**
 * Whether values of the one type would come as something else into a column of the other, because both hold a composite type
 * and its attributes do not have the same names in the same order: the text of a value has no names.
 */
export function mixesAttributes(source: LogicalType, target: LogicalType): boolean {
  const bothComposite = [source, target].every((type) => attributesOf(type) !== undefined);
  return bothComposite && !loadable(source, target);
}
