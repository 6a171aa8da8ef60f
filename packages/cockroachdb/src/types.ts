import { withoutDomain } from '@tsmolt/core';
import type { LogicalType } from '@tsmolt/core';
import { quoteIdentifier } from '@tsmolt/pgwire';

/** What `information_schema.columns` says about a column's type. `crdb_sql_type` is the type as CREATE TABLE writes it. */
export interface NativeType {
  readonly sqlType: string;
  /** Set for types that somebody created: their place. */
  readonly userDefined?: { readonly schema: string; readonly name: string };
}

/** The labels of each enum by `schema.name`. */
export type EnumLabels = ReadonlyMap<string, readonly string[]>;

type Modifiers = readonly number[];

/** Types by the name that `crdb_sql_type` gives them, without modifiers. Source: CockroachDB manual, "Data types". */
const baseTypes: Readonly<Record<string, (modifiers: Modifiers) => LogicalType>> = {
  BOOL: () => ({ kind: 'boolean' }),
  INT2: () => ({ kind: 'integer', bits: 16 }),
  INT4: () => ({ kind: 'integer', bits: 32 }),
  INT8: () => ({ kind: 'integer', bits: 64 }),
  DECIMAL: ([precision, scale]) =>
    precision === undefined ? { kind: 'decimal' } : { kind: 'decimal', precision, scale: scale ?? 0 },
  FLOAT4: () => ({ kind: 'float', bits: 32 }),
  FLOAT8: () => ({ kind: 'float', bits: 64 }),
  STRING: ([maxLength]) => string(maxLength),
  VARCHAR: ([maxLength]) => string(maxLength),
  CHAR: ([maxLength]) => ({ kind: 'string', padded: true, maxLength: maxLength ?? 1 }),
  BPCHAR: ([maxLength]) => ({
    kind: 'string',
    padded: true,
    ...(maxLength === undefined ? {} : { maxLength }),
  }),
  NAME: () => ({ kind: 'string', maxLength: 63 }),
  BYTES: () => ({ kind: 'bytes' }),
  DATE: () => ({ kind: 'date' }),
  TIME: ([precision]) => ({ kind: 'time', withZone: false, ...optional('precision', precision) }),
  TIMETZ: ([precision]) => ({ kind: 'time', withZone: true, ...optional('precision', precision) }),
  TIMESTAMP: ([precision]) => ({ kind: 'timestamp', withZone: false, ...optional('precision', precision) }),
  TIMESTAMPTZ: ([precision]) => ({ kind: 'timestamp', withZone: true, ...optional('precision', precision) }),
  INTERVAL: () => ({ kind: 'interval' }),
  UUID: () => ({ kind: 'uuid' }),
  JSONB: () => ({ kind: 'json', document: 'normalized' }),
  BIT: ([length]) => ({ kind: 'bit', varying: false, length: length ?? 1 }),
  VARBIT: ([length]) => ({ kind: 'bit', varying: true, ...optional('length', length) }),
  INET: () => ({ kind: 'inet' }),
};

/** The logical type of a column; what is not known becomes `native`. */
export function logicalType(native: NativeType, enums: EnumLabels): LogicalType {
  const text = native.sqlType.trim();
  if (text.endsWith('[]')) {
    return { kind: 'array', element: logicalType({ ...native, sqlType: text.slice(0, -2) }, enums) };
  }
  const { userDefined } = native;
  const labels = userDefined && enums.get(`${userDefined.schema}.${userDefined.name}`);
  if (userDefined !== undefined && labels !== undefined) return { kind: 'enum', ...userDefined, labels };
  // `VARCHAR(20) COLLATE en`: the collation is a column of its own in the catalog.
  const match = /^([A-Z][A-Z0-9]*)(?:\(([\d, ]+)\))?(?: COLLATE .*)?$/.exec(text);
  const base = match?.[1] === undefined ? undefined : baseTypes[match[1]];
  const modifiers = match?.[2]?.split(',').map(Number) ?? [];
  return base?.(modifiers) ?? { kind: 'native', name: text };
}

