import type { HashAlgorithm, HashColumn, HashedSet, KeyRange, RowsDigest, RowText, RowVerifier } from '@tsmolt/core'; // prettier-ignore
import { describe, expect, test } from 'vitest';
import { offered, useContractDatabase } from './contract-database.js';
import type { ContractFixture, OpenContractDatabase } from './contract-database.js';
import { postgresSql } from './contract-sql.js';
import type { ContractSql } from './contract-sql.js';
import { keyCases, postgresKeyTypes } from './verifier-keys.js';
import type { KeyCase, KeyTypes } from './verifier-keys.js';

interface Fixture extends ContractFixture {
  readonly written: ContractSql;
  readonly types: KeyTypes;
  readonly algorithm: HashAlgorithm;
}

export interface RowVerifierEngine {
  readonly algorithm: HashAlgorithm;
  readonly sql?: ContractSql;
  readonly types?: KeyTypes;
}

/** What every `RowVerifier` promises. */
export function rowVerifierContract(
  name: string,
  open: OpenContractDatabase,
  { algorithm, sql = postgresSql, types = postgresKeyTypes }: RowVerifierEngine,
): void {
  describe(`${name} as RowVerifier, hashing by ${algorithm}`, () => {
    const fixture: Fixture = { ...useContractDatabase(open, sql.dialect), written: sql, types, algorithm };
    describe.each(keyCases(types))('rows with $what', (keyCase) => {
      rangesOfKeys(fixture, keyCase);
    });
    rangesOfKeyFronts(fixture);
    whatBucketsTell(fixture);
    whatRowsTell(fixture);
    whatRemaindersTell(fixture);
    howItIsStopped(fixture);
  });
}

const verifier = (fixture: Fixture): RowVerifier => offered(fixture.database().rowVerifier);

/** Table `t` with its primary key as key, or `key`. */
async function setOf(fixture: Fixture, name: string, changes: Partial<HashedSet> = {}): Promise<HashedSet> {
  const table = await fixture.table(name);
  const isKey = (column: HashColumn): boolean => table.primaryKey?.columns.includes(column.name) ?? false;
  const columns = table.columns.map((column) => ({ name: column.name, type: column.type }));
  return {
    table,
    columns,
    key: columns.filter(isKey),
    range: {},
    algorithm: fixture.algorithm,
    signal: new AbortController().signal,
    ...changes,
  };
}

async function keysIn(fixture: Fixture, set: HashedSet): Promise<string[]> {
  const rows = await verifier(fixture).hashRows(
    set,
    { by: 'hash', columns: set.key, of: 1, buckets: [0] },
    [],
  );
  return rows.map(({ key }) => JSON.stringify(key));
}

function rangesBetween(bounds: readonly RowText[]): KeyRange[] {
  const edges = [undefined, ...bounds, undefined];
  return edges.slice(0, -1).map((after, index) => {
    const upTo = edges[index + 1];
    return { ...(after === undefined ? {} : { after }), ...(upTo === undefined ? {} : { upTo }) };
  });
}

const rowsPerRange = 7;

function rangesOfKeys(fixture: Fixture, { columns, keys }: KeyCase): void {
  const names = columns.map((_type, index) => `k${index}`);
  const make = async (): Promise<HashedSet> => {
    const declared = names.map((name, index) => `${name} ${columns[index]} NOT NULL`).join(', ');
    const rows = keys.map((key, index) => `(${key.join(', ')}, 'v${index}')`).join(', ');
    await fixture.sql(
      `CREATE TABLE t (${declared}, v varchar(10), PRIMARY KEY (${names.join(', ')}))`,
      `INSERT INTO t VALUES ${rows}`,
    );
    return setOf(fixture, 't');
  };

  test('lie in exactly one of the ranges between the bounds', async () => {
    const set = await make();
    const bounds = await verifier(fixture).keyBounds(set, rowsPerRange);
    const ranges = rangesBetween(bounds);
    const found = await Promise.all(ranges.map((range) => keysIn(fixture, { ...set, range })));
    expect(bounds).toHaveLength(Math.floor(keys.length / rowsPerRange));
    expect(found.slice(0, -1).map((inRange) => inRange.length)).toEqual(bounds.map(() => rowsPerRange));
    expect(found.flat().toSorted()).toEqual((await keysIn(fixture, set)).toSorted());
    expect(new Set(found.flat()).size).toBe(keys.length);
    // The upper bound is the last key of its own range.
    expect(bounds.every((bound, index) => found[index]?.includes(JSON.stringify(bound)))).toBe(true);
  });

  test('are read by their keys, each with its own value', async () => {
    const set = await make();
    const value = set.columns.slice(-1);
    const rows = await verifier(fixture).hashRows(
      set,
      { by: 'hash', columns: set.key, of: 1, buckets: [0] },
      value,
    );
    const read = await verifier(fixture).readRows(set, value, rows.map(({ key }) => key)); // prettier-ignore
    const expected = rows.map(({ key, values }) => JSON.stringify([...key, ...values]));
    expect(read.map((row) => JSON.stringify(row)).toSorted()).toEqual(expected.toSorted());
    const [first] = rows;
    expect(await verifier(fixture).readRows(set, value, first === undefined ? [] : [first.key])).toEqual([
      [...(first?.key ?? []), ...(first?.values ?? [])],
    ]);
  });
}

