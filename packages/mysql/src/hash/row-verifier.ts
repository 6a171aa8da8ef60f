import { columnOf, displayName, rowsDigest } from '@tsmolt/core';
import type {
  HashColumn,
  HashedRow,
  HashedSet,
  KeyRange,
  RowSet,
  RowsDigest,
  RowText,
  RowVerifier,
} from '@tsmolt/core';
import { from, quoteIdentifier, quoteText } from '../sql.js';
import { digestPart, plainText, rowDigest, tooLong } from './row-hasher.js';
import type { Sessions } from './row-hasher.js';

/** Compares rows of MySQL and MariaDB, in the forms of the other adapters (`ports/row-verifier.ts`). */
export class MysqlRowVerifier implements RowVerifier {
  readonly #sessions: Sessions;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /** Step by step along the key: versions before 8.0 have no window functions. */
  async keyBounds(set: RowSet, rows: number): Promise<RowText[]> {
    const names = set.key.map(({ name }) => quoteIdentifier(name)).join(', ');
    const bounds: RowText[] = [];
    for (let after: RowText | undefined; ;) {
      const [next] = await this.#rows(
        set,
        `SELECT ${texts(set, set.key)} FROM ${rowsOf({ ...set, range: after === undefined ? {} : { after } })}
          ORDER BY ${names} LIMIT 1 OFFSET ${rows - 1}`,
      );
      if (next === undefined) return bounds;
      bounds.push(next);
      after = next;
    }
  }

  async hashBuckets(set: HashedSet): Promise<ReadonlyMap<number, RowsDigest>> {
    const rows = await this.#rows(
      set,
      `SELECT bucket, COUNT(*), SUM(a), SUM(b) FROM (${hashed(set, false)}) AS dealt GROUP BY bucket`,
    );
    if (rows.some(([bucket]) => bucket === null)) throw tooLong(set, 'some');
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
      `SELECT a, b, ${keyNames(set.key).join(', ')} FROM (${hashed(set, true)}) AS dealt
        WHERE bucket IN (${buckets.join(', ')})`,
    );
    for (const [first, second, ...key] of rows) yield { key, hash: `${first}.${second}` };
  }

  async readRows(set: RowSet, columns: readonly HashColumn[], keys: readonly RowText[]): Promise<RowText[]> {
    if (keys.length === 0) return [];
    const conditions = keys.map((key) => `(${set.key.map((column, index) => equal(column, key[index] ?? null)).join(' AND ')})`); // prettier-ignore
    return this.#rows(
      set,
      `SELECT ${texts(set, [...set.key, ...columns])} FROM ${rowsOf(set)} AND (${conditions.join(' OR ')})`,
    );
  }

  async *scanRows(set: RowSet, columns: readonly HashColumn[]): AsyncGenerator<RowText> {
    yield* await this.#rows(set, `SELECT ${texts(set, [...set.key, ...columns])} FROM ${rowsOf(set)}`);
  }

  /** All of it: a set is a range of bounded size, or a few rows. */
  #rows(set: RowSet, statement: string): Promise<RowText[]> {
    set.signal.throwIfAborted();
    return this.#sessions.use(`verifying ${displayName(set.table.name)}`, async (session) => {
      const rows = await session.query<Record<string, unknown>>(statement);
      return rows.map((row) => Object.values(row).map(asText));
    });
  }
}

function asText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value as string | number | bigint);
}

/** Bucket and the two numbers of each row, and its key where it is wanted. */
function hashed(set: HashedSet, withKey: boolean): string {
  const key = set.key.map((column, index) => `${text(set, column)} AS ${keyName(index)}`);
  const inner = [`${rowDigest(set, set.columns, set.algorithm)} AS h`, ...(withKey ? key : [])].join(', ');
  const names = withKey ? `, ${keyNames(set.key).join(', ')}` : '';
  return (
    `SELECT MOD(a, ${set.buckets}) AS bucket, a, b${names} FROM (` +
    `SELECT ${digestPart(1)} AS a, ${digestPart(15)} AS b${names} FROM (SELECT ${inner} FROM ${rowsOf(set)}) AS digests` +
    ') AS numbers'
  );
}

function keyName(index: number): string {
  return quoteIdentifier(`key ${index + 1}`);
}

function keyNames(key: readonly HashColumn[]): string[] {
  return key.map((_column, index) => keyName(index));
}

function texts(set: RowSet, columns: readonly HashColumn[]): string {
  // Columns of one name would be one field of a row.
  return columns
    .map((column, index) => `${text(set, column)} AS ${quoteIdentifier(`value ${index + 1}`)}`)
    .join(', ');
}

function text({ table }: RowSet, column: HashColumn): string {
  return plainText(columnOf(table, column.name), column);
}

function rowsOf({ table, key, range, condition }: RowSet): string {
  const filter = condition === undefined ? '' : ` AND (${condition})`;
  return `${from(table)} WHERE ${rangeCondition(key, range)}${filter}`;
}

/** Spelled out column by column: that is what the optimiser finds an index for. */
function rangeCondition(key: readonly HashColumn[], { after, upTo }: KeyRange): string {
  const parts = [
    ...(after === undefined ? [] : [beyond(key, after, '>')]),
    ...(upTo === undefined ? [] : [`NOT ${beyond(key, upTo, '>')}`]),
  ];
  return parts.length === 0 ? 'TRUE' : parts.join(' AND ');
}

function beyond(key: readonly HashColumn[], bound: RowText, operator: '>'): string {
  const alternatives = bound.map((value, index) => {
    const column = key[index];
    if (column === undefined) return 'FALSE';
    const before = key.slice(0, index).map((other, position) => equal(other, bound[position] ?? null));
    return [...before, `${quoteIdentifier(column.name)} ${operator} ${literal(column, value)}`].join(' AND ');
  });
  return `(${alternatives.map((part) => `(${part})`).join(' OR ')})`;
}

function equal(column: HashColumn, value: string | null): string {
  return `${quoteIdentifier(column.name)} <=> ${literal(column, value)}`;
}

/**
 * The canonical text of bytes is hexadecimal; a zone of UTC is the session's own. Numbers are not quoted: a number and a
 * text would be compared as floats, which tell no neighbours apart beyond 2^53.
 */
function literal({ type }: HashColumn, value: string | null): string {
  if (value === null) return 'NULL';
  if (type.kind === 'bytes') return `x'${value}'`;
  if (/^-?\d+(\.\d+)?$/.test(value) && (type.kind === 'integer' || type.kind === 'decimal')) return value;
  return quoteText(type.kind === 'timestamp' ? value.replace(/\+00$/, '') : value);
}
