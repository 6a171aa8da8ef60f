import { TsmoltError } from '../errors.js';
import type { ErrorDetails } from '../errors.js';
import type { TableName } from '../names.js';
import type { PartialOrder } from '../positions/partial-order.js';
import type { ChangeValue } from '../rows/change-value.js';
import type { EncodedRow } from '../rows/encoded-row.js';
import type { UnrepresentablePolicy } from './snapshot-source.js';
import type { TransactionSpill } from './transaction-spill.js';

/** The shape in which the stream announced a table. One object is shared by all its changes until the shape changes. */
export interface ChangedTable {
  readonly name: TableName;
  readonly columns: readonly string[];
  /** Where in `columns` the values lie that identify a row on the source. Empty for a table without such. */
  readonly key: readonly number[];
  /** Columns of the table that its changes never carry: generated ones, where the source leaves them out. */
  readonly omitted?: readonly string[];
}

/** One changed row. Values are in the order of `table.columns`. */
export interface Mutation {
  /**
   * `upsert` has every column of the row, and makes it so whether it was there or not; `update` has some of them, for a
   * row that has to be there; `delete` has at least the key.
   */
  readonly kind: 'upsert' | 'update' | 'delete';
  /** The source inserted the row: it had none of that key before. */
  readonly fresh?: true;
  readonly table: ChangedTable;
  readonly values: readonly ChangeValue[];
  /**
   * The same values as they came, of an upsert without `oldKey`, where they were not made values yet: asking for `values`
   * would do that.
   */
  readonly encoded?: EncodedRow;
  /** The values of `table.key` before the change, where the change gave the row another key. */
  readonly oldKey?: readonly ChangeValue[];
  /** As much of the row before the change as the source sends. */
  readonly before?: readonly ChangeValue[];
}

/** What changed and is not a row. */
export type SchemaEvent =
  | { readonly kind: 'truncate'; readonly tables: readonly TableName[]; readonly statement: string }
  /** `statement` as the source wrote it, or a sentence where the stream only shows the result. */
  | {
      readonly kind: 'ddl';
      readonly tables: readonly TableName[];
      readonly statement: string;
      /** The tables were made, and nothing else: who has them has nothing to do. */
      readonly creates?: true;
      /** Rows of the tables went, or others took their place, and no change of rows tells it. */
      readonly replacesRows?: true;
      /**
       * It changed rows, or may have, and no change of rows tells which: it must not be passed over unless a person has accepted
       * that, whom these words tell what to do else.
       */
      readonly changesRows?: Pick<ErrorDetails, 'message' | 'advice'>;
      /** The tables were not there when the stream was opened: their changes are left out of it. */
      readonly isNew?: true;
      /** With `isNew`: nor are they there now. They were dropped or renamed after these changes. */
      readonly isGone?: true;
      /** With `isNew`: it is a partition of this table now, under whose name its later changes come. */
      readonly partitionOf?: TableName;
      /** What to do where the user of the connection may not see a table that has been there all the time. */
      readonly ifHidden?: string;
      /** Where the stream only shows the result: what is to be recognized when it is told again. */
      readonly alteration?: Alteration;
    };

/** How a table came from one shape to another, as far as its rows show. */
export interface Alteration {
  /** In words that are the same whenever it is told. */
  readonly differences: readonly string[];
  /** A position at which the table still had its former shape. */
  readonly since: string;
  /** A later one, at which it had the new shape. */
  readonly by: string;
}

/** Ends the transaction to which all events since the last one belong. */
export interface CommitEvent {
  readonly kind: 'commit';
  /** Where the next transaction starts. */
  readonly position: string;
  /** Milliseconds since 1970, by the source's clock. */
  readonly committedAt: number;
}

/** Says, outside of any transaction, that the source has come so far. */
export interface HeartbeatEvent {
  readonly kind: 'heartbeat';
  readonly position: string;
  /** By the source's clock. */
  readonly at: number;
}

export type ChangeEvent = Mutation | SchemaEvent | CommitEvent | HeartbeatEvent;

/** What came at once: events cross in bunches, because crossing costs more than most of them. */
export interface ChangeChunk {
  readonly events: readonly ChangeEvent[];
  /** About what the events hold in memory. */
  readonly bytes: number;
}

/** Tables that should be replicated and cannot be. */
export interface LeftOutTables {
  readonly tables: readonly TableName[];
  /** Called for each changed row as it is read. */
  readonly onChange: (table: TableName) => void;
}

/**
 * Which of the server's sessions reads a stream, where the server lets one read at a time: a process that takes the stream over
 * finds the one before it there, when that was frozen or cut off and the server has not noticed.
 */
export interface RememberedReader {
  /**
   * What was saved last, by this process or by one before it. That session is ended where it still reads: whoever answers
   * holds the lease of the stream.
   *
   * @throws TsmoltError `TSM7003` where it does not any more
   */
  load(): Promise<string | undefined>;
  /** Called before the session begins to read. @throws TsmoltError as `load` */
  save(session: string): Promise<void>;
}

