import { displayName, RowEncoder, TsmoltError } from '@tsmolt/core';
import type { ChangeEvent, TableName } from '@tsmolt/core';
import { eventCodes } from './binlog-codes.js';
import type { ByteReader } from './byte-reader.js';
import {
  readGtid, readMariadbGtid, readQuery, readTaggedGtid, readXaPrepare, SourceNames,
} from './control-events.js'; // prettier-ignore
import type { GtidEvent } from './control-events.js';
import type { Neighbours } from './neighbours.js';
import { newTable } from './new-table.js';
import type { Gtid, Progress } from './progress.js';
import {
  branchesTooLarge,
  branchUnknown,
  cutOff,
  rolledBack,
  statementFormat,
  withoutGtid,
} from './refused-transactions.js';
import { isRowEvent, readRowEvent } from './row-events.js';
import { meaningOf } from './statements.js';
import type { StatementMeaning, WantedNames } from './statements.js';
import { refusedEvent } from './stream-errors.js';
import type { WantedTables } from './wanted-tables.js';

/** The head of an event. */
export interface EventHead {
  readonly code: number;
  /** Milliseconds since 1970, in whole seconds. */
  readonly at: number;
  readonly server: number;
  readonly flags: number;
}

export interface TransactionReaderOptions {
  readonly tables: WantedTables;
  readonly names: WantedNames;
  readonly neighbours: Neighbours;
  readonly progress: Progress;
  /** The bytes that transactions may take which are prepared and not committed. */
  readonly preparedBytes: number;
  push(event: ChangeEvent, bytes?: number): void;
  /** A transaction has ended that gave the reader nothing. */
  advanced(): void;
}

/** What of a distributed transaction waits for its commit. */
interface Branch {
  readonly events: { readonly event: ChangeEvent; readonly bytes: number }[];
  gtid?: Gtid;
}

/** A transaction that is being read. */
interface Open extends Omit<GtidEvent, 'begun'> {
  /** Whether the reader was given something of it. */
  given: boolean;
  /** Between BEGIN and its end: a statement does not end it. */
  begun: boolean;
  /** Of a distributed transaction: held back until it is known to be committed. */
  branch?: { readonly xid: string; readonly held: Branch };
}

/** Flag of events that a reader may leave out if it does not know them (`LOG_EVENT_IGNORABLE_F`). */
const ignorableFlag = 0x80;

/** The number of the table in an event without rows that only ends a statement. */
const noTable = 0xff_ffff;

/** Makes changes out of the events of the binary log, in their order, with commits and positions. */
export class TransactionReader {
  readonly #options: TransactionReaderOptions;
  readonly #branches = new Map<string, Branch>();
  #branchBytes = 0;
  readonly #encoder = new RowEncoder();
  readonly #sources = new SourceNames();
  #open: Open | undefined;

  constructor(options: TransactionReaderOptions) {
    this.#options = options;
  }

  /** Whether the stream stands inside a transaction of which the reader has something. */
  get insideGiven(): boolean {
    return this.#open?.given === true;
  }

  /**
   * Takes one event.
   *
   * @param reader behind the head, without the checksum
   * @returns a promise where the catalog has to be asked: until it resolves no other event may be given
   * @throws TsmoltError for what cannot be replicated
   */
  take(head: EventHead, reader: ByteReader): Promise<void> | undefined {
    if (isRowEvent(head.code)) return this.#rows(head, reader);
    switch (head.code) {
      case eventCodes.tableMap:
        return this.#tableMap(reader);
      case eventCodes.gtid:
        return this.#begin(readGtid(reader, this.#sources));
      case eventCodes.taggedGtid:
        return this.#begin(readTaggedGtid(reader));
      case eventCodes.mariadbGtid:
        return this.#begin(readMariadbGtid(reader, head.server));
      case eventCodes.query:
      case eventCodes.queryCompressed:
        return this.#query(head, reader);
      case eventCodes.xid:
        return this.#commit(head);
      case eventCodes.xaPrepare:
        return this.#prepare(head, reader);
      case eventCodes.partialUpdateRows:
        return this.#options.tables.shape(reader.uint(6)) === undefined ? undefined : this.#other(head);
      default:
        return this.#other(head);
    }
  }