function rangesOfKeyFronts(fixture: Fixture): void {
  test('rows that share the front of a key lie in one of the ranges between the bounds of such fronts', async () => {
    const { text, textLiteral } = fixture.types;
    // 30 rows of one tenant, then one to four of each of the others: a range cannot be smaller than a tenant.
    const rows = Array.from({ length: 60 }, (_, n) => [n < 30 ? 3 : 4 + Math.trunc((n - 30) / 4), n]);
    await fixture.sql(
      `CREATE TABLE t (tenant int, name ${text}, PRIMARY KEY (tenant, name))`,
      `INSERT INTO t VALUES ${rows.map(([tenant, n]) => `(${tenant}, ${textLiteral(`n${n}`)})`).join(', ')}`,
    );
    const set = await setOf(fixture, 't');
    const bounds = await verifier(fixture).keyBounds({ ...set, key: set.key.slice(0, 1) }, rowsPerRange);
    const ranges = rangesBetween(bounds);
    const found = await Promise.all(ranges.map((range) => keysIn(fixture, { ...set, range })));
    expect(bounds.map(([tenant]) => Number(tenant))).toEqual([3, 5, 7, 9]);
    expect(found.map((keys) => keys.length)).toEqual([30, 8, 8, 8, 6]);
    expect(found.flat().toSorted()).toEqual((await keysIn(fixture, set)).toSorted());
  });
}

type Values = readonly (string | null)[];

/** Table with an int key and the text columns `a` and `b`, whose ids count from 1. */
async function filled(fixture: Fixture, name: string, rows: readonly Values[]): Promise<HashedSet> {
  const { textType, literal } = fixture.written;
  const written = rows.map(
    (row, index) =>
      `(${index + 1}, ${row.map((text) => (text === null ? 'NULL' : literal(text))).join(', ')})`,
  );
  await fixture.sql(
    `CREATE TABLE ${name} (id int PRIMARY KEY, a ${textType}, b ${textType})`,
    ...(rows.length === 0 ? [] : [`INSERT INTO ${name} VALUES ${written.join(', ')}`]),
  );
  return setOf(fixture, name);
}

const many: readonly Values[] = Array.from({ length: 100 }, (_, index) => [`a${index}`, `b;${index % 3}`]);

function whatBucketsTell(fixture: Fixture): void {
  const buckets = (set: HashedSet): Promise<ReadonlyMap<number, RowsDigest>> =>
    verifier(fixture).hashBuckets(set, { by: 'hash', columns: set.columns, of: 16 });

  test('buckets hold each row once, and equal tables have equal ones', async () => {
    const [left, right] = [await filled(fixture, 't', many), await filled(fixture, 'u', many)];
    const dealt = await buckets(left);
    const rows = [...dealt.values()].reduce((sum, digest) => sum + digest.rows, 0n);
    expect(rows).toBe(BigInt(many.length));
    expect([...dealt.keys()].every((bucket) => bucket >= 0 && bucket < 16)).toBe(true);
    expect(dealt.size).toBeGreaterThan(8);
    expect(new Map(await buckets(right))).toEqual(new Map(dealt));
  });

  test('no rows have no buckets', async () => {
    expect((await buckets(await filled(fixture, 't', []))).size).toBe(0);
  });

  test.each<[string, Values, Values]>([
    ['one changed letter', ['a', 'b'], ['a', 'B']],
    ['NULL for an empty text', ['a', null], ['a', '']],
    ['swapped columns', ['a', 'b'], ['b', 'a']],
    ['a value that ends like its neighbour begins', ['ab', 'c'], ['a', 'bc']],
  ])('%s changes a digest', async (_what, before, after) => {
    const left = await filled(fixture, 't', [...many, before]);
    const right = await filled(fixture, 'u', [...many, after]);
    expect(new Map(await buckets(right))).not.toEqual(new Map(await buckets(left)));
  });

  test('a condition leaves out the other rows, and joins with a range', async () => {
    const set = await filled(fixture, 't', many);
    const half = { ...set, condition: 'id > 50 OR id = 1', range: { upTo: ['60'] } };
    expect(await keysIn(fixture, half)).toHaveLength(11);
  });
}

