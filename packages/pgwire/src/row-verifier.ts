import { displayName, rowsDigest, whileWanted } from '@tsmolt/core';
import type {
  Dealing,
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
  Share,
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
  /** The value that a canonical text stands for, where a literal of it would be read as another one; else undefined. */
  misread?(text: string, type: LogicalType): string | undefined;
  /** The digest of a row as the expression that `parts` takes apart. */
  rowDigest(columns: readonly HashColumn[], algorithm: HashAlgorithm): string;
  /** The two numbers of a digest, which is a column. */
  parts(algorithm: HashAlgorithm, digest: string): readonly [string, string];
  /** An expression of a subquery that is evaluated once a row, however often its name is used. */
  once(expression: string): string;
  /** Some rows of a large table, to find ranges of so many rows by; undefined where only all rows tell. */
  sample(table: Table, rowsPerRange: number): KeySample | undefined;
}

/** Rows of a table that are cheap to get at. */
export interface KeySample {
  /** They as an item of FROM. */
  readonly from: string;
  /** How many of them stand for the rows of one range. */
  readonly rowsPerRange: number;
}

/** Compares rows by SQL that PostgreSQL and CockroachDB share. */
export class PgwireRowVerifier implements RowVerifier {
  readonly #pool: SessionPool;
  readonly #dialect: VerifierDialect;

  constructor(pool: SessionPool, dialect: VerifierDialect) {
    this.#pool = pool;
    this.#dialect = dialect;
  }

  sorts(_type: LogicalType): boolean {
    return true;
  }

  keyBounds(set: RowSet, rows: number): Promise<RowText[]> {
    const sample = this.#dialect.sample(set.table, rows);
    // A part of the table is small, and a sample of it smaller.
    const whole = set.range.after === undefined && set.range.upTo === undefined;
    return sample === undefined || !whole ? this.#boundsByStep(set, rows) : this.#boundsOfSample(set, sample);
  }

