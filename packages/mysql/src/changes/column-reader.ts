import { displayName, TsmoltError } from '@tsmolt/core';
import type { Column } from '@tsmolt/core';
import { nativeTypeOf } from '../export/native-type.js';
import { labelsOf } from '../types.js';
import { typeCodes } from './binlog-codes.js';
import type { ByteReader } from './byte-reader.js';
import type { MappedColumn } from './table-map.js';
import type { ShapeContext } from './shape-context.js';
import { isUtf8 } from './values/character-sets.js';
import { documentText } from './values/documents.js';
import type { InexactText } from './values/exact-text.js';
import {
  bitReader, decimalReader, doubleReader, floatReader, integerReader, yearReader,
} from './values/numbers.js'; // prettier-ignore
import { bitWriter, decimalWriter, integerWriter } from './values/number-writers.js';
import { throughAscii, throughText } from './values/read-value.js';
import type { ReadValue, ValueReader } from './values/read-value.js';
import {
  counted, countedText, decodedText, enumReader, hexText, inet4Text, inet6Text, padded, setReader, uncompressedColumn, uuidText,
} from './values/strings.js'; // prettier-ignore
import {
  datetime2, datetimeReader, dateReader, oldDatetime, oldTimeReader, time2Reader, timestampReader,
} from './values/times.js'; // prettier-ignore
import type { Substitute } from './values/times.js';
import { dateWriter, datetime2Writer, time2Writer, timestampWriter } from './values/time-writers.js';

export interface ColumnContext extends ShapeContext {
  readonly column: string;
  /** The column in the catalog, where it can be the same. */
  readonly hint: Column | undefined;
}

export interface ColumnReader extends ValueReader {
  readonly replicated: boolean;
}

/** @throws TsmoltError `TSM5006` for a type, or an attribute of it, that is not known */
export async function columnReader(column: MappedColumn, context: ColumnContext): Promise<ColumnReader> {
  if (column.type === typeCodes.geometry || column.type === typeCodes.vector) {
    const skipped = counted(column.size);
    return { ...throughAscii((reader) => (skipped(reader), null)), replicated: false };
  }
  // Of a type that an export refuses: MariaDB's vectors come as strings.
  const replicated = context.hint?.type.kind !== 'native';
  const reader =
    numberReader(column, context) ?? timeReader(column, context) ?? (await stringReader(column, context));
  return { ...reader, replicated };
}

const integerBytes = new Map<number, number>([
  [typeCodes.tiny, 1],
  [typeCodes.short, 2],
  [typeCodes.int24, 3],
  [typeCodes.long, 4],
  [typeCodes.longlong, 8],
]);

function numberReader(column: MappedColumn, context: ColumnContext): ValueReader | undefined {
  const bytes = integerBytes.get(column.type);
  if (bytes !== undefined) {
    const unsigned = isUnsigned(column, context);
    return { read: integerReader(bytes, unsigned), write: integerWriter(bytes, unsigned) };
  }
  switch (column.type) {
    case typeCodes.decimal:
      return {
        read: decimalReader(column.size, column.scale),
        write: decimalWriter(column.size, column.scale),
      };
    case typeCodes.float:
      return throughAscii(floatReader);
    case typeCodes.double:
      return throughAscii(doubleReader(fixedDecimals(context.hint)));
    case typeCodes.bit:
      return { read: bitReader(column.size), write: bitWriter(column.size) };
    case typeCodes.year:
      return throughAscii(yearReader);
    default:
      return undefined;
  }
}

function isUnsigned(column: MappedColumn, context: ColumnContext): boolean {
  if (column.unsigned !== undefined) return column.unsigned;
  if (context.hint === undefined) throw unknownColumn(context, 'whether it is unsigned');
  return /\bunsigned\b/.test(context.hint.nativeType);
}

