import type { Table } from '../schema.js';
import type { HashAlgorithm, HashColumn, RowsDigest } from './row-hasher.js';

/** Values as canonical text, in the order of the columns that were asked for; null for NULL. */
export type RowText = readonly (string | null)[];

/**
 * Keys that lie behind one and up to another, in the order of their values. An end that is missing is open.
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
  /** The columns that identify a row, by their names on this side, with the types of the source. */
  readonly key: readonly HashColumn[];
  readonly range: KeyRange;
  /** Only rows that fulfil this condition, in the engine's own SQL. */
  readonly condition?: string;
  readonly signal: AbortSignal;
}

export interface HashedSet extends RowSet {
  /** The columns whose canonical texts are hashed together. */
  readonly columns: readonly HashColumn[];
  readonly algorithm: HashAlgorithm;
  /** Rows are dealt out among this many buckets by their hash: an equal row falls into the same bucket on every engine. */
  readonly buckets: number;
}

export interface HashedRow {
  readonly key: RowText;
  /** Two numbers in hexadecimal, joined by a dot: the row's share of a `RowsDigest`. */
  readonly hash: string;
}

/** Compares rows where they are; built for tables of which almost every row is equal. */
export interface RowVerifier {
  /** Keys that cut the table into ranges of about `rows` rows, ascending and distinct. */
  keyBounds(set: RowSet, rows: number): Promise<RowText[]>;
  /** Digests by bucket in one scan of the range. A bucket without rows is left out. */
  hashBuckets(set: HashedSet): Promise<ReadonlyMap<number, RowsDigest>>;
  /** Key and hash of each row in these buckets, in no order. */
  hashRows(set: HashedSet, buckets: readonly number[]): AsyncIterable<HashedRow>;
  /** The values of the columns of the rows with these keys, the key's own first; rows that are gone are left out. */
  readRows(set: RowSet, columns: readonly HashColumn[], keys: readonly RowText[]): Promise<RowText[]>;
  /** The values of the columns of every row of the range, the key's own first, in no order. */
  scanRows(set: RowSet, columns: readonly HashColumn[]): AsyncIterable<RowText>;
}
