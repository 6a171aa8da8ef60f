import { typeCodes } from './binlog-codes.js';
import type { ByteReader } from './byte-reader.js';
import { openRowEvent } from './row-events.js';
import type { PresentColumns } from './row-events.js';
import type { MappedColumn } from './table-map.js';
import { decimalGroups } from './values/numbers.js';
import { lengthReader } from './values/strings.js';

/**
 * How many rows an event has, of a table whose rows nobody wants to read: it needs no catalog, and no value of them.
 *
 * @param reader behind the table's number and the flags
 * @throws RangeError for a type that is not known
 */
export function countRows(code: number, reader: ByteReader, columns: readonly MappedColumn[]): number {
  const { kind, first, second, rows } = openRowEvent(code, reader, columns.length);
  const skips = columns.map(skipOf);
  let count = 0;
  while (rows.left > 0) {
    const before = rows.offset;
    skipImage(rows, skips, first);
    if (kind === 'update') skipImage(rows, skips, second);
    if (rows.offset === before) throw new RangeError('rows without a column');
    count += 1;
  }
  return count;
}

type Skip = (reader: ByteReader) => void;

function skipImage(reader: ByteReader, skips: readonly Skip[], present: PresentColumns): void {
  const nulls = reader.bytes((present.count + 7) >> 3);
  let sent = 0;
  for (const [index, skip] of skips.entries()) {
    if ((((present.bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 0) continue;
    if ((((nulls[sent >> 3] ?? 0) >> (sent & 7)) & 1) === 0) skip(reader);
    sent += 1;
  }
}

const bytesOf = new Map<number, number>([
  [typeCodes.tiny, 1], [typeCodes.short, 2], [typeCodes.int24, 3], [typeCodes.long, 4], [typeCodes.longlong, 8],
  [typeCodes.float, 4], [typeCodes.double, 8], [typeCodes.year, 1], [typeCodes.date, 3], [typeCodes.time, 3],
  [typeCodes.datetime, 8], [typeCodes.timestamp, 4],
]); // prettier-ignore

/** Of those with a fraction, what comes before it. */
const wholeBytesOf = new Map<number, number>([
  [typeCodes.time2, 3], [typeCodes.datetime2, 5], [typeCodes.timestamp2, 4],
]); // prettier-ignore

function skipOf({ type, size, scale }: MappedColumn): Skip {
  const whole = wholeBytesOf.get(type);
  const fixed = bytesOf.get(type) ?? (whole === undefined ? undefined : whole + ((size + 1) >> 1));
  if (fixed !== undefined) return (reader) => void reader.pass(fixed);
  switch (type) {
    case typeCodes.decimal: {
      const groups = decimalGroups(size, scale);
      const bytes = [...groups.whole, ...groups.fraction].reduce((sum, group) => sum + group.bytes, 0);
      return (reader) => void reader.pass(bytes);
    }
    case typeCodes.bit:
      return (reader) => void reader.pass((size + 7) >> 3);
    case typeCodes.enum:
    case typeCodes.set:
      return (reader) => void reader.pass(size);
    case typeCodes.string:
    case typeCodes.varchar:
    case typeCodes.varcharCompressed:
      return counted(size > 255 ? 2 : 1);
    case typeCodes.blob:
    case typeCodes.blobCompressed:
    case typeCodes.json:
    case typeCodes.geometry:
    case typeCodes.vector:
      return counted(size);
    default:
      throw new RangeError(`the unknown type ${type}`);
  }
}

function counted(lengthBytes: number): Skip {
  const length = lengthReader(lengthBytes);
  return (reader) => void reader.pass(length(reader));
}
