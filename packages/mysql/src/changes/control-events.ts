import type { ByteReader } from './byte-reader.js';
import { eventCodes } from './binlog-codes.js';
import type { Gtid } from './progress.js';
import { uncompressed } from './row-events.js';
import { xidName } from './statements.js';

/** The start of a transaction. */
export interface GtidEvent {
  readonly gtid: Gtid;
  /** Milliseconds since 1970; undefined where the event does not say. */
  readonly committedAt: number | undefined;
  /** MariaDB has no BEGIN: whether more than one statement follows, up to an event that ends them. */
  readonly begun: boolean;
  /** MariaDB: the group ends with a prepared transaction. */
  readonly prepares: boolean;
}

const uuidBytes = 16;

/** Names of sources, of which the same comes again and again. */
export class SourceNames {
  readonly #bytes = Buffer.alloc(uuidBytes);
  #text = uuidOf(this.#bytes);

  /** The UUID that lies at a reader's place. */
  read(reader: ByteReader): string {
    const { buffer, offset } = reader;
    reader.skip(uuidBytes);
    for (let index = 0; index < uuidBytes; index++) {
      if (this.#bytes[index] !== buffer[offset + index]) return this.#learn(buffer.subarray(offset, offset + uuidBytes)); // prettier-ignore
    }
    return this.#text;
  }

  #learn(bytes: Buffer): string {
    this.#bytes.set(bytes);
    this.#text = uuidOf(bytes);
    return this.#text;
  }
}

/** Its text is asked for only where something is wrong. */
class ServerGtid implements Gtid {
  readonly source: string;
  readonly number: bigint;

  constructor(source: string, number: bigint) {
    this.source = source;
    this.number = number;
  }

  get text(): string {
    return `${this.source}:${this.number}`;
  }
}

/** Source: `Gtid_event` in MySQL's `control_events.h`. */
export function readGtid(reader: ByteReader, sources: SourceNames): GtidEvent {
  reader.skip(1);
  const source = sources.read(reader);
  const number = reader.uint64();
  // Type, last_committed and sequence_number of the logical clock, then the time of the commit here.
  const committedAt = reader.left >= 24 ? commitTime(reader) : undefined;
  return { gtid: new ServerGtid(source, number), committedAt, begun: false, prepares: false };
}

/** Microseconds in 55 bits; the highest bit says that the time of the first server follows. */
function commitTime(reader: ByteReader): number {
  reader.skip(17);
  const low = reader.uint(6);
  return Math.floor((low + (reader.uint8() & 0x7f) * 2 ** 48) / 1000);
}

/** Fields of a tagged GTID, by number. Source: `Gtid_event::define_fields` in MySQL's `control_events.h`. */
const taggedFields = { flags: 0, uuid: 1, number: 2, tag: 3 } as const;

/** MySQL 8.3 writes transactions with a tag in a form of their own. @throws RangeError for an unknown form */
export function readTaggedGtid(reader: ByteReader): GtidEvent {
  if (reader.serializedInteger() !== 1n) throw new RangeError('a tagged GTID is written in an unknown form');
  reader.serializedInteger();
  reader.serializedInteger();
  let [uuid, tag, number] = ['', '', 0n];
  for (let last = -1; last < taggedFields.tag;) {
    last = Number(reader.serializedInteger());
    if (last === taggedFields.flags) reader.serializedInteger();
    else if (last === taggedFields.uuid) {
      uuid = uuidOf(Buffer.from(Array.from({ length: uuidBytes }, () => Number(reader.serializedInteger()))));
    } else if (last === taggedFields.number) number = reader.serializedInteger() >> 1n;
    else if (last === taggedFields.tag) tag = reader.text(Number(reader.serializedInteger()));
  }
  const source = tag === '' ? uuid : `${uuid}:${tag}`;
  return { gtid: new ServerGtid(source, number), committedAt: undefined, begun: false, prepares: false };
}

/** Source: `Gtid_log_event` in MariaDB's `log_event.h`. @param server from the event's head */
export function readMariadbGtid(reader: ByteReader, server: number): GtidEvent {
  const number = reader.uint64();
  const source = String(reader.uint32());
  const flags = reader.uint8();
  return {
    gtid: { source, number, text: `${source}-${server}-${number}` },
    committedAt: undefined,
    begun: (flags & 0x01) === 0,
    prepares: (flags & 0x40) !== 0,
  };
}

/** A statement and the database of its session. */
export interface QueryEvent {
  readonly database: string;
  readonly statement: string;
}

export function readQuery(code: number, reader: ByteReader): QueryEvent {
  reader.skip(8);
  const databaseLength = reader.uint8();
  reader.skip(2);
  reader.skip(reader.uint16());
  const database = reader.text(databaseLength);
  reader.skip(1);
  const statement =
    code === eventCodes.queryCompressed
      ? uncompressed(reader.bytes(reader.left)).toString()
      : reader.text(reader.left);
  return { database, statement };
}

/** The end of a branch of a distributed transaction: prepared, or committed at once. */
export interface XaPrepareEvent {
  readonly xid: string;
  readonly onePhase: boolean;
}

export function readXaPrepare(reader: ByteReader): XaPrepareEvent {
  const onePhase = reader.uint8() !== 0;
  const format = reader.uint32();
  const [gtridLength, bqualLength] = [reader.uint32(), reader.uint32()];
  const gtrid = reader.bytes(gtridLength).toString('hex');
  return { xid: xidName(gtrid, reader.bytes(bqualLength).toString('hex'), format), onePhase };
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
