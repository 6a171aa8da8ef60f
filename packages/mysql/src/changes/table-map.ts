import { typeCodes } from './binlog-codes.js';
import { ByteReader } from './byte-reader.js';

/** A column as a table map describes it. What only some settings write is undefined without them. */
export interface MappedColumn {
  /** One of `typeCodes`; ENUM and SET have their own here. */
  readonly type: number;
  /** Bytes of a string, digits of a decimal, bits of a BIT, digits of a second's fraction, bytes of a length or a number. */
  readonly size: number;
  /** Digits of a decimal after its point. */
  readonly scale: number;
  readonly nullable: boolean;
  readonly name?: string;
  readonly unsigned?: boolean;
  readonly collation?: number;
  /** Of ENUM and SET, in the column's own character set. */
  readonly labels?: readonly Buffer[];
}

/** The shape of a table for the row events that follow. */
export interface TableMap {
  readonly database: string;
  readonly table: string;
  readonly columns: readonly MappedColumn[];
  /** Places of the primary key's columns. */
  readonly primaryKey?: readonly number[];
}

/** Where a table map says which table it describes; the rest is read only for tables that are wanted. */
export function tableMapName(reader: ByteReader): Pick<TableMap, 'database' | 'table'> {
  const database = reader.text(reader.uint8());
  reader.skip(1);
  const table = reader.text(reader.uint8());
  reader.skip(1);
  return { database, table };
}

/** @param reader behind the event's flags. Source: MySQL's documentation of its sources, `Table_map_event` */
export function readTableMap(reader: ByteReader): TableMap {
  const name = tableMapName(reader);
  const count = reader.lengthEncoded();
  const types = [...reader.bytes(count)];
  const metadata = new ByteReader(reader.bytes(reader.lengthEncoded()));
  const sized = types.map((type) => sizedType(type, metadata));
  const nullable = reader.bytes((count + 7) >> 3);
  const optional = readOptional(reader, sized.map(({ type }) => type)); // prettier-ignore
  const columns = sized.map((column, index): MappedColumn => {
    const more = optional.columns[index];
    return { ...column, nullable: ((nullable[index >> 3] ?? 0) & (1 << (index & 7))) !== 0, ...more };
  });
  const { primaryKey } = optional;
  return { ...name, columns, ...(primaryKey === undefined ? {} : { primaryKey }) };
}

type SizedType = Pick<MappedColumn, 'type' | 'size' | 'scale'>;

/** How many bytes describe a type differs from type to type, and nothing else says so. */
function sizedType(type: number, metadata: ByteReader): SizedType {
  switch (type) {
    case typeCodes.varchar:
    case typeCodes.varcharCompressed:
      return { type, size: metadata.uint16(), scale: 0 };
    case typeCodes.decimal:
      return { type, size: metadata.uint8(), scale: metadata.uint8() };
    case typeCodes.bit: {
      const bits = metadata.uint8();
      return { type, size: metadata.uint8() * 8 + bits, scale: 0 };
    }
    case typeCodes.string:
    case typeCodes.varString:
      return stringType(metadata.uint8(), metadata.uint8());
    case typeCodes.float:
    case typeCodes.double:
    case typeCodes.blob:
    case typeCodes.blobCompressed:
    case typeCodes.geometry:
    case typeCodes.json:
    case typeCodes.vector:
    case typeCodes.timestamp2:
    case typeCodes.datetime2:
    case typeCodes.time2:
      return { type, size: metadata.uint8(), scale: 0 };
    default:
      return { type, size: 0, scale: 0 };
  }
}

/** CHAR, BINARY, ENUM and SET share a number; CHARs of more than 255 bytes keep two bits of their length in the first byte. */
function stringType(first: number, second: number): SizedType {
  if (first === typeCodes.enum || first === typeCodes.set) return { type: first, size: second, scale: 0 };
  return { type: typeCodes.string, size: (((first << 4) & 0x300) ^ 0x300) + second, scale: 0 };
}

type Optional = { -readonly [Field in 'name' | 'unsigned' | 'collation' | 'labels']?: MappedColumn[Field] };

