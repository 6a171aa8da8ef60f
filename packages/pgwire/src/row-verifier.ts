import { displayName, rowsDigest } from '@tsmolt/core';
import type {
  HashAlgorithm,
  HashColumn,
  HashedRow,
  HashedSet,
  KeyRange,
  LogicalType,
  RowSet,
  RowsDigest,
  RowText,
  RowVerifier,
  Table,
} from '@tsmolt/core';
import type { SessionPool } from './session-pool.js';
import { quoteColumns, quoteIdentifier, quoteLiteral } from './sql.js';

/** What PostgreSQL and CockroachDB write in different ways. */
export interface VerifierDialect {
  /** The table as an item of FROM. */
  from(table: Table): string;
  /** The canonical text of a value; `name` is quoted. */
  canonicalText(name: string, type: LogicalType): string;
  /** The digest of a row as the expression that `parts` takes apart. */
  rowDigest(columns: readonly HashColumn[], algorithm: HashAlgorithm): string;
  /** The two numbers of a digest `h`. */
  parts(algorithm: HashAlgorithm): readonly [string, string];
}

/** Compares rows by SQL that PostgreSQL and CockroachDB share. */
export class PgwireRowVerifier implements RowVerifier {
  readonly #pool: SessionPool;
  readonly #dialect: VerifierDialect;

  constructor(pool: SessionPool, dialect: VerifierDialect) {
    this.#pool = pool;
    this.#dialect = dialect;
  }

  keyBounds(set: RowSet, rows: number): Promise<RowText[]> {
    const names = quoteColumns(set.key.map(({ name }) => name));
    return this.#rows(
      set,
      `SELECT ${this.#keyTexts(set.key).join(', ')} FROM (
        SELECT ${names}, row_number() OVER (ORDER BY ${names}) AS "row number" FROM ${this.#rowsOf(set)}
      ) AS numbered WHERE "row number" % ${rows} = 0 ORDER BY ${names}`,
    );
  }

  async hashBuckets(set: HashedSet): Promise<ReadonlyMap<number, RowsDigest>> {
    const rows = await this.#rows(
      set,
      `SELECT bucket, count(*), sum(a), sum(b) FROM (${this.#hashed(set, [])}) AS dealt GROUP BY bucket`,
    );
    return new Map(
      rows.map(([bucket, count, first, second]) => [
        Number(bucket),
        rowsDigest(count ?? '0', first ?? '0', second ?? '0'),
      ]),
    );
  }

  async *hashRows(set: HashedSet, buckets: readonly number[]): AsyncGenerator<HashedRow> {
    const rows = await this.#rows(
      set,
      `SELECT a, b, ${keyNames(set.key).join(', ')} FROM (${this.#hashed(set, this.#keyTexts(set.key))}) AS dealt
        WHERE bucket IN (${buckets.join(', ')})`,
    );
    for (const [first, second, ...key] of rows) yield { key, hash: `${first}.${second}` };
  }

  async readRows(set: RowSet, columns: readonly HashColumn[], keys: readonly RowText[]): Promise<RowText[]> {
    if (keys.length === 0) return [];
    const names = quoteColumns(set.key.map(({ name }) => name));
    const wanted = keys.map((key) => `(${literals(set.key, key)})`);
    const condition = `(${names}) IN (${wanted.join(', ')})`;
    return this.#rows(
      set,
      `SELECT ${this.#texts([...set.key, ...columns])} FROM ${this.#rowsOf(set)} AND ${condition}`,
    );
  }

  async *scanRows(set: RowSet, columns: readonly HashColumn[]): AsyncGenerator<RowText> {
    yield* await this.#rows(set, `SELECT ${this.#texts([...set.key, ...columns])} FROM ${this.#rowsOf(set)}`);
  }

  /** Bucket and the two numbers of each row, and what else is wanted. */
  #hashed(set: HashedSet, more: readonly string[]): string {
    const [first, second] = this.#dialect.parts(set.algorithm);
    const inner = [`${this.#dialect.rowDigest(set.columns, set.algorithm)} AS h`, ...more].join(', ');
    const names = more.length === 0 ? '' : `, ${keyNames(set.key).join(', ')}`;
    const numbers = `SELECT ${first} AS a, ${second} AS b${names} FROM (SELECT ${inner} FROM ${this.#rowsOf(set)}) AS digests`;
    return `SELECT mod(mod(a, ${set.buckets}) + ${set.buckets}, ${set.buckets}) AS bucket, a, b${names} FROM (${numbers}) AS numbers`;
  }

  #keyTexts(key: readonly HashColumn[]): string[] {
    return key.map(
      ({ name, type }, index) =>
        `${this.#dialect.canonicalText(quoteIdentifier(name), type)} AS "key ${index + 1}"`,
    );
  }

  #texts(columns: readonly HashColumn[]): string {
    return columns
      .map(({ name, type }) => this.#dialect.canonicalText(quoteIdentifier(name), type))
      .join(', ');
  }

  #rowsOf({ table, key, range, condition }: RowSet): string {
    const filter = condition === undefined ? '' : ` AND (${condition})`;
    return `${this.#dialect.from(table)} WHERE ${rangeCondition(key, range)}${filter}`;
  }

  /** All of it: a set is a range of bounded size, or a few rows. */
  #rows(set: RowSet, text: string): Promise<RowText[]> {
    set.signal.throwIfAborted();
    return this.#pool.use(`verifying ${displayName(set.table.name)}`, async (client) => {
      const { rows } = await client.query<(string | null)[]>({ text, rowMode: 'array', types: asText });
      return rows;
    });
  }
}

/** Numbers of 64 bits and sums of them do not fit into JavaScript's: everything stays text. */
const asText = { getTypeParser: () => (value: string) => value };

function keyNames(key: readonly HashColumn[]): string[] {
  return key.map((_column, index) => `"key ${index + 1}"`);
}

/** Rows compare column by column. The literals take the columns' own types. */
function rangeCondition(key: readonly HashColumn[], { after, upTo }: KeyRange): string {
  const compared = (operator: string, bound: RowText): string =>
    `(${quoteColumns(key.slice(0, bound.length).map(({ name }) => name))}) ${operator} (${literals(key, bound)})`;
  const parts = [
    ...(after === undefined ? [] : [compared('>', after)]),
    ...(upTo === undefined ? [] : [compared('<=', upTo)]),
  ];
  return parts.length === 0 ? 'true' : parts.join(' AND ');
}

function literals(key: readonly HashColumn[], values: RowText): string {
  return values.map((value, index) => literal(value, key[index]?.type)).join(', ');
}

/** Untyped, so that it takes the column's own type. The canonical text of bytes is bare hexadecimal. */
function literal(value: string | null, type: LogicalType | undefined): string {
  if (value === null) return 'NULL';
  return quoteLiteral(type?.kind === 'bytes' ? `\\x${value}` : value);
}