/** DOUBLE(M,D) with few digits is exported as the column prints it (`export/field-text.ts`), which is with D decimals. */
function fixedDecimals(hint: Column | undefined): number | undefined {
  const [, digits, decimals] = /^double\((\d+),(\d+)\)/.exec(hint?.nativeType ?? '') ?? [];
  return decimals === undefined || Number(digits) > 15 ? undefined : Number(decimals);
}

function timeReader({ type, size, nullable }: MappedColumn, context: ColumnContext): ValueReader | undefined {
  const substitute = substituteFor(context, nullable);
  switch (type) {
    case typeCodes.date: {
      const read = dateReader(substitute);
      return { read, write: dateWriter(read) };
    }
    case typeCodes.datetime2: {
      const read = datetimeReader(datetime2(size), size, substitute);
      return { read, write: datetime2Writer(size, read) };
    }
    case typeCodes.timestamp2: {
      const read = timestampReader(size, true, substitute);
      return { read, write: timestampWriter(size, read) };
    }
    case typeCodes.time2: {
      const read = time2Reader(size, substitute);
      return { read, write: time2Writer(size, read) };
    }
    case typeCodes.datetime:
    case typeCodes.timestamp:
    case typeCodes.time:
      refuseOldFractions(context);
      return throughAscii(oldReader(type, substitute));
    default:
      return undefined;
  }
}

function oldReader(type: number, substitute: Substitute): ReadValue {
  if (type === typeCodes.datetime) return datetimeReader(oldDatetime, 0, substitute);
  return type === typeCodes.timestamp ? timestampReader(0, false, substitute) : oldTimeReader(substitute);
}

/** MariaDB 5.3 had fractions in a form of its own, under the numbers of the types without. */
function refuseOldFractions(context: ColumnContext): void {
  if (context.flavour === 'mysql') return;
  if (context.hint !== undefined && (nativeTypeOf(context.hint).length ?? 0) === 0) return;
  throw new TsmoltError('TSM5006', {
    message: `${placeOf(context)} is stored in the form of MariaDB 5.3`,
    advice: `Set mysql56_temporal_format=ON on the source and rebuild the table (ALTER TABLE ... FORCE), then run the data load again.`,
  });
}

function substituteFor(context: ColumnContext, nullable: boolean): Substitute {
  const { unrepresentable, onReplaced, name, column } = context;
  // NULL cannot replace what may not be NULL.
  const policy = unrepresentable === 'null' && !nullable ? 'reject' : unrepresentable;
  if (policy !== 'reject')
    return (_text, nearest) => {
      onReplaced?.(name, column);
      return policy === 'null' ? null : nearest();
    };
  const notNull = nullable ? '' : ` (clamp: the column does not allow NULL)`;
  return (text) => {
    throw new TsmoltError('TSM3008', {
      message: `${placeOf(context)} has ${text} in a changed row, which no target can hold`,
      advice: `Use --unrepresentable-values null|clamp${notNull}; correcting the row on the source is a change that comes after this one.`,
    });
  };
}

/** Servers store bytes that are no characters: half a surrogate pair, or a place of the set that is empty. */
function inexactText({ nullable }: MappedColumn, set: string, context: ColumnContext): InexactText {
  const replace = substituteFor(context, nullable);
  return (nearest) => replace(`bytes that are no text in ${set}`, () => nearest);
}

async function stringReader(column: MappedColumn, context: ColumnContext): Promise<ValueReader> {
  switch (column.type) {
    case typeCodes.json: {
      return decodedText(counted(column.size), documentText, inexactText(column, 'utf8mb4', context));
    }
    case typeCodes.enum:
      return throughText(enumReader(column.size, await labels(column, context)));
    case typeCodes.set:
      return throughText(setReader(column.size, await labels(column, context)));
    default:
      return textReader(column, stored(column, context), context);
  }
}

/** How many bytes have the length of a string that lies in the row as it is. */
function lengthBytesOf({ type, size }: MappedColumn): number | undefined {
  switch (type) {
    case typeCodes.string:
    case typeCodes.varchar:
      return size > 255 ? 2 : 1;
    case typeCodes.blob:
      return size;
    default:
      return undefined;
  }
}

