import { withoutDomain } from '@tsmolt/core';
import type { CompositeField, LogicalType } from '@tsmolt/core';
import { quoteIdentifier } from '@tsmolt/pgwire';

/** One row of `pg_type`, with what hangs on it. Numbers are PostgreSQL's: `typmod` is -1 where a type has no modifier. */
export interface NativeType {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** b base, e enum, d domain, c composite, r range, m multirange */
  readonly kind: string;
  /** As `format_type` prints it: with its schema, for search_path is empty. */
  readonly declaration: string;
  /** Set for array types: the type of their elements. */
  readonly elementOid?: number;
  readonly domainBase?: { readonly oid: number; readonly typmod: number };
  readonly labels?: readonly string[];
  readonly fields?: readonly { readonly name: string; readonly oid: number; readonly typmod: number }[];
}

export type NativeTypes = ReadonlyMap<number, NativeType>;

/** Base types with a logical meaning, by their name in pg_catalog. */
const baseTypes: Readonly<Record<string, (typmod: number) => LogicalType>> = {
  bool: () => ({ kind: 'boolean' }),
  int2: () => ({ kind: 'integer', bits: 16 }),
  int4: () => ({ kind: 'integer', bits: 32 }),
  int8: () => ({ kind: 'integer', bits: 64 }),
  numeric: numericType,
  float4: () => ({ kind: 'float', bits: 32 }),
  float8: () => ({ kind: 'float', bits: 64 }),
  text: () => ({ kind: 'string' }),
  varchar: (typmod) => ({ kind: 'string', ...lengthOf(typmod) }),
  bpchar: (typmod) => ({ kind: 'string', padded: true, ...lengthOf(typmod) }),
  name: () => ({ kind: 'string', maxLength: 63 }),
  bytea: () => ({ kind: 'bytes' }),
  date: () => ({ kind: 'date' }),
  time: (typmod) => ({ kind: 'time', withZone: false, ...precisionOf(typmod) }),
  timetz: (typmod) => ({ kind: 'time', withZone: true, ...precisionOf(typmod) }),
  timestamp: (typmod) => ({ kind: 'timestamp', withZone: false, ...precisionOf(typmod) }),
  timestamptz: (typmod) => ({ kind: 'timestamp', withZone: true, ...precisionOf(typmod) }),
  interval: () => ({ kind: 'interval' }),
  uuid: () => ({ kind: 'uuid' }),
  json: () => ({ kind: 'json', document: 'text' }),
  jsonb: () => ({ kind: 'json', document: 'normalized' }),
  bit: (typmod) => ({ kind: 'bit', varying: false, ...(typmod < 0 ? {} : { length: typmod }) }),
  varbit: (typmod) => ({ kind: 'bit', varying: true, ...(typmod < 0 ? {} : { length: typmod }) }),
  inet: () => ({ kind: 'inet' }),
};

/** The logical type of a native one with its modifier. Extensions' and odd types become `native`. */
export function logicalType(types: NativeTypes, oid: number, typmod: number): LogicalType {
  const type = types.get(oid);
  if (type === undefined) return { kind: 'native', name: `type with oid ${oid}` };
  if (type.elementOid !== undefined) {
    return { kind: 'array', element: logicalType(types, type.elementOid, typmod) };
  }
  if (type.labels !== undefined) {
    return { kind: 'enum', schema: type.schema, name: type.name, labels: type.labels };
  }
  if (type.domainBase !== undefined) {
    const base = logicalType(types, type.domainBase.oid, type.domainBase.typmod);
    return { kind: 'domain', schema: type.schema, name: type.name, base };
  }
  if (type.fields !== undefined) {
    const fields = type.fields.map((field): CompositeField => ({
      name: field.name,
      type: logicalType(types, field.oid, field.typmod),
    }));
    return { kind: 'composite', schema: type.schema, name: type.name, fields };
  }
  const base = type.schema === 'pg_catalog' ? baseTypes[type.name] : undefined;
  return base?.(typmod) ?? { kind: 'native', name: type.declaration };
}

/**
 * Names the binary layout of a type, or nothing where binary rows cannot be trusted to arrive: where they carry
 * identifiers of this one database (arrays of enums, composites), and where the receiving side refuses what the sending
 * side wrote (an empty tsquery), so that only types with a logical meaning are listed.
 *
 * These have the same layout since version 11; an enum travels as its label; a domain as its base.
 */
export function binaryLayout(types: NativeTypes, oid: number): string | undefined {
  const type = types.get(oid);
  if (type === undefined) return undefined;
  if (type.domainBase !== undefined) return binaryLayout(types, type.domainBase.oid);
  if (type.labels !== undefined) return 'enum';
  const element = type.elementOid === undefined ? type : types.get(type.elementOid);
  const known = element?.schema === 'pg_catalog' && Object.hasOwn(baseTypes, element.name);
  return known ? type.name : undefined;
}

/** How a column of a logical type is declared in PostgreSQL. The types it names must exist. */
export function declaration(type: LogicalType): string {
  switch (type.kind) {
    case 'boolean':
    case 'date':
    case 'interval':
    case 'uuid':
    case 'inet':
      return type.kind;
    case 'integer':
      return type.boolean === true ? 'boolean' : integerDeclaration(type.bits, type.unsigned ?? false);
    case 'decimal':
      return type.precision === undefined ? 'numeric' : `numeric(${type.precision},${type.scale ?? 0})`;
    case 'float':
      return type.bits === 32 ? 'real' : 'double precision';
    case 'string':
      return stringDeclaration(type.maxLength, type.padded ?? false);
    case 'bytes':
      return 'bytea';
    case 'time':
    case 'timestamp':
      return `${type.kind}${inParentheses(type.precision)}${type.withZone ? ' with time zone' : ''}`;
    case 'json':
      return type.document === 'text' ? 'json' : 'jsonb';
    case 'bit':
      return `${type.varying ? 'bit varying' : 'bit'}${inParentheses(type.length)}`;
    case 'array':
      return `${declaration(type.element)}[]`;
    case 'enum':
    case 'composite':
      return `${quoteIdentifier(type.schema)}.${quoteIdentifier(type.name)}`;
    case 'domain':
      return declaration(withoutDomain(type));
    case 'native':
      return type.name;
  }
}

function integerDeclaration(bits: number, unsigned: boolean): string {
  if (unsigned && bits === 64) return 'numeric(20,0)';
  const needed = unsigned ? bits + 1 : bits;
  if (needed <= 16) return 'smallint';
  return needed <= 32 ? 'integer' : 'bigint';
}

function stringDeclaration(maxLength: number | undefined, padded: boolean): string {
  if (maxLength === undefined) return padded ? 'bpchar' : 'text';
  return `${padded ? 'character' : 'character varying'}(${maxLength})`;
}

function inParentheses(value: number | undefined): string {
  return value === undefined ? '' : `(${value})`;
}

/** A modifier of varchar and bpchar counts a header of 4 bytes (`VARHDRSZ`). */
function lengthOf(typmod: number): { maxLength: number } | object {
  return typmod < 0 ? {} : { maxLength: typmod - 4 };
}

function precisionOf(typmod: number): { precision: number } | object {
  return typmod < 0 ? {} : { precision: typmod };
}

/** Precision in the upper half, scale in the lower 11 bits, signed since version 15 (`numeric_typmod_scale`). */
function numericType(typmod: number): LogicalType {
  if (typmod < 0) return { kind: 'decimal' };
  const packed = typmod - 4;
  const scale = ((packed & 0x7ff) ^ 1024) - 1024;
  return { kind: 'decimal', precision: (packed >> 16) & 0xffff, scale };
}
