import type { HashAlgorithm, HashColumn, LogicalType, RowHasher, RowsDigest } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import { offered, useContractDatabase } from './contract-database.js';
import { postgresSql } from './contract-sql.js';
import type { ContractSql } from './contract-sql.js';
import type { ContractFixture, OpenContractDatabase } from './contract-database.js';

/** With the statements of the engine under test. */
interface Fixture extends ContractFixture {
  readonly written: ContractSql;
}

type Values = readonly (string | null)[];

/** What every `RowHasher` promises, for each of the algorithms it has. */
export function rowHasherContract(
  name: string,
  open: OpenContractDatabase,
  algorithms: readonly HashAlgorithm[],
  sql: ContractSql = postgresSql,
): void {
  const useFixture = (): Fixture => ({ ...useContractDatabase(open, sql.dialect), written: sql });
  describe(`${name} as RowHasher`, () => {
    const fixture = useFixture();
    test('offers the algorithms that this suite is told of', () => {
      expect(hasher(fixture).algorithms).toEqual(algorithms);
    });
    describe.each(algorithms)('%s', (algorithm) => {
      whatCounts(fixture, algorithm);
      whatDiffers(fixture, algorithm);
      whatShapesWork(fixture, algorithm);
    });
    describe('two databases', () => {
      sameRowsInTwoDatabases(fixture, useFixture(), algorithms);
    });
  });
}

/** The digests of two adapters agree for the same rows, for every kind that both say they can hash. */
export function sharedDigestContract(
  algorithm: HashAlgorithm,
  left: { readonly name: string; readonly open: OpenContractDatabase },
  right: { readonly name: string; readonly open: OpenContractDatabase },
): void {
  describe(`${left.name} and ${right.name}, hashing by ${algorithm}`, () => {
    const sides = [useContractDatabase(left.open), useContractDatabase(right.open)] as const;
    test.each(kinds)('print one digest for $type.kind', async ({ type, column, values }) => {
      const hashable = sides.map((side) => hasher(side).canHash(type));
      if (hashable.includes(false)) return;
      const digests = [];
      for (const side of sides) {
        await side.sql(
          ...(type.kind === 'enum' ? [`CREATE TYPE mood AS ENUM ('happy', 'so;so')`] : []),
          `CREATE TABLE t (id int PRIMARY KEY, v ${column})`,
          `INSERT INTO t VALUES ${[...values, 'NULL'].map((value, id) => `(${id}, ${value})`).join(', ')}`,
        );
        digests.push(await hash(side, algorithm, 't', [{ name: 'v', type }]));
      }
      expect(digests[0]?.rows).toBe(BigInt(values.length + 1));
      expect(digests[0]).toEqual(digests[1]);
    });
  });
}

const kinds: readonly {
  readonly type: LogicalType;
  readonly column: string;
  readonly values: readonly string[];
}[] = [
  { type: { kind: 'boolean' }, column: 'bool', values: ['true', 'false'] },
  { type: { kind: 'integer', bits: 16 }, column: 'int2', values: ['0', '-32768', '32767'] },
  {
    type: { kind: 'integer', bits: 64 },
    column: 'int8',
    values: ['-9223372036854775808', '9223372036854775807'],
  },
  { type: { kind: 'decimal', precision: 12, scale: 3 }, column: 'decimal(12,3)', values: ['1.5', '-0.001'] },
  { type: { kind: 'float', bits: 64 }, column: 'float8', values: ['0.1', '1e300', '-2.5e-10'] },
  {
    type: { kind: 'string' },
    column: 'text',
    values: [`''`, `'NULL'`, `'a;b'`, `e'back\\\\slash'`, `e'two\\nlines'`, `'ü漢字🐘'`, `' x '`],
  },
  { type: { kind: 'string', maxLength: 9 }, column: 'varchar(9)', values: [`'abc'`, `''`] },
  { type: { kind: 'string', maxLength: 4, padded: true }, column: 'char(4)', values: [`'ab'`] },
  { type: { kind: 'bytes' }, column: 'bytea', values: [`e'\\\\x'`, `e'\\\\x00ff5c3b'`] },
  { type: { kind: 'date' }, column: 'date', values: [`'2024-02-29'`, `'0001-01-01'`, `'9999-12-31'`] },
  { type: { kind: 'time', withZone: false }, column: 'time', values: [`'23:59:59.999999'`, `'00:00:00'`] },
  {
    type: { kind: 'timestamp', withZone: false },
    column: 'timestamp',
    values: [`'2024-02-29 12:30:00'`, `'1970-01-01 00:00:00.000001'`, `'2024-01-01 00:00:00.1'`],
  },
  {
    type: { kind: 'timestamp', withZone: true },
    column: 'timestamptz',
    values: [`'2024-02-29 12:30:00+02'`],
  },
  { type: { kind: 'interval' }, column: 'interval', values: [`'1 year 2 days 03:04:05'`] },
  { type: { kind: 'uuid' }, column: 'uuid', values: [`'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'`] },
  {
    type: { kind: 'json', document: 'normalized' },
    column: 'jsonb',
    values: [`'{"b": [1, null], "a": 1.50}'`],
  },
  { type: { kind: 'inet' }, column: 'inet', values: [`'10.0.0.1/8'`] },
  {
    type: { kind: 'enum', schema: 'public', name: 'mood', labels: ['happy', 'so;so'] },
    column: 'mood',
    values: [`'happy'`, `'so;so'`],
  },
];

