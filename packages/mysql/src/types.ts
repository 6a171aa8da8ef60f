import type { LogicalType } from '@tsmolt/core';

/** What `information_schema.columns` says about a column's type. Numbers are strings or numbers, as the driver gives them. */
export interface NativeType {
  /** The type's name in lower case: `int`, `varchar`. */
  readonly dataType: string;
  /** The whole of it: `int(10) unsigned zerofill`, `enum('a','b')`. */
  readonly columnType: string;
  /** In characters, or in bytes for binary strings. */
  readonly maxLength?: number;
  readonly precision?: number;
  readonly scale?: number;
  /** Digits of a second's fraction. */
  readonly datetimePrecision?: number;
  /** The type that an enum becomes where enums are types of their own. */
  readonly enumName?: { readonly schema: string; readonly name: string };
  /** MariaDB's JSON is text with a check. */
  readonly checkedAsJson?: boolean;
}

/** Native types with a logical meaning, by `data_type`. Sources: MySQL manual, "Data Types"; MariaDB manual, "Data Types". */
const byDataType: Readonly<Record<string, (native: NativeType) => LogicalType>> = {
  tinyint: (native) =>
    native.columnType === 'tinyint(1)'
      ? { kind: 'integer', bits: 8, boolean: true }
      : { kind: 'integer', bits: 8, ...signOf(native) },
  smallint: (native) => ({ kind: 'integer', bits: 16, ...signOf(native) }),
  mediumint: (native) => ({ kind: 'integer', bits: 24, ...signOf(native) }),
  int: (native) => ({ kind: 'integer', bits: 32, ...signOf(native) }),
  bigint: (native) => ({ kind: 'integer', bits: 64, ...signOf(native) }),
  year: () => ({ kind: 'integer', bits: 16 }),
  decimal: ({ precision, scale }) => ({ kind: 'decimal', precision: precision ?? 10, scale: scale ?? 0 }),
  float: () => ({ kind: 'float', bits: 32 }),
  double: () => ({ kind: 'float', bits: 64 }),
  // Trailing spaces of a CHAR are no part of its value: it comes without them.
  char: (native) => ({ kind: 'string', ...lengthOf(native) }),
  varchar: (native) => ({ kind: 'string', ...lengthOf(native) }),
  tinytext: () => ({ kind: 'string' }),
  text: () => ({ kind: 'string' }),
  mediumtext: () => ({ kind: 'string' }),
  // MariaDB keeps a document as it was written; MySQL stores what it means.
  longtext: ({ checkedAsJson }) =>
    checkedAsJson === true ? { kind: 'json', document: 'text' } : { kind: 'string' },
  json: () => ({ kind: 'json', document: 'normalized' }),
  set: () => ({ kind: 'string' }),
  enum: ({ enumName, columnType }) =>
    enumName === undefined ? { kind: 'string' } : { kind: 'enum', ...enumName, labels: labelsOf(columnType) },
  binary: () => ({ kind: 'bytes' }),
  varbinary: () => ({ kind: 'bytes' }),
  tinyblob: () => ({ kind: 'bytes' }),
  blob: () => ({ kind: 'bytes' }),
  mediumblob: () => ({ kind: 'bytes' }),
  longblob: () => ({ kind: 'bytes' }),
  // Always of its full length, and still a VARBIT: that is what MOLT's manual makes of it.
  bit: ({ precision }) => ({ kind: 'bit', length: precision ?? 1, varying: true }),
  date: () => ({ kind: 'date' }),
  time: (native) => ({ kind: 'time', ...secondsOf(native), withZone: false }),
  datetime: (native) => ({ kind: 'timestamp', ...secondsOf(native), withZone: false }),
  timestamp: (native) => ({ kind: 'timestamp', ...secondsOf(native), withZone: true }),
  uuid: () => ({ kind: 'uuid' }),
  inet4: () => ({ kind: 'inet' }),
  inet6: () => ({ kind: 'inet' }),
  geometry: () => ({ kind: 'native', name: 'geometry' }),
  point: () => geometry('point'),
  linestring: () => geometry('linestring'),
  polygon: () => geometry('polygon'),
  multipoint: () => geometry('multipoint'),
  multilinestring: () => geometry('multilinestring'),
  multipolygon: () => geometry('multipolygon'),
  geomcollection: () => geometry('geometrycollection'),
  geometrycollection: () => geometry('geometrycollection'),
};

/** The logical type of a column; what is not known becomes `native`. */
export function logicalType(native: NativeType): LogicalType {
  const known = Object.hasOwn(byDataType, native.dataType) ? byDataType[native.dataType] : undefined;
  return known?.(native) ?? { kind: 'native', name: native.columnType };
}

/** As PostGIS names it, for `point` alone is a type of PostgreSQL's own. */
function geometry(shape: string): LogicalType {
  return { kind: 'native', name: `geometry(${shape})` };
}

function signOf({ columnType }: NativeType): { unsigned?: true } {
  return columnType.includes('unsigned') ? { unsigned: true } : {};
}

/** A length of 0 holds only the empty string, and is no length elsewhere. */
function lengthOf({ maxLength }: NativeType): { maxLength?: number } {
  return maxLength === undefined || maxLength === 0 ? {} : { maxLength };
}

function secondsOf({ datetimePrecision }: NativeType): { precision: number } {
  return { precision: datetimePrecision ?? 0 };
}

/** The labels in `enum('a','b''c')`, as the server writes them: quotes doubled, other characters escaped. */
export function labelsOf(columnType: string): string[] {
  return [...columnType.matchAll(/'((?:[^'\\]|''|\\[\s\S])*)'/g)].map((match) =>
    withoutEscapes((match[1] ?? '').replaceAll("''", "'")),
  );
}

/**
 * A text in which the server wrote a backslash before backslashes, quotes and what would break its lines
 * (`append_unescaped` in the servers' sources).
 */
export function withoutEscapes(text: string): string {
  return text.replaceAll(/\\([\s\S])/g, (_escaped, character: string) => escapes[character] ?? character);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', '0': '\0' };