export interface ChangeOptions {
  /** The tables whose changes are wanted, as the catalog showed them. Others are left out. */
  readonly tables: readonly TableName[];
  /** The tables that are there and not wanted; given, a `ddl` event tells of changes of a table that is in neither list. */
  readonly others?: readonly TableName[];
  /** Those of the others that lack a key: what of their changes the stream shows is counted. */
  readonly leftOut?: LeftOutTables;
  /** Bytes of events that may lie between the server and the reader. */
  readonly bufferBytes: number;
  readonly unrepresentable: UnrepresentablePolicy;
  /** Called for each value, as it is read, that the policy has replaced; rows before a change have such values, too. */
  readonly onReplaced?: (table: TableName, column: string) => void;
  /** Called while the stream is read, with a sentence that a person should read. */
  readonly onWarning?: (message: string) => void;
  /** What `shapes` of an earlier source of this stream said last. */
  readonly shapes?: string;
  /** A slot and a publication, where the engine has them. */
  readonly slot?: string;
  readonly publication?: string;
  readonly reader?: RememberedReader;
  /** How often the server is told how far its changes are durable. */
  readonly acknowledgeEveryMs: number;
  /** Names this replica among others, where the engine wants a number. */
  readonly processId?: number;
  /**
   * Takes large transactions while they run, so that the server need not keep them until their end. Without it, or where the
   * server cannot send them so early, each one comes when it has been committed.
   */
  readonly spill?: TransactionSpill;
  /** Memory in which the server may put large transactions together before it writes them to its disk, where it can be told. */
  readonly decodingBytes?: number;
  /** Ask the catalog for the names of columns, where the stream does not have them (`--fetchMetadata`). */
  readonly fetchMetadata?: boolean;
}

/** `TSM5003` of a stream that is opened, or whose table lost its key: these of its tables cannot be replicated, because nothing identifies their rows. */
export class TablesWithoutKey extends TsmoltError {
  readonly tables: readonly TableName[];

  constructor(tables: readonly TableName[], details: ErrorDetails) {
    super('TSM5003', details);
    this.tables = tables;
  }
}

/** What the reference calls a replication from such a source. */
export interface StreamNames {
  /** The command of `replicator`, which begins the names of its metrics (`pglogical`). */
  readonly command: string;
  /** How the key of its checkpoint begins, in the memo table of the staging schema; the target's schema follows. */
  readonly memoPrefix: string;
  /** What the log says before a position that was reached. */
  readonly progressMessage: string;
}

/** The log in which a database keeps its changes. */
export interface ChangeLog {
  readonly names: StreamNames;
  /** The end of the log now: whatever was committed before this call lies before it. */
  currentPosition(): Promise<string>;
  /** @throws TsmoltError `TSM1004` for a text that is no position of this engine */
  compare(left: string, right: string): PartialOrder;
}

/**
 * The committed changes of a database.
 *
 * Guarantees: transactions come in commit order, whole, each at least once; nothing is skipped between the position
 * asked for and the first one given. A position that the server no longer has is an error, never another position.
 */
export interface ChangeSource extends Omit<ChangeLog, 'names'> {
  /** Identifies server and stream: a checkpoint of another one must not be used. */
  readonly identity: string;
  /**
   * Which of its histories the server is in, where a restore or a failover begins another one; empty where it may go from one
   * to the next while it is read.
   */
  readonly history?: string;
  /** @throws TsmoltError `TSM5005` where the server's history left that one before the position, which is not in it */
  refuseLeft?(history: string, position: string): Promise<void>;
  /** What the server was told to give out, for `alteredSince` of a later process. */
  readonly setup?: string;
  /** @returns in words, what may be missing because of that, where the server was told otherwise since */
  alteredSince?(setup: string): string | undefined;
  /** What a reader should know about the source's settings, and what opening it took. */
  readonly warnings: readonly string[];
  /**
   * @param from a position of this source; undefined for the one that the server remembers, where it does
   * @throws TsmoltError `TSM5005` when the server no longer has the position, `TSM5006` for what cannot be read,
   *   kind `retry` when the connection is lost: the next call goes on
   */
  changes(from: string | undefined, signal: AbortSignal): AsyncIterable<ChangeChunk>;
  /** Lets the server forget what lies before the position. Call it only for what the target has made durable. */
  acknowledge(position: string): void;
  /**
   * What the tables have looked like, as far as the stream has been read: for `ChangeOptions.shapes` of a source that is opened
   * later, which then tells of what was altered meanwhile as if it had been read all the time. Whoever keeps it has to do so
   * before an end of a transaction becomes where to go on; that it knows more than what lies before there does no harm. It is
   * small, and seldom another one. Unset where the stream carries the statements.
   */
  readonly shapes?: string;
  /** How much log the source keeps for this stream, and how much it may keep; for a warning before its disk is full. */
  retained?(): Promise<{ readonly bytes: number; readonly limit?: number; readonly state: string }>;
  close(): Promise<void>;
}