  /** Rows that share the front of a key may stand at several places of the sample. */
  #boundsOfSample(set: RowSet, { from, rowsPerRange }: KeySample): Promise<RowText[]> {
    const names = quoteColumns(set.key.map(({ name }) => name));
    const sampled = `SELECT ${names}, row_number() OVER (ORDER BY ${names}) AS "row number"
      FROM ${from} WHERE ${filtered(set)}`;
    return this.#rows(
      set,
      `SELECT ${this.#keyTexts(set.key).join(', ')} FROM (${sampled}) AS numbered
        WHERE "row number" % ${rowsPerRange} = 0 GROUP BY ${names} ORDER BY ${names}`,
    );
  }

  /** One index entry after the other, in statements that each end where a range does: nothing is sorted or held. */
  async #boundsByStep(set: RowSet, rows: number): Promise<RowText[]> {
    const names = quoteColumns(set.key.map(({ name }) => name));
    const bounds: RowText[] = [];
    for (let { range } = set; ;) {
      const [after] = await this.#rows(
        set,
        `SELECT ${this.#keyTexts(set.key).join(', ')} FROM (
          SELECT ${names} FROM ${this.#rowsOf({ ...set, range })} ORDER BY ${names} LIMIT 1 OFFSET ${rows - 1}) AS bound`,
      );
      if (after === undefined) return bounds;
      bounds.push(after);
      range = { ...range, after };
    }
  }

  async hashBuckets(set: HashedSet, dealing: Dealing): Promise<ReadonlyMap<number, RowsDigest>> {
    const dialect = this.#dialect;
    const [first, second] = dialect.parts(set.algorithm, 'h');
    const byRemainder = dealing.by === 'remainder';
    const digest = dialect.once(dialect.rowDigest(set.columns, set.algorithm));
    const dealt = byRemainder ? `, ${remainder(dealing)} AS bucket` : '';
    const numbers = `SELECT ${first} AS a, ${second} AS b${byRemainder ? ', bucket' : ''}
      FROM (SELECT ${digest} AS h${dealt} FROM ${this.#rowsOf(set)}) AS digests`;
    const rows = await this.#rows(
      set,
      `SELECT ${byRemainder ? 'bucket' : bucketOf('a', dealing.of)}, count(*), sum(a), sum(b)
        FROM (${numbers}) AS numbers GROUP BY 1`,
    );
    return new Map(
      rows.map(([bucket, count, a, b]) => [Number(bucket), rowsDigest(count ?? '0', a ?? '0', b ?? '0')]),
    );
  }

  async hashRows(set: HashedSet, share: Share, columns: readonly HashColumn[]): Promise<HashedRow[]> {
    const dialect = this.#dialect;
    const { algorithm, key } = set;
    const texts = [...this.#keyTexts(key), ...this.#keyTexts(columns, 'value')];
    const names = [...textNames(key), ...textNames(columns, 'value')].map((name) => `, ${name}`).join('');
    const byRemainder = share.by === 'remainder';
    // The buckets that rows were dealt into by their own hash need no other one.
    const byRow = byRemainder || sameColumns(share.columns, set.columns);
    const digest = (of: readonly HashColumn[]): string => dialect.once(dialect.rowDigest(of, algorithm));
    const inner = [
      `${digest(set.columns)} AS h`,
      ...(byRow ? [] : [`${digest(share.columns)} AS s`]),
      ...texts,
    ];
    const [first, second] = dialect.parts(algorithm, 'h');
    const [dealt] = dialect.parts(algorithm, byRow ? 'h' : 's');
    const rows = await this.#rows(
      set,
      `SELECT a, b${names} FROM (
        SELECT ${first} AS a, ${second} AS b, ${dealt} AS s${names} FROM (
          SELECT ${inner.join(', ')} FROM ${this.#rowsOf(set)}${byRemainder ? ` AND ${isIn(remainder(share), share)}` : ''}) AS digests) AS numbers
        WHERE ${byRemainder ? 'true' : isIn(bucketOf('s', share.of), share)}`,
    );
    return rows.map(([a, b, ...values]) => ({
      key: values.slice(0, key.length),
      hash: `${a}.${b}`,
      values: values.slice(key.length),
    }));
  }

  async readRows(set: RowSet, columns: readonly HashColumn[], keys: readonly RowText[]): Promise<RowText[]> {
    // No text here holds a zero character, and no statement takes one: a row with such a key is not there.
    const possible = keys.filter((key) => key.every((value) => value?.includes('\0') !== true));
    if (possible.length === 0) return [];
    const names = quoteColumns(set.key.map(({ name }) => name));
    const wanted = possible.map((key) => `(${this.#literals(set.key, key)})`);
    const texts = [...this.#keyTexts(set.key), ...this.#keyTexts(columns, 'value')].join(', ');
    return this.#rows(
      set,
      `SELECT ${texts} FROM ${this.#rowsOf(set)} AND (${names}) IN (${wanted.join(', ')})`,
    );
  }

  #keyTexts(columns: readonly HashColumn[], what = 'key'): string[] {
    const names = textNames(columns, what);
    return columns.map(
      ({ name, type }, index) =>
        `${this.#dialect.canonicalText(quoteIdentifier(name), type)} AS ${names[index]}`,
    );
  }

  #rowsOf({ table, key, range, condition }: RowSet): string {
    return `${this.#dialect.from(table)} WHERE ${this.#rangeCondition(key, range)} AND ${filtered({ condition })}`;
  }

  /** Rows compare column by column. The literals take the columns' own types. */
  #rangeCondition(key: readonly HashColumn[], { after, upTo }: KeyRange): string {
    const compared = (operator: string, bound: RowText): string =>
      `(${quoteColumns(key.slice(0, bound.length).map(({ name }) => name))}) ${operator} (${this.#literals(key, bound)})`;
    const parts = [
      ...(after === undefined ? [] : [compared('>', after)]),
      ...(upTo === undefined ? [] : [compared('<=', upTo)]),
    ];
    return parts.length === 0 ? 'true' : parts.join(' AND ');
  }

  #literals(key: readonly HashColumn[], values: RowText): string {
    const value = (text: string | null, type: LogicalType | undefined): string => {
      if (text === null) return 'NULL';
      const misread = type === undefined ? undefined : this.#dialect.misread?.(text, type);
      return misread ?? literal(text, type);
    };
    return values.map((text, index) => value(text, key[index]?.type)).join(', ');
  }

  #rows(set: RowSet, text: string): Promise<RowText[]> {
    return this.#pool.use(`verifying ${displayName(set.table.name)}`, async (client) => {
      const query = { text, rowMode: 'array', types: asText } as const;
      const { rows } = await whileWanted(set.signal, () => client.query<(string | null)[]>(query));
      return rows;
    });
  }
}

/** Numbers of 64 bits and sums of them do not fit into JavaScript's: everything stays text. */
const asText = { getTypeParser: () => (value: string) => value };

function textNames(columns: readonly HashColumn[], what = 'key'): string[] {
  return columns.map((_column, index) => `"${what} ${index + 1}"`);
}

/** Numbers of digests may be negative. */
function bucketOf(number: string, buckets: number): string {
  return `mod(mod(${number}, ${buckets}) + ${buckets}, ${buckets})`;
}

/** As `Dealing` says. No sum here leaves 64 bits. */
function remainder({ columns, of }: Dealing): string {
  const terms = columns.map(({ name }) => `mod(${quoteIdentifier(name)}::INT8, ${of})`);
  return bucketOf(
    terms.reduce((sum, term) => `(${sum} * 31 + ${term})`),
    of,
  );
}

function isIn(bucket: string, { of, buckets }: Share): string {
  return of === 1 ? 'true' : `${bucket} IN (${buckets.join(', ')})`;
}

function sameColumns(left: readonly HashColumn[], right: readonly HashColumn[]): boolean {
  return left.length === right.length && left.every(({ name }, index) => name === right[index]?.name);
}

function filtered({ condition }: { readonly condition?: string | undefined }): string {
  return condition === undefined ? 'true' : `(${condition})`;
}

/** Untyped, so that it takes the column's own type. The canonical text of bytes is bare hexadecimal. */
function literal(value: string, type: LogicalType | undefined): string {
  return quoteLiteral(type?.kind === 'bytes' ? `\\x${value}` : value);
}
