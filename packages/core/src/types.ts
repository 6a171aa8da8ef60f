/**
 * Logical types: the hub that every engine's native types map to (hub and spokes, so N adapters and not N x N pairs).
 *
 * A logical type says what a value means; how it is written in SQL is the adapter's affair.
 */
export type LogicalType =
  | { readonly kind: 'boolean' }
  /** `boolean` marks the integers that an engine without a boolean type uses as one (MySQL's `tinyint(1)`): 0 and 1, mostly. */
  | {
      readonly kind: 'integer';
      readonly bits: 8 | 16 | 24 | 32 | 64;
      readonly unsigned?: boolean;
      readonly boolean?: boolean;
    }
  | { readonly kind: 'decimal'; readonly precision?: number; readonly scale?: number }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  | { readonly kind: 'string'; readonly maxLength?: number; readonly padded?: boolean }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'date' }
  | { readonly kind: 'time'; readonly precision?: number; readonly withZone: boolean }
  | { readonly kind: 'timestamp'; readonly precision?: number; readonly withZone: boolean }
  | { readonly kind: 'interval' }
  | { readonly kind: 'uuid' }
  /** `document: 'text'` keeps the writer's white space and key order, `'normalized'` does not. */
  | { readonly kind: 'json'; readonly document: 'text' | 'normalized' }
  | { readonly kind: 'bit'; readonly length?: number; readonly varying: boolean }
  | { readonly kind: 'inet' }
  | {
      readonly kind: 'enum';
      readonly schema: string;
      readonly name: string;
      readonly labels: readonly string[];
    }
  | { readonly kind: 'array'; readonly element: LogicalType }
  | {
      readonly kind: 'composite';
      readonly schema: string;
      readonly name: string;
      readonly fields: readonly CompositeField[];
    }
  | { readonly kind: 'domain'; readonly schema: string; readonly name: string; readonly base: LogicalType }
  /** A type without a logical meaning of its own (tsvector, money, ranges ...): moved as the text its engine prints. */
  | { readonly kind: 'native'; readonly name: string };

/** One field of a composite type. */
export interface CompositeField {
  readonly name: string;
  readonly type: LogicalType;
}

/** The type below all domains. */
export function withoutDomain(type: LogicalType): Exclude<LogicalType, { kind: 'domain' }> {
  return type.kind === 'domain' ? withoutDomain(type.base) : type;
}
