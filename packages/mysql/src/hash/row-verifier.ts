import { columnOf, displayName, rowsDigest, whileWanted, withoutDomain } from '@tsmolt/core';
import type {
  Dealing,
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
} from '@tsmolt/core';
import type { MysqlSession } from '../connect/session.js';
import { storedBytes } from '../export/stored-text.js';
import { from, quoteIdentifier, quoteText } from '../sql.js';
import { digitsOf, textOf } from './exact-text.js';
import { computedFirst, digestPart, plainText, rowDigest, tooLong } from './row-hasher.js';
import type { Sessions } from './row-hasher.js';

/** Compares rows of MySQL and MariaDB, in the forms of the other adapters (`ports/row-verifier.ts`). */
export class MysqlRowVerifier implements RowVerifier {
  readonly #sessions: Sessions;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /** MariaDB sorts a uuid by other bytes first than those it is written with (manual, "UUID Data Type"). */
  sorts(type: LogicalType): boolean {
    return type.kind !== 'uuid';
  }

  /** Step by step along the key, which is the order that InnoDB keeps rows in: nothing is sorted or held. */
  async keyBounds(set: RowSet, rows: number): Promise<RowText[]> {
    const names = set.key.map(({ name }) => quoteIdentifier(name)).join(', ');
    const bounds: RowText[] = [];
    for (let { range } = set; ;) {
      const [after] = await this.#rows(
        set,
        `SELECT ${texts(set, set.key).join(', ')} FROM ${rowsOf({ ...set, range })}
          ORDER BY ${names} LIMIT 1 OFFSET ${rows - 1}`,
      );
      if (after === undefined) return bounds;
      bounds.push(after);
      range = { ...range, after };
    }
  }

  async hashBuckets(set: HashedSet, dealing: Dealing): Promise<ReadonlyMap<number, RowsDigest>> {
    const byRemainder = dealing.by === 'remainder';
    const dealt = byRemainder ? `, ${remainder(dealing)} AS dealt` : '';
    const digests = `SELECT ${rowDigest(set, set.columns, set.algorithm)} AS h${dealt} FROM ${rowsOf(set)}${this.#computedFirst(set)}`;
    const bucket = byRemainder ? 'dealt' : `MOD(${digestPart(1)}, ${dealing.of})`;
    const rows = await this.#rows(
      set,
      `SELECT ${bucket} AS bucket, COUNT(*), SUM(${digestPart(1)}), SUM(${digestPart(15)}), COUNT(*) - COUNT(h)
        FROM (${digests}) AS digests GROUP BY bucket`,
    );
    const unhashed = rows.reduce((sum, [, , , , missing]) => sum + Number(missing), 0);
    if (unhashed > 0) throw tooLong(set, unhashed);
    return new Map(
      rows.map(([name, count, first, second]) => [
        Number(name),
        rowsDigest(count ?? '0', first ?? '0', second ?? '0'),
      ]),
    );
  }

  async hashRows(set: HashedSet, share: Share, columns: readonly HashColumn[]): Promise<HashedRow[]> {
    const { algorithm, key } = set;
    const byRemainder = share.by === 'remainder';
    const byRow = byRemainder || sameColumns(share.columns, set.columns);
    const inner = [
      `${rowDigest(set, set.columns, algorithm)} AS h`,
      // The buckets that rows were dealt into by their own hash need no other one.
      ...(byRow ? [] : [`${rowDigest(set, share.columns, algorithm)} AS s`]),
      ...texts(set, [...key, ...columns]),
    ];
    const names = textNames([...key, ...columns]).map((name) => `, ${name}`);
    const dealt = isIn(`MOD(${digestPart(1, byRow ? 'h' : 's')}, ${share.of})`, share);
    const chosen = byRemainder ? ` AND ${isIn(remainder(share), share)}` : '';
    const rows = await this.#rows(
      set,
      `SELECT ${digestPart(1)} AS a, ${digestPart(15)} AS b${names.join('')}
        FROM (SELECT ${inner.join(', ')} FROM ${rowsOf(set)}${chosen}${this.#computedFirst(set)}) AS digests WHERE ${byRemainder ? 'TRUE' : dealt}`,
    );
    return rows.map(([a, b, ...values]) => ({
      key: values.slice(0, key.length),
      hash: `${a}.${b}`,
      values: values.slice(key.length),
    }));
  }

  async readRows(set: RowSet, columns: readonly HashColumn[], keys: readonly RowText[]): Promise<RowText[]> {
    if (keys.length === 0) return [];
    const conditions = keys.map((key) => `(${set.key.map((column, index) => equal(column, key[index] ?? null)).join(' AND ')})`); // prettier-ignore
    const values = texts(set, [...set.key, ...columns]).join(', ');
    return this.#rows(set, `SELECT ${values} FROM ${rowsOf(set)} AND (${conditions.join(' OR ')})`);
  }

  /** A range has as many rows as one may have, unless it is the whole table. */
  #computedFirst({ range, table }: RowSet): string {
    const whole = range.after === undefined && range.upTo === undefined;
    return computedFirst(whole ? table.estimate.rows : 0);
  }

  #rows(set: RowSet, statement: string): Promise<RowText[]> {
    return this.#sessions.use(`verifying ${displayName(set.table.name)}`, async (session) => {
      try {
        const rows = await whileWanted(set.signal, () =>
          session.query<Record<string, DriverValue>>(statement),
        );
        return rows.map((row) => Object.values(row).map(asText));
      } catch (thrown) {
        if (set.signal.aborted) await this.#kill(session);
        throw thrown;
      }
    });
  }

  /** The server does not notice by itself that nobody waits for a statement any more. */
  async #kill({ raw }: MysqlSession): Promise<void> {
    const kill = (other: MysqlSession): Promise<unknown> => other.query(`KILL ${raw.threadId}`);
    // One that has ended cannot be killed.
    await this.#sessions.use('stopping a statement', kill).catch(() => undefined);
  }
}

