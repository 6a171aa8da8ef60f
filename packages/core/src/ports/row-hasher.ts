import type { Table } from '../schema.js';
import type { LogicalType } from '../types.js';

/**
 * How a row becomes a digest of two numbers. Both sides must use the same one. A row is the canonical texts of its columns,
 * set off from each other as `textFraming` says; beside itself PostgreSQL uses its own text of a row.
 * - `hash-extended`: two 64-bit `hashtextextended` values, summed. Fastest; PostgreSQL 11 and later only.
 * - `md5`: the first 112 bits of MD5 as two numbers of 56 bits, summed. PostgreSQL, CockroachDB, MariaDB, MySQL up to 8.4.
 * - `sha256`: the same of SHA-256. All engines, MySQL 9 among them.
 */
export type HashAlgorithm = 'hash-extended' | 'md5' | 'sha256';

export interface HashRequest {
  readonly table: Table;
  readonly columns: readonly HashColumn[];
  readonly algorithm: HashAlgorithm;
  /** Hash only the rows that fulfil this condition, in the engine's own SQL (`--filter-path`). */
  readonly condition?: string;
  readonly signal: AbortSignal;
}

export interface HashColumn {
  readonly name: string;
  /** The type whose canonical text is hashed: the same on both sides, whatever the column's own type is there. */
  readonly type: LogicalType;
}

/**
 * An order-free digest of a set of rows: how many they are, and two sums over their hashes. Equal digests mean equal rows.
 *
 * The sums are of numbers of 56 or 64 bits and exact, so that nothing cancels out as it does in an exclusive or, where two equal
 * rows are none. Two sets that differ pass for equal if both sums happen to meet. With hashes that are independent and
 * evenly spread that has a chance of 2^-112 (`md5`, `sha256`) or 2^-128 (`hash-extended`) for sets that differ in one row, and of
 * not more for sets that differ in several: whatever the other rows are, the last one would have to hit two given
 * numbers. A table of 10^9 rows in ranges with 256 buckets each makes some 10^7 such comparisons: 2^-88 at worst.
 *
 * `hash-extended` is no cryptographic hash, and its two numbers are of one text with two seeds: who chooses the rows could make
 * them collide. Nobody does so here: rows differ because something went wrong.
 */
export interface RowsDigest {
  readonly rows: bigint;
  /** Two numbers in hexadecimal, joined by a dot. */
  readonly digest: string;
}

/** Hashes rows where they are. */
export interface RowHasher {
  /** In order of preference. */
  readonly algorithms: readonly HashAlgorithm[];
  /** False for types whose text this engine prints in its own way: such columns need a comparison by meaning. */
  canHash(type: LogicalType): boolean;
  hashRows(request: HashRequest): Promise<RowsDigest>;
}

/** Puts together what a server's aggregate printed: sums wrap at 128 bits, so that they have one form. */
export function rowsDigest(rows: string, firstSum: string, secondSum: string): RowsDigest {
  const hex = (sum: string): string => BigInt.asUintN(128, BigInt(sum)).toString(16);
  return { rows: BigInt(rows), digest: `${hex(firstSum)}.${hex(secondSum)}` };
}