/** Types of other engines that CockroachDB lacks and that travel as their text. */
const asText =
  /^(pg_catalog\.)?"?(money|xml|cidr|macaddr8?|int[48](multi)?range|numrange|nummultirange|ts(tz)?(multi)?range|date(multi)?range|point|line|lseg|box|path|polygon|circle)"?$|^"char"$/;

/** Types that CockroachDB has under the same name (manual, "Data types"). */
const sameName = /^(pg_catalog\.)?"?(tsvector|tsquery|oid|pg_lsn|refcursor)"?$/;

/** Shapes and vectors, as PostGIS, pgvector and MySQL name them, with their modifiers (manual, "Spatial data", "VECTOR"). */
const withModifiers = /^(?:"?\w+"?\.)?"?(geometry|geography|vector)"?(\([\w, ]+\))?$/i;

/** How a column of a logical type is declared, or undefined where CockroachDB has nothing for it. */
export function declaration(declared: LogicalType): string | undefined {
  const type = withoutDomain(declared);
  switch (type.kind) {
    case 'boolean':
      return 'BOOL';
    case 'integer':
      return type.boolean === true ? 'BOOL' : integerDeclaration(type.bits, type.unsigned ?? false);
    case 'float':
      return type.bits === 32 ? 'FLOAT4' : 'FLOAT8';
    case 'decimal':
      return decimalDeclaration(type.precision, type.scale ?? 0);
    case 'string':
      return stringDeclaration(type.maxLength, type.padded ?? false);
    case 'bytes':
      return 'BYTES';
    case 'time':
    case 'timestamp':
      return `${type.kind.toUpperCase()}${type.withZone ? 'TZ' : ''}${inParentheses(type.precision)}`;
    case 'json':
      return 'JSONB';
    case 'bit':
      return `${type.varying ? 'VARBIT' : 'BIT'}${inParentheses(type.length)}`;
    case 'enum':
      return `${quoteIdentifier(type.schema)}.${quoteIdentifier(type.name)}`;
    case 'array':
      return arrayDeclaration(type.element);
    case 'native':
      return nativeDeclaration(type.name);
    case 'composite':
      return undefined;
    case 'date':
    case 'interval':
    case 'uuid':
    case 'inet':
      return type.kind.toUpperCase();
  }
}

/** Always with its size: plain INT has 64 bits here and 32 elsewhere. */
function integerDeclaration(bits: number, unsigned: boolean): string {
  if (unsigned && bits === 64) return 'DECIMAL(20,0)';
  const needed = unsigned ? bits + 1 : bits;
  if (needed <= 16) return 'INT2';
  return needed <= 32 ? 'INT4' : 'INT8';
}

/** A scale outside 0..precision (PostgreSQL 15 has negative ones) is not known here; without modifiers every value fits. */
function decimalDeclaration(precision: number | undefined, scale: number): string {
  return precision === undefined || scale < 0 || scale > precision
    ? 'DECIMAL'
    : `DECIMAL(${precision},${scale})`;
}

function stringDeclaration(maxLength: number | undefined, padded: boolean): string {
  if (maxLength === undefined) return 'STRING';
  return `${padded ? 'CHAR' : 'VARCHAR'}(${maxLength})`;
}

function arrayDeclaration(element: LogicalType): string | undefined {
  const inner = withoutDomain(element).kind === 'array' ? undefined : declaration(element);
  return inner === undefined ? undefined : `${inner}[]`;
}

function nativeDeclaration(name: string): string | undefined {
  if (asText.test(name)) return 'STRING';
  const modified = withModifiers.exec(name);
  if (modified !== null) return `${modified[1]}${modified[2] ?? ''}`.toUpperCase();
  return sameName.test(name) ? name.replace('pg_catalog.', '').replaceAll('"', '').toUpperCase() : undefined;
}

function inParentheses(value: number | undefined): string {
  return value === undefined ? '' : `(${value})`;
}

function string(maxLength: number | undefined): LogicalType {
  return { kind: 'string', ...optional('maxLength', maxLength) };
}

function optional<Name extends string>(name: Name, value: number | undefined): { [key in Name]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]?: number });
}