interface OptionalParts {
  readonly columns: readonly Optional[];
  primaryKey?: readonly number[];
}

const numeric: ReadonlySet<number> = new Set([
  0, typeCodes.tiny, typeCodes.short, typeCodes.int24, typeCodes.long, typeCodes.longlong, typeCodes.decimal,
  typeCodes.float, typeCodes.double, typeCodes.year,
]); // prettier-ignore
const character: ReadonlySet<number> = new Set([
  typeCodes.varchar, typeCodes.varString, typeCodes.string, typeCodes.blob, typeCodes.tinyBlob, typeCodes.mediumBlob,
  typeCodes.longBlob, typeCodes.blobCompressed, typeCodes.varcharCompressed,
]); // prettier-ignore

/** `Optional_metadata_field_type` in MySQL's and MariaDB's sources. */
const fields = {
  signedness: 1,
  defaultCharset: 2,
  columnCharset: 3,
  columnName: 4,
  setLabels: 5,
  enumLabels: 6,
  simplePrimaryKey: 8,
  primaryKeyWithPrefix: 9,
  enumDefaultCharset: 10,
  enumColumnCharset: 11,
} as const;

/** Fields of which each describes the columns of some types, in their order. What is not known is passed over. */
function readOptional(reader: ByteReader, types: readonly number[]): OptionalParts {
  const parts: OptionalParts = { columns: types.map(() => ({})) };
  const of = (wanted: (type: number) => boolean): Optional[] =>
    parts.columns.filter((_, index) => wanted(types[index] ?? 0));
  const labelled = (type: number): boolean => type === typeCodes.enum || type === typeCodes.set;
  while (reader.left > 0) {
    const field = reader.uint8();
    const data = new ByteReader(reader.bytes(reader.lengthEncoded()));
    switch (field) {
      case fields.signedness:
        readSignedness(data, of((type) => numeric.has(type))); // prettier-ignore
        break;
      case fields.defaultCharset:
        readDefaultCollation(data, of((type) => character.has(type))); // prettier-ignore
        break;
      case fields.columnCharset:
        for (const column of of((type) => character.has(type))) column.collation = data.lengthEncoded();
        break;
      case fields.enumDefaultCharset:
        readDefaultCollation(data, of(labelled));
        break;
      case fields.enumColumnCharset:
        for (const column of of(labelled)) column.collation = data.lengthEncoded();
        break;
      case fields.columnName:
        for (const column of parts.columns) column.name = data.text(data.lengthEncoded());
        break;
      case fields.setLabels:
        readLabels(data, of((type) => type === typeCodes.set)); // prettier-ignore
        break;
      case fields.enumLabels:
        readLabels(data, of((type) => type === typeCodes.enum)); // prettier-ignore
        break;
      case fields.simplePrimaryKey:
      case fields.primaryKeyWithPrefix:
        parts.primaryKey = readKey(data, field === fields.primaryKeyWithPrefix);
        break;
      default:
    }
  }
  return parts;
}

function readSignedness(data: ByteReader, columns: readonly Optional[]): void {
  const bits = data.bytes((columns.length + 7) >> 3);
  for (const [index, column] of columns.entries()) {
    column.unsigned = ((bits[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
  }
}

/** One collation for all, then pairs of place and collation for those that differ. */
function readDefaultCollation(data: ByteReader, columns: readonly Optional[]): void {
  const usual = data.lengthEncoded();
  for (const column of columns) column.collation = usual;
  while (data.left > 0) {
    const column = columns[data.lengthEncoded()];
    const collation = data.lengthEncoded();
    if (column !== undefined) column.collation = collation;
  }
}

function readLabels(data: ByteReader, columns: readonly Optional[]): void {
  for (const column of columns) {
    // Copies: the packet is not kept.
    column.labels = Array.from({ length: data.lengthEncoded() }, () =>
      Buffer.from(data.bytes(data.lengthEncoded())),
    );
  }
}

function readKey(data: ByteReader, withPrefixes: boolean): number[] {
  const key: number[] = [];
  while (data.left > 0) {
    key.push(data.lengthEncoded());
    if (withPrefixes) data.lengthEncoded();
  }
  return key;
}