const hasher = (fixture: ContractFixture): RowHasher => offered(fixture.database().rowHasher);

async function hash(
  fixture: ContractFixture,
  algorithm: HashAlgorithm,
  name: string,
  columns: readonly HashColumn[],
): Promise<RowsDigest> {
  const table = await fixture.table(name);
  return hasher(fixture).hashRows({ table, columns, algorithm, signal: new AbortController().signal });
}

const text = (name: string): HashColumn => ({ name, type: { kind: 'string' } });

/** The digest of a table with the text columns `a` and `b` and these rows. */
async function digestOf(
  fixture: Fixture,
  algorithm: HashAlgorithm,
  rows: readonly Values[],
): Promise<RowsDigest> {
  const { textType, literal } = fixture.written;
  const written = (row: Values): string =>
    row.map((value) => (value === null ? 'NULL' : literal(value))).join(', ');
  await fixture.sql(
    'DROP TABLE IF EXISTS t',
    `CREATE TABLE t (a ${textType}, b ${textType})`,
    ...rows.map((row) => `INSERT INTO t VALUES (${written(row)})`),
  );
  return hash(fixture, algorithm, 't', [text('a'), text('b')]);
}

function whatCounts(fixture: Fixture, algorithm: HashAlgorithm): void {
  const digest = (...rows: Values[]): Promise<RowsDigest> => digestOf(fixture, algorithm, rows);

  test('the order of rows does not count', async () => {
    const rows: Values[] = Array.from({ length: 20 }, (_, id) => [String(id), `v${id}`]);
    expect(await digest(...rows)).toEqual(await digest(...rows.toReversed()));
  });

  test('duplicates count', async () => {
    const [once, twice, thrice] = [
      await digest(['x', 'y']),
      await digest(['x', 'y'], ['x', 'y']),
      await digest(['x', 'y'], ['x', 'y'], ['x', 'y']),
    ];
    expect([once.rows, twice.rows, thrice.rows]).toEqual([1n, 2n, 3n]);
    expect(new Set([once.digest, twice.digest, thrice.digest]).size).toBe(3);
    // Sums by exclusive or would find these two pairs equal.
    expect((await digest(['p', 'p'], ['p', 'p'])).digest).not.toBe(
      (await digest(['q', 'q'], ['q', 'q'])).digest,
    );
  });

  test('no rows have a digest of their own', async () => {
    expect(await digest()).toEqual({ rows: 0n, digest: '0.0' });
  });

  test('values count with the row and the column that they stand in', async () => {
    const straight = await digest(['a', 'b'], ['c', 'd']);
    expect((await digest(['a', 'd'], ['c', 'b'])).digest).not.toBe(straight.digest);
    expect((await digest(['b', 'a'], ['d', 'c'])).digest).not.toBe(straight.digest);
  });

  test('one changed value in many is seen', async () => {
    const rows: Values[] = Array.from({ length: 50 }, (_, id) => [String(id), 'same']);
    const changed = rows.map((row, index): Values => (index === 31 ? [row[0] ?? null, 'Same'] : row));
    expect((await digest(...rows)).digest).not.toBe((await digest(...changed)).digest);
  });
}