  #tableMap(reader: ByteReader): Promise<void> | undefined {
    const id = reader.uint(6);
    reader.skip(2);
    if (this.#options.tables.isSame(id, reader)) return undefined;
    const unknown = this.#options.tables.takeNew(reader);
    const learned = this.#options.tables.map(id, reader);
    return unknown === undefined ? learned : this.#tellNew(unknown);
  }

  #other({ code, flags }: EventHead): undefined {
    const gtid = this.#open?.gtid.text;
    const refused = refusedEvent(code, gtid);
    if (refused !== undefined) throw refused;
    if (!passedOver.has(code) && (flags & ignorableFlag) === 0) {
      throw refusedEvent(undefined, gtid) ?? new RangeError(`unknown event ${code}`);
    }
    return undefined;
  }

  #begin(event: GtidEvent): undefined {
    // A group that ends without a word has nothing in it that is ours: DDL and XA END it themselves.
    if (this.#open !== undefined) this.#finish(this.#open, undefined);
    this.#options.tables.tidy();
    this.#open = { ...event, given: false };
    return undefined;
  }

  #rows({ code }: EventHead, reader: ByteReader): undefined {
    const id = reader.uint(6);
    reader.skip(2);
    const shape = id === noTable ? undefined : this.#options.tables.shape(id);
    if (shape === undefined) {
      this.#options.tables.passOver(id, code, reader);
      return undefined;
    }
    const open = this.#opened();
    this.#located(shape.changed.name, () =>
      readRowEvent(code, reader, shape, {
        encoder: this.#encoder,
        take: (mutation, bytes) => this.#give(open, mutation, bytes),
      }),
    );
    return undefined;
  }

  /** Adds to an error where it happened. */
  #located(name: TableName, work: () => void): void {
    try {
      work();
    } catch (thrown) {
      const place = `transaction ${this.#open?.gtid.text ?? ''}`;
      if (thrown instanceof TsmoltError) throw thrown.at(place);
      const words = thrown instanceof Error ? thrown.message : String(thrown);
      throw new TsmoltError('TSM5006', {
        message: `${place}: ${displayName(name)}: a row cannot be read: ${words}`,
        advice: 'This is not a case tsmolt knows: please report it with the definition of the table.',
        cause: thrown,
      });
    }
  }

  #give(open: Open, event: ChangeEvent, bytes?: number): void {
    if (open.branch === undefined) {
      open.given = true;
      this.#options.push(event, bytes);
      return;
    }
    const size = bytes ?? 0;
    open.branch.held.events.push({ event, bytes: size });
    this.#branchBytes += size;
    if (this.#branchBytes > this.#options.preparedBytes) throw branchesTooLarge(open.branch.xid, this.#options.preparedBytes); // prettier-ignore
  }

  #query(head: EventHead, reader: ByteReader): Promise<void> | undefined {
    const { database, statement } = readQuery(head.code, reader);
    const open = this.#opened();
    const meaning = meaningOf(statement, database, this.#options.names);
    const reason = meaning.kind === 'foreign rows' ? this.#options.neighbours.reason(meaning) : undefined;
    if (reason instanceof Promise)
      return reason.then((found) => this.#carryOut(open, meaning, { head, statement, reason: found }));
    this.#carryOut(open, meaning, { head, statement, reason });
    return undefined;
  }

  #carryOut(open: Open, meaning: StatementMeaning, { head, statement, reason }: QueryContext): void {
    switch (meaning.kind) {
      case 'begin':
        open.begun = true;
        return;
      case 'commit':
        this.#commit(head);
        return;
      case 'rollback':
      case 'rollback to savepoint':
        if (open.given || (open.branch?.held.events.length ?? 0) > 0) throw rolledBack(open.gtid);
        if (meaning.kind === 'rollback') this.#commit(head);
        return;
      case 'xa start':
        open.begun = true;
        open.branch = { xid: meaning.xid, held: { events: [] } };
        return;
      case 'xa commit':
        this.#commitBranch(open, meaning.xid);
        break;
      case 'xa rollback':
        this.#settle(meaning.xid);
        break;
      case 'rows':
        this.#give(open, statementFormat({ gtid: open.gtid, table: meaning.table, statement }));
        break;
      case 'foreign rows':
        if (reason !== undefined)
          this.#give(open, statementFormat({ gtid: open.gtid, table: '', statement, reason }));
        break;
      case 'program':
        this.#options.neighbours.forget();
        break;
      case 'ddl':
      case 'truncate':
        this.#define(open, meaning, statement);
        break;
      case 'nothing':
    }
    if (!open.begun) this.#commit(head);
  }

  #define(open: Open, meaning: Extract<StatementMeaning, { tables: unknown }>, statement: string): void {
    const tables = meaning.tables.flatMap((name) => this.#options.tables.nameOf(name) ?? []);
    this.#give(open, { ...meaning, tables, statement });
    if (meaning.kind === 'ddl') this.#options.tables.forget();
  }

  async #tellNew(name: TableName): Promise<void> {
    const open = this.#opened();
    const isThere = await this.#options.tables.exists(name);
    this.#give(open, newTable(name, isThere, this.#options));
  }

  #prepare(head: EventHead, reader: ByteReader): undefined {
    const open = this.#opened();
    const { xid, onePhase } = readXaPrepare(reader);
    const held = open.branch?.held ?? { events: [] };
    delete open.branch;
    if (onePhase) {
      this.#release(open, held);
      return this.#commit(head);
    }
    held.gtid = open.gtid;
    this.#branches.set(xid, held);
    this.#options.progress.withhold(open.gtid);
    this.#open = undefined;
    this.#options.advanced();
    return undefined;
  }

  #commitBranch(open: Open, xid: string): void {
    const held = this.#branches.get(xid);
    if (held === undefined) throw branchUnknown(open.gtid, xid);
    this.#release(open, held);
    this.#settle(xid);
  }

  #release(open: Open, held: Branch): void {
    for (const { event, bytes } of held.events) {
      this.#branchBytes -= bytes;
      this.#give(open, event, bytes);
    }
    held.events.length = 0;
  }

  #settle(xid: string): void {
    const held = this.#branches.get(xid);
    this.#branches.delete(xid);
    if (held?.gtid === undefined) return;
    for (const { bytes } of held.events) this.#branchBytes -= bytes;
    this.#options.progress.settle(held.gtid);
  }

  #commit(head: EventHead): undefined {
    const open = this.#opened();
    this.#finish(open, head);
    this.#open = undefined;
    return undefined;
  }

  #finish(open: Open, head: EventHead | undefined): void {
    if (head === undefined && (open.given || open.branch !== undefined)) throw cutOff(open.gtid);
    const { progress } = this.#options;
    progress.add(open.gtid);
    const at = open.committedAt ?? head?.at ?? 0;
    if (open.given) this.#options.push({ kind: 'commit', position: progress.position, committedAt: at });
    else this.#options.advanced();
  }

  #opened(): Open {
    const open = this.#open;
    if (open === undefined) throw withoutGtid();
    if (open.prepares && open.branch === undefined) open.branch = { xid: '', held: { events: [] } };
    return open;
  }
}

interface QueryContext {
  readonly head: EventHead;
  readonly statement: string;
  /** Why a statement of another database may have changed rows of this one. */
  readonly reason: string | undefined;
}

/** Events that hold nothing of ours. */
const passedOver: ReadonlySet<number> = new Set([
  eventCodes.stop, eventCodes.rotate, eventCodes.formatDescription, eventCodes.heartbeat, eventCodes.heartbeatV2,
  eventCodes.ignorable, eventCodes.rowsQuery, eventCodes.previousGtids, eventCodes.transactionContext,
  eventCodes.viewChange, eventCodes.annotateRows, eventCodes.binlogCheckpoint, eventCodes.mariadbGtidList,
  eventCodes.startEncryption,
  // Variables of statements: the statements themselves decide.
  5, 13, 14,
]); // prettier-ignore
