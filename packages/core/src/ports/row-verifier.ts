import { stoppedOnRequest } from '../errors.js';
import type { Table } from '../schema.js';
import type { LogicalType } from '../types.js';
import type { HashAlgorithm, HashColumn, RowsDigest } from './row-hasher.js';

/** Values as canonical text, in the order of the columns that were asked for; null for NULL. */
export type RowText = readonly (string | null)[];

/**
 * Keys that lie behind one and up to another, in the order of their values. An end that is missing is open. A bound may have
 * fewer values than the key has columns: it is compared with as many.
 *
 * Only types whose values sort alike on every engine have ranges (`sortsAlike`): a range means the same rows everywhere.
 */
export interface KeyRange {
  readonly after?: RowText;
  readonly upTo?: RowText;
}

/** A set of rows on one side. */
export interface RowSet {
  readonly table: Table;
  /** The columns that identify a row, by their names on this side. There may be none. */
  readonly key: readonly HashColumn[];
  readonly range: KeyRange;
  /** Only rows that fulfil this condition, in the engine's own SQL. */
  readonly condition?: string;
  /** Fired, it ends the connection of a statement that runs. */
  readonly signal: AbortSignal;
}

export interface HashedSet extends RowSet {
  /** The columns whose canonical texts are hashed together. */
  readonly columns: readonly HashColumn[];
  readonly algorithm: HashAlgorithm;
}

/** Deals rows among `of` buckets by the values of columns. Equal values fall into the same bucket on every engine. */
export interface Dealing {
  /**
   * By the hash of the columns' texts; or by the remainder of whole numbers, which costs next to nothing and is asked before
   * a row is hashed: the first one, times 31, plus the next one, and so on, divided by `of`. It is never negative.
   */
  readonly by: 'hash' | 'remainder';
  readonly columns: readonly HashColumn[];
  readonly of: number;
}

/** The rows that fall into some of the buckets. */
export interface Share extends Dealing {
  readonly buckets: readonly number[];
}

export interface HashedRow {
  readonly key: RowText;
  /** Two numbers in hexadecimal, joined by a dot: the row's share of a `RowsDigest`. */
  readonly hash: string;
  /** Of the columns that were asked for besides. */
  readonly values: RowText;
}

/**
 * Compares rows where they are; built for tables of which almost every row is equal. Every statement reads only, so that it
 * may be repeated, and its result is held in memory: who asks for rows asks for a range or share of bounded size.
 */
export interface RowVerifier {
  /** Whether this engine puts values of a type that `sortsAlike` into the order that the others put them into. */
  sorts(type: LogicalType): boolean;
  /**
   * Keys that cut the set's range into ranges of about `rows` rows, ascending and distinct; none for one that has not more.
   * Asks no statistics, holds no sort of the whole table, and costs little beside hashing the same rows.
   *
   * With a key that is the front of a longer one (`RowSet.key`), the rows that share it stay in one range.
   */
  keyBounds(set: RowSet, rows: number): Promise<readonly RowText[]>;
  /** Digests by bucket, in one scan of the range. A bucket without rows is left out. Rows are dealt by all of their columns, or by remainder. */
  hashBuckets(set: HashedSet, dealing: Dealing): Promise<ReadonlyMap<number, RowsDigest>>;
  /** Each row of the share, in no order, with the values of these columns. */
  hashRows(set: HashedSet, share: Share, columns: readonly HashColumn[]): Promise<readonly HashedRow[]>;
  /** The values of the columns of the rows with these keys, the key's own first; rows that are gone are left out. */
  readRows(
    set: RowSet,
    columns: readonly HashColumn[],
    keys: readonly RowText[],
  ): Promise<readonly RowText[]>;
}

/**
 * Waits for a statement no longer than the signal allows: what fails then is the caller, whose pool breaks the connection.
 *
 * @throws TsmoltError `TSM1005` when the signal fired first
 */
export async function whileWanted<Result>(
  signal: AbortSignal,
  statement: () => Promise<Result>,
): Promise<Result> {
  if (signal.aborted) throw stoppedOnRequest();
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = () => reject(stoppedOnRequest());
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([statement(), stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