/** Rows that a careless concatenation would print alike. */
const confusable: readonly Values[] = [
  [null, null], ['', ''], [null, ''], ['', null], ['NULL', 'NULL'], ['null', null],
  ['a', 'bc'], ['ab', 'c'], ['abc', ''], ['', 'abc'], ['abc', null],
  ['a;b', 'c'], ['a', 'b;c'], ['a;', 'b;c'], ['a;vb', 'c'], ['a', 'vb;c'], ['a\\;vb', 'c'], ['a\\', ';vb;c'],
  ['a\\', 'b'], ['a\\\\', 'b'], ['a', '\\b'], ['n;', ''], ['', 'n;'], ['v', 'v'], ['v;', 'v;'],
  ['a,b', 'c'], ['a', 'b,c'], ['"a"', 'b'], ['a"', '"b'], ['(a', 'b)'], [' a', 'b'], ['a ', 'b'], ['a', ' b'],
  ['a\n', 'b'], ['a', '\nb'], ['é', 'b'], ['e\u0301', 'b'],
]; // prettier-ignore

function whatDiffers(fixture: Fixture, algorithm: HashAlgorithm): void {
  test('NULL, the empty string, separators, quotes, backslashes and shifted columns are told apart', async () => {
    const seen = new Map<string, Values>();
    for (const row of confusable) {
      const { digest } = await digestOf(fixture, algorithm, [row]);
      expect(seen.get(digest), `${JSON.stringify(row)} has the digest of this row`).toBeUndefined();
      seen.set(digest, row);
    }
  });
}

function whatShapesWork(fixture: Fixture, algorithm: HashAlgorithm): void {
  test('a table of 300 columns is hashed to its last', async () => {
    const names = Array.from({ length: 300 }, (_, index) => `c${index}`);
    await fixture.sql(`CREATE TABLE wide (${names.map((name) => `${name} varchar(5)`).join(', ')})`);
    await fixture.sql(`INSERT INTO wide (c0, c299) VALUES ('first', 'last')`);
    const before = await hash(fixture, algorithm, 'wide', names.map(text));
    await fixture.sql(`UPDATE wide SET c299 = 'Last'`);
    const after = await hash(fixture, algorithm, 'wide', names.map(text));
    expect(before.rows).toBe(1n);
    expect(after.digest).not.toBe(before.digest);
  });

  test('rows of which no column is hashed are counted all the same', async () => {
    await fixture.sql('CREATE TABLE t (id int PRIMARY KEY)', 'INSERT INTO t VALUES (1), (2)');
    expect((await hash(fixture, algorithm, 't', [])).rows).toBe(2n);
  });

  test('the width of an integer and the length of a string do not count', async () => {
    await fixture.sql(
      'CREATE TABLE narrow (id int2, v varchar(10))',
      `INSERT INTO narrow VALUES (-7, 'x')`,
      'CREATE TABLE wider (id int8, v text)',
      `INSERT INTO wider VALUES (-7, 'x')`,
    );
    const columns: HashColumn[] = [{ name: 'id', type: { kind: 'integer', bits: 16 } }, text('v')];
    expect(await hash(fixture, algorithm, 'narrow', columns)).toEqual(
      await hash(fixture, algorithm, 'wider', columns),
    );
  });

  test('names that need quotes are hashed', async () => {
    const { quote } = fixture.dialect;
    const table = quote('Odd "T"');
    await fixture.sql(`CREATE TABLE ${table} (${quote('select')} text)`, `INSERT INTO ${table} VALUES ('x')`);
    expect((await hash(fixture, algorithm, 'Odd "T"', [text('select')])).rows).toBe(1n);
  });
}

function sameRowsInTwoDatabases(left: Fixture, right: Fixture, algorithms: readonly HashAlgorithm[]): void {
  test.each(algorithms)('have the same digest for the same rows (%s)', async (algorithm) => {
    expect(await digestOf(left, algorithm, confusable)).toEqual(
      await digestOf(right, algorithm, confusable.toReversed()),
    );
  });
}