function whatRowsTell(fixture: Fixture): void {
  const rowsOf = (set: HashedSet, columns: readonly HashColumn[], of: number, bucket: number) =>
    verifier(fixture).hashRows(set, { by: 'hash', columns, of, buckets: [bucket] }, []);

  test('the one row that differs has another hash, and no other row has', async () => {
    const changed = many.map((row, index): Values => (index === 41 ? ['a41', 'other'] : row));
    const [left, right] = [await filled(fixture, 't', many), await filled(fixture, 'u', changed)];
    const hashes = (await rowsOf(left, left.key, 1, 0)).map(({ key, hash }) => `${key.join()}=${hash}`);
    const others = new Set(
      (await rowsOf(right, right.key, 1, 0)).map(({ key, hash }) => `${key.join()}=${hash}`),
    );
    expect(hashes.filter((hash) => !others.has(hash)).map((hash) => hash.split('=')[0])).toEqual(['42']);
  });

  test('shares by the row are the buckets, shares by the key keep both versions of a row together', async () => {
    const [left, right] = [await filled(fixture, 't', many), await filled(fixture, 'u', many.toReversed())];
    const digests = await verifier(fixture).hashBuckets(left, { by: 'hash', columns: left.columns, of: 4 });
    for (const bucket of [0, 1, 2, 3]) {
      expect(await rowsOf(left, left.columns, 4, bucket)).toHaveLength(
        Number(digests.get(bucket)?.rows ?? 0),
      );
      const keys = (await rowsOf(left, left.key, 4, bucket)).map(({ key }) => key.join());
      const others = (await rowsOf(right, right.key, 4, bucket)).map(({ key }) => key.join());
      expect(others.toSorted()).toEqual(keys.toSorted());
    }
    const shares = await Promise.all([0, 1, 2, 3].map((bucket) => rowsOf(left, left.key, 4, bucket)));
    expect(new Set(shares.flat().map(({ key }) => key.join())).size).toBe(many.length);
  });

  test('rows without a key are told by their values, duplicates included', async () => {
    const set = { ...(await filled(fixture, 't', [['x', null], ['x', null], [`'"\\`, 'ü\n🐘']])), key: [] }; // prettier-ignore
    const texts = set.columns.slice(1);
    const rows = await verifier(fixture).hashRows({ ...set, columns: texts }, { by: 'hash', columns: texts, of: 1, buckets: [0] }, texts); // prettier-ignore
    expect(rows.map(({ key }) => key)).toEqual([[], [], []]);
    expect(new Set(rows.map(({ hash }) => hash)).size).toBe(2);
    const values = rows.map((row) => JSON.stringify(row.values)).toSorted();
    expect(values).toEqual([['x', null], ['x', null], [`'"\\`, 'ü\n🐘']].map((row) => JSON.stringify(row)).toSorted()); // prettier-ignore
  });

  test('keys that are not there are left out', async () => {
    const set = await filled(fixture, 't', many);
    const read = await verifier(fixture).readRows(set, set.columns.slice(1, 2), [['7'], ['-3'], ['1000']]);
    expect(read).toEqual([['7', 'a6']]);
    expect(await verifier(fixture).readRows(set, set.columns, [])).toEqual([]);
  });
}

function whatRemaindersTell(fixture: Fixture): void {
  test('shares by remainder are the buckets by remainder, whatever the signs and sizes of the numbers', async () => {
    const keys = [[0, 0], [-1, 5], [1, -5], [-250, -9], [2147483647, '9223372036854775807'], [-2147483648, '-9223372036854775808'], [3, 4]]; // prettier-ignore
    await fixture.sql(
      'CREATE TABLE t (a int, b bigint, v varchar(10), PRIMARY KEY (a, b))',
      `INSERT INTO t VALUES ${keys.map(([a, b]) => `(${a}, ${b}, 'v')`).join(', ')}`,
    );
    const set = await setOf(fixture, 't');
    const of = 251;
    const dealing = { by: 'remainder', columns: set.key, of } as const;
    const bucketOf = ([a, b]: readonly (number | string | null | undefined)[]): number => {
      const sum = (BigInt(a ?? 0) * 31n + BigInt(b ?? 0)) % BigInt(of);
      return Number((sum + BigInt(of)) % BigInt(of));
    };
    const digests = await verifier(fixture).hashBuckets(set, dealing);
    expect(new Set(digests.keys())).toEqual(new Set(keys.map(bucketOf)));
    for (const bucket of digests.keys()) {
      const rows = await verifier(fixture).hashRows(set, { ...dealing, buckets: [bucket] }, []);
      expect(rows.map(({ key }) => bucketOf(key))).toEqual(rows.map(() => bucket));
      expect(rows).toHaveLength(Number(digests.get(bucket)?.rows));
    }
  });
}

function howItIsStopped(fixture: Fixture): void {
  test('a statement that runs is given up when the signal fires, and the next one works', async () => {
    const set = await filled(fixture, 't', many);
    const stop = new AbortController();
    const running = verifier(fixture).hashBuckets(
      { ...set, condition: fixture.types.endless, signal: stop.signal },
      { by: 'hash', columns: set.columns, of: 1 },
    );
    setImmediate(() => stop.abort());
    await expect(running).rejects.toMatchObject({ code: 'TSM1005' });
    expect(await keysIn(fixture, set)).toHaveLength(many.length);
  });
}