/** The bytes of a string as they lie in the row. */
function stored(column: MappedColumn, context: ColumnContext): (reader: ByteReader) => Buffer {
  const lengthBytes = lengthBytesOf(column);
  if (lengthBytes !== undefined) return counted(lengthBytes);
  const { type, size } = column;
  switch (type) {
    case typeCodes.varcharCompressed: {
      const read = counted(size > 255 ? 2 : 1);
      return (reader) => uncompressedColumn(read(reader));
    }
    case typeCodes.blobCompressed: {
      const read = counted(size);
      return (reader) => uncompressedColumn(read(reader));
    }
    default:
      throw unknownColumn(context, `its type (number ${type})`);
  }
}

async function textReader(
  column: MappedColumn,
  read: (reader: ByteReader) => Buffer,
  context: ColumnContext,
): Promise<ValueReader> {
  const set = await characterSet(column, context);
  const lengthBytes = lengthBytesOf(column);
  const inexact = inexactText(column, set, context);
  if (isUtf8(set) && lengthBytes !== undefined) return countedText(lengthBytes, inexact);
  if (set !== 'binary') return decodedText(read, await context.characterSets.decoder(set), inexact);
  if (column.type !== typeCodes.string) return throughAscii((reader) => hexText(read(reader)));
  const whole = padded(read, column.size);
  const text = fixedBytesText(column, context);
  return throughAscii((reader) => text(whole(reader)));
}

/** MariaDB has types that come as BINARY(4) and BINARY(16); only the catalog tells them from those. */
function fixedBytesText({ size }: MappedColumn, context: ColumnContext): (bytes: Buffer) => string {
  if (context.flavour === 'mysql' || (size !== 4 && size !== 16)) return hexText;
  if (context.hint === undefined) throw unknownColumn(context, 'whether it is BINARY, UUID or INET');
  switch (nativeTypeOf(context.hint).base) {
    case 'uuid': {
      // A table from before 10.11.5 says so.
      const old = /\bold\b/i.test(context.hint.nativeType);
      return (bytes) => uuidText(bytes, old);
    }
    case 'inet4':
      return inet4Text;
    case 'inet6':
      return inet6Text;
    default:
      return hexText;
  }
}

async function labels(column: MappedColumn, context: ColumnContext): Promise<readonly string[]> {
  if (column.labels === undefined) {
    if (context.hint === undefined) throw unknownColumn(context, 'its labels');
    return labelsOf(context.hint.nativeType);
  }
  const set = await characterSet(column, context);
  const decode = await context.characterSets.decoder(set);
  return column.labels.map((bytes, index) => {
    const { text, isExact } = decode(bytes);
    if (!isExact) throw labelWithoutText(context, index + 1, set);
    return text;
  });
}

async function characterSet({ collation }: MappedColumn, context: ColumnContext): Promise<string> {
  if (collation === undefined) {
    if (context.hint === undefined) throw unknownColumn(context, 'its character set');
    return context.source?.characterSets.get(context.column) ?? 'binary';
  }
  const set = await context.characterSets.ofCollation(collation);
  if (set === undefined) throw unknownColumn(context, `its collation (number ${collation})`);
  return set;
}

function labelWithoutText(context: ColumnContext, number: number, set: string): TsmoltError {
  return new TsmoltError('TSM3008', {
    message: `${placeOf(context)}: label ${number} has bytes that are no text in ${set}, which no target can hold`,
    advice:
      'Leave the table out with --table-exclusion-filter, or give the label another name on the source and load the table again.',
  });
}

function placeOf({ name, column }: ColumnContext): string {
  return `${displayName(name)}: column ${column}`;
}

function unknownColumn(context: ColumnContext, what: string): TsmoltError {
  return new TsmoltError('TSM5006', {
    message: `${placeOf(context)}: neither the binary log nor the catalog tells ${what}`,
    advice:
      'Set binlog_row_metadata=FULL on the source; where the column was altered after the change that is read, run the ' +
      'data load again.',
  });
}