type DriverValue = string | number | bigint | Buffer | null;

function asText(value: DriverValue): string | null {
  if (value === null) return null;
  return Buffer.isBuffer(value) ? textOf(value) : String(value);
}

/** As `Dealing` says; signed, because the sum of an unsigned number and a negative one is an error. */
function remainder({ columns, of }: Dealing): string {
  const terms = columns.map(({ name }) => `CAST(MOD(${quoteIdentifier(name)}, ${of}) AS SIGNED)`);
  const sum = terms.reduce((before, term) => `(${before} * 31 + ${term})`);
  return `MOD(MOD(${sum}, ${of}) + ${of}, ${of})`;
}

function isIn(bucket: string, { of, buckets }: Share): string {
  return of === 1 ? 'TRUE' : `${bucket} IN (${buckets.join(', ')})`;
}

function sameColumns(left: readonly HashColumn[], right: readonly HashColumn[]): boolean {
  return left.length === right.length && left.every(({ name }, index) => name === right[index]?.name);
}

/** Columns of one name would be one field of a row. */
function textNames(columns: readonly HashColumn[]): string[] {
  return columns.map((_column, index) => quoteIdentifier(`value ${index + 1}`));
}

function texts(set: RowSet, columns: readonly HashColumn[]): string[] {
  const names = textNames(columns);
  return columns.map((column, index) => `${text(set, column)} AS ${names[index]}`);
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
  const name = quoteIdentifier(column.name);
  const digits = value === null ? undefined : digitsOf(value);
  return digits === undefined
    ? `${name} <=> ${literal(column, value)}`
    : `${storedBytes(name)} = X'${digits}'`;
}

/**
 * The value of a canonical text. Numbers are not quoted: a number and a text would be compared as floats, which tell no
 * neighbours apart beyond 2^53. A zone of UTC is the session's own.
 */
function literal({ type: declared }: HashColumn, value: string | null): string {
  if (value === null) return 'NULL';
  const type = withoutDomain(declared);
  switch (type.kind) {
    case 'bytes':
      return `x'${value}'`;
    case 'bit':
      // A text of ones and zeros would be compared as the text that it is, and as a number it may be too long.
      return /^[01]+$/.test(value) ? `b'${value}'` : quoteText(value);
    case 'boolean':
      return value === 'true' ? '1' : '0';
    case 'integer':
    case 'decimal':
      return /^-?\d+(\.\d+)?$/.test(value) ? value : quoteText(value);
    case 'timestamp':
      return quoteText(value.replace(/\+00$/, ''));
    case 'inet':
      return quoteText(value.replace(/\/\d+$/, ''));
    default:
      return quoteText(value);
  }
}
