import type { Readable } from 'node:stream';
import type { Table } from '../schema.js';
import type { CopyFormat } from './bulk-target.js';
import type { RowHasher } from './row-hasher.js';

export interface SnapshotOptions {
  /** The tables that will be exported: they are kept from being altered, truncated or dropped meanwhile. */
  readonly tables: readonly Table[];
  /** False for `--ignore-replication-check`: no position is asked for, and `cursor` is empty. */
  readonly wantCursor: boolean;
  /** Create a replication slot and take the snapshot from it, so that no change lies between the two. */
  readonly replication?: ReplicationSetup;
  /** Connections that may be used at the same time. */
  readonly maxConnections: number;
  /** The `identity` of an earlier snapshot: this one is to show the same rows, and `continues` says whether it does. */
  readonly resume?: string;
  /** What becomes of values that no target can hold. */
  readonly unrepresentable: UnrepresentablePolicy;
  /** How long the source is asked to keep the snapshot's rows, where it has to be asked. */
  readonly protection: { readonly durationMs: number; readonly refreshMs: number };
}

/**
 * What becomes of a value that exists on the source and in no target (MySQL's zero dates, times beyond a day, and bytes that
 * are no text in their character set):
 * - `reject`: the export fails with an error that names table, key and column;
 * - `null`: it becomes NULL;
 * - `clamp`: it becomes the nearest value that can be held (`0000-00-00` the first of January of year 1; a text
 *   with substitutes for what is no character).
 */
export const unrepresentablePolicies = ['reject', 'null', 'clamp'] as const;
export type UnrepresentablePolicy = (typeof unrepresentablePolicies)[number];

export interface ReplicationSetup {
  readonly slot: string;
  /** Drop publication and slot first where they exist. */
  readonly recreate: boolean;
}

export interface ShardOptions {
  /** How many shards are wanted (`--export-concurrency`); there may be fewer. */
  readonly shards: number;
  /** About how many rows one range of a shard should hold (`--row-batch-size`). */
  readonly rowsPerRange: number;
  /** Cut by the engine's statistics instead of evenly between the smallest and the largest key. */
  readonly useStatistics: boolean;
}

/** A part of a table that is exported by one worker: its ranges, in order. */
export interface Shard {
  /** 1-based, as in the names of files. */
  readonly number: number;
  readonly ranges: readonly RowRange[];
}

/** A set of rows as a condition in the source's own SQL. The ranges of a table do not overlap and leave out no row. */
export interface RowRange {
  readonly condition: string;
}

export interface ShardPlan {
  readonly shards: readonly Shard[];
  /** How the table was cut, as a line of the log (`sharding by ranges of pages`, `one shard`). */
  readonly method: string;
  /** Why the wanted method was not used, where it was not. */
  readonly warnings: readonly string[];
}

export interface ExportRequest {
  readonly table: Table;
  readonly columns: readonly string[];
  readonly range: RowRange;
  /** Rows that the user wants, as a condition in the source's own SQL (`--filter-path`). */
  readonly filter?: string;
  readonly format: CopyFormat;
  readonly signal: AbortSignal;
}

/** Bytes as the server formatted them. */
export interface ExportStream {
  readonly stream: Readable;
  /** The server's own count of the rows it sent. Call it after the stream has ended. */
  rows(): number;
  /** Values that were replaced by the policy for unrepresentable ones, by column. Call it after the stream has ended. */
  substitutions?(): ReadonlyMap<string, number>;
}

/**
 * One consistent point of a whole database.
 *
 * Guarantees: every export, from whatever connection, sees the same rows; a range may be exported again and gives the
 * same rows again; changes that are not in the snapshot lie after `cursor`. (Without a slot the cursor is taken before
 * the snapshot: changes between the two are in both, and a replicator that applies them again changes nothing.)
 */
export interface SnapshotSource {
  /** Where replication has to start: MOLT's `cdc_cursor`. Empty where it was not asked for. */
  readonly cursor: string;
  /** What a later snapshot needs in order to tell whether it shows the same rows as this one. */
  readonly identity: string;
  /** True when a snapshot was to be resumed and this one is proved to show exactly its rows. */
  readonly continues: boolean;
  /** What a reader should know about this snapshot and its cursor. */
  readonly warnings: readonly string[];
  /** In order of preference. */
  readonly exportFormats: readonly CopyFormat[];
  /** Hashes rows inside the snapshot. */
  readonly rowHasher: RowHasher;
  /** Bytes of memory that one export of the table may hold at a time: the longest row counts where rows come whole. */
  bufferBytes(table: Table): Promise<number>;
  planShards(table: Table, options: ShardOptions): Promise<ShardPlan>;
  /** @throws TsmoltError of kind `retry` when the connection is lost but the snapshot still stands */
  export(request: ExportRequest): Promise<ExportStream>;
  /**
   * Ends the snapshot. With `failed`, what was created on the server for this run alone (a slot) is removed again; with
   * `resumable` it is kept for the run that goes on. Safe to call twice: the first call decides.
   */
  close(outcome: 'complete' | 'resumable' | 'failed'): Promise<void>;
}
