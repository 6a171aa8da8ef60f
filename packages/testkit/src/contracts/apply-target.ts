import { asTsmoltError, refusalOf } from '@tsmolt/core';
import type { RowBatch } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import type { ApplyFixture } from './apply-fixture.js';
import { applyFailures } from './apply-target-failures.js';
import { applyValues } from './apply-target-values.js';
import type { ValueCase } from './apply-target-values.js';
import { offered, useContractDatabase } from './contract-database.js';
import type { OpenContractDatabase } from './contract-database.js';

export interface ApplyTargetExpectations {
  /** Types that this engine has besides those that all have. */
  readonly values: readonly ValueCase[];
  /** What becomes of a value for a column that is GENERATED ALWAYS AS IDENTITY and part of the key. */
  readonly identity: 'inserted' | 'refused';
}

/** What every `ApplyTarget` promises. Tables are made in SQL that PostgreSQL and CockroachDB share. */
export function applyTargetContract(
  name: string,
  open: OpenContractDatabase,
  expected: ApplyTargetExpectations,
): void {
  describe(`${name} as ApplyTarget`, () => {
    const contract = useContractDatabase(open);
    const fixture: ApplyFixture = {
      ...contract,
      apply: (work, options) =>
        offered(contract.database().applyTarget).transaction(work, {
          signal: new AbortController().signal,
          timeoutMs: 30_000,
          ...options,
        }),
      batch: async (columns, rows, of = {}) => ({
        table: await contract.table(of.table ?? 't'),
        columns,
        key: of.key ?? ['id'],
        rows,
      }),
    };
    describe('rows', () => {
      changedRows(fixture);
      freshRows(fixture);
      unusualRows(fixture);
    });
    describe('keys and names', () => {
      keysAndNames(fixture);
    });
    describe('transactions', () => {
      transactions(fixture);
      emptiedTables(fixture);
    });
    describe('columns that the server fills', () => {
      filledColumns(fixture, expected);
    });
    applyValues(fixture, expected.values);
    applyFailures(fixture);
  });
}

/** Enough that a target may have another way for them. */
const manyRows = 200;

function freshRows({ sql, apply, batch }: ApplyFixture): void {
  const texts = ['', null, 'tab\tline\nback\\slash', '\\N', '"quotes", {braces} and \'s', '😀'];
  const rows = Array.from({ length: manyRows }, (_, index) => [
    String(index + 1),
    texts[index % texts.length] ?? null,
    index % 7 === 0 ? null : String(index),
  ]);

  test('that are new arrive as they are', async () => {
    await sql(createTable);
    const some = { ...(await batch(['id', 'a', 'b'], rows)), fresh: true };
    expect(await apply((transaction) => transaction.upsert(some))).toBe(manyRows);
    const found = await sql('SELECT id::text AS id, a, b::text AS b FROM t ORDER BY t.id');
    expect(found).toEqual(rows.map(([id, a, b]) => ({ id, a, b })));
  });

  test('that were said to be new, and are there, are refused or overwritten, and never there twice', async () => {
    await sql(createTable, `INSERT INTO t VALUES (100, 'old', 1)`);
    const some = { ...(await batch(['id', 'a', 'b'], rows)), fresh: true };
    const refusal = await apply(async (transaction) => {
      try {
        await transaction.attempt(() => transaction.upsert(some));
        return undefined;
      } catch (thrown) {
        await transaction.upsert({ ...some, fresh: false });
        return refusalOf(thrown);
      }
    });
    expect([undefined, 'unique']).toContain(refusal?.kind);
    expect(await sql('SELECT count(*)::text AS rows FROM t')).toEqual([{ rows: String(manyRows) }]);
    expect(await sql('SELECT b::text AS b FROM t WHERE id = 100')).toEqual([{ b: '99' }]);
  });
}

const createTable = 'CREATE TABLE t (id INT8 PRIMARY KEY, a TEXT, b INT8)';

function changedRows({ sql, apply, batch }: ApplyFixture): void {
  const content = (): Promise<unknown[]> => sql('SELECT id, a, b FROM t ORDER BY id');

  test('are inserted, and overwritten in exactly the columns given', async () => {
    await sql(createTable, `INSERT INTO t VALUES (1, 'old', 10)`);
    const some = await batch(
      ['id', 'a'],
      [
        ['1', 'new'],
        ['2', null],
      ],
    );
    expect(await apply((transaction) => transaction.upsert(some))).toBe(2);
    expect(await content()).toEqual([
      { id: '1', a: 'new', b: '10' },
      { id: '2', a: null, b: null },
    ]);
    const whole = await batch(['id', 'a', 'b'], [['1', '', '11']]);
    expect(await apply((transaction) => transaction.upsert(whole))).toBe(1);
    expect(await sql('SELECT a, b FROM t WHERE id = 1')).toEqual([{ a: '', b: '11' }]);
  });

  test('are updated in exactly the columns given, and those that are not there are not counted', async () => {
    await sql(createTable, `INSERT INTO t VALUES (1, 'one', 10), (2, 'two', 20)`);
    const some = await batch(
      ['id', 'b'],
      [
        ['1', '11'],
        ['3', '30'],
      ],
    );
    expect(await apply((transaction) => transaction.update(some))).toBe(1);
    const onlyKeys = await batch(['id'], [['1'], ['2'], ['3']]);
    expect(await apply((transaction) => transaction.update(onlyKeys))).toBe(2);
    expect(await content()).toEqual([
      { id: '1', a: 'one', b: '11' },
      { id: '2', a: 'two', b: '20' },
    ]);
  });

  test('get another key', async () => {
    await sql(createTable, `INSERT INTO t VALUES (1, 'one', 10)`);
    const moved = await batch(['id', 'a'], [['5', 'five']]);
    expect(await apply((transaction) => transaction.rekey(moved, ['1']))).toBe(1);
    expect(await apply((transaction) => transaction.rekey(moved, ['1']))).toBe(0);
    expect(await content()).toEqual([{ id: '5', a: 'five', b: '10' }]);
  });

  test('are deleted by their keys', async () => {
    await sql(createTable, `INSERT INTO t VALUES (1, 'one', 10), (2, 'two', 20)`);
    const some = await batch(['id'], [['1'], ['3']]);
    expect(await apply((transaction) => transaction.delete(some))).toBe(1);
    expect(await content()).toEqual([{ id: '2', a: 'two', b: '20' }]);
  });
}

function unusualRows({ sql, apply, batch }: ApplyFixture): void {
  test('of tables without anything but a key are there afterwards, whether they were or not', async () => {
    await sql('CREATE TABLE t (id INT8, v TEXT, PRIMARY KEY (id, v))', `INSERT INTO t VALUES (1, 'a')`);
    const some = await batch(
      ['id', 'v'],
      [
        ['1', 'a'],
        ['2', 'b'],
      ],
      { key: ['id', 'v'] },
    );
    expect(await apply((transaction) => transaction.upsert(some))).toBe(2);
    expect(await sql('SELECT id, v FROM t ORDER BY id')).toEqual([
      { id: '1', v: 'a' },
      { id: '2', v: 'b' },
    ]);
  });

  test('of tables without a key are inserted', async () => {
    await sql('CREATE TABLE t (v TEXT)');
    const some = await batch(['v'], [['same'], ['same']], { key: [] });
    expect(await apply((transaction) => transaction.upsert(some))).toBe(2);
  });

  test('are as many as there are, in statements that servers take', async () => {
    await sql(createTable);
    const many = Array.from({ length: 25_000 }, (_, id) => [String(id), `row ${id}`, null]);
    const some = await batch(['id', 'a', 'b'], many);
    expect(await apply((transaction) => transaction.upsert(some))).toBe(25_000);
    expect(await apply((transaction) => transaction.upsert({ ...some, rows: [] }))).toBe(0);
    expect(await sql('SELECT count(*) AS n, max(a) AS a FROM t')).toEqual([{ n: '25000', a: 'row 9999' }]);
  });

  test('may be large, and may have many columns', async () => {
    const names = Array.from({ length: 1500 }, (_, index) => `c${index}`);
    await sql(`CREATE TABLE t (id INT8 PRIMARY KEY, a TEXT)`);
    const large = await batch(
      ['id', 'a'],
      [
        ['1', 'x'.repeat(10_000_000)],
        ['2', 'é'.repeat(3_000_000)],
      ],
    );
    expect(await apply((transaction) => transaction.upsert(large))).toBe(2);
    expect(await sql('SELECT length(a) AS n FROM t ORDER BY id')).toEqual([
      { n: 10_000_000 },
      { n: 3_000_000 },
    ]);
    await sql(
      `CREATE TABLE wide (id INT8 PRIMARY KEY, ${names.map((column) => `${column} INT2`).join(', ')})`,
    );
    const wide = await batch(['id', ...names], [['1', ...names.map(() => '7')]], { table: 'wide' });
    expect(await apply((transaction) => transaction.upsert(wide))).toBe(1);
    expect(await sql('SELECT c1499 FROM wide')).toEqual([{ c1499: 7 }]);
  });
}

function keysAndNames({ sql, apply, batch }: ApplyFixture): void {
  test('a key may have several columns, in any order', async () => {
    await sql(
      'CREATE TABLE t (a INT8, v TEXT, b TEXT, PRIMARY KEY (b, a))',
      `INSERT INTO t VALUES (1, 'v', 'x'), (1, 'w', 'y'), (2, 'x', 'x')`,
    );
    const of = { key: ['a', 'b'] };
    const changed = await batch(['v', 'b', 'a'], [['changed', 'y', '1']], of);
    const gone = await batch(['b', 'a'], [['x', '2']], of);
    await apply(async (transaction) => {
      expect(await transaction.upsert(changed)).toBe(1);
      expect(await transaction.update({ ...changed, rows: [['again', 'x', '1']] })).toBe(1);
      expect(await transaction.delete(gone)).toBe(1);
      expect(await transaction.rekey({ ...changed, rows: [['moved', 'z', '9']] }, ['1', 'x'])).toBe(1);
    });
    expect(await sql('SELECT a, b, v FROM t ORDER BY b')).toEqual([
      { a: '1', b: 'y', v: 'changed' },
      { a: '9', b: 'z', v: 'moved' },
    ]);
  });

  test('names and keys may have any character', async () => {
    await sql(`CREATE TABLE "Odd ""T.able" ("Mixed Key" TEXT PRIMARY KEY, "select" TEXT, "é$1" INT8)`);
    const columns = ['Mixed Key', 'select', 'é$1'];
    const of = { key: ['Mixed Key'], table: 'Odd "T.able' };
    const keys = ['', ' ', `it's`, '"', '\\', '{a,b}', 'NULL', '\u{1F600}', '%', '\r\n'];
    const all = await batch(
      columns,
      keys.map((key, index) => [key, `v ${key}`, String(index)]),
      of,
    );
    await apply((transaction) => transaction.upsert(all));
    await apply((transaction) =>
      transaction.update({ ...all, columns: ['Mixed Key', 'é$1'], rows: keys.map((key) => [key, '0']) }),
    );
    const found = await sql(`SELECT "Mixed Key" AS k, "select" AS v, "é$1" AS n FROM "Odd ""T.able"`);
    expect(new Set(found)).toEqual(new Set(keys.map((k) => ({ k, v: `v ${k}`, n: '0' }))));
    const deleted = { ...all, columns: ['Mixed Key'], rows: keys.map((key) => [key]) };
    expect(await apply((transaction) => transaction.delete(deleted))).toBe(keys.length);
  });
}

function transactions({ sql, schema, apply, batch }: ApplyFixture): void {
  const ids = async (): Promise<unknown[]> =>
    (await sql('SELECT id FROM t ORDER BY id')).map((row) => row['id']);
  const row = (id: string): Promise<RowBatch> => batch(['id'], [[id]]);
  const setUp = (): Promise<unknown> => sql('CREATE TABLE t (id INT8 PRIMARY KEY)');

  test('work that fails leaves nothing', async () => {
    await setUp();
    const one = await row('1');
    const failed = apply(async (transaction) => {
      await transaction.upsert(one);
      throw new Error('enough');
    });
    await expect(failed).rejects.toThrow('enough');
    expect(await ids()).toEqual([]);
  });

  test('nothing is committed after a failure that the work has swallowed', async () => {
    await setUp();
    const one = await row('1');
    const bad = await row('x');
    const swallowed = apply(async (transaction) => {
      await transaction.upsert(one);
      await transaction.upsert(bad).catch(() => 0);
    });
    await expect(swallowed).rejects.toMatchObject({ code: 'TSM4011' });
    expect(await ids()).toEqual([]);
  });

  test('an attempt that fails is undone, also within another one', async () => {
    await setUp();
    const [one, two, three, bad] = [await row('1'), await row('2'), await row('3'), await row('x')];
    await apply(async (transaction) => {
      await transaction.upsert(one);
      const inner = transaction.attempt(async () => {
        await transaction.upsert(two);
        await expect(transaction.attempt(() => transaction.upsert(bad))).rejects.toMatchObject({
          code: 'TSM4011',
        });
        await transaction.attempt(() => transaction.upsert(three));
        throw new Error('after all');
      });
      await expect(inner).rejects.toThrow('after all');
      expect(await transaction.attempt(() => transaction.upsert(three))).toBe(1);
    });
    expect(await ids()).toEqual(['1', '3']);
  });

  test('statements of others run in it', async () => {
    await setUp();
    const one = await row('1');
    const found = await apply(async (transaction) => {
      await transaction.upsert(one);
      return transaction.query(`SELECT id, $1::TEXT AS text FROM "${schema()}".t WHERE id = $2`, [`it's`, 1]);
    });
    expect(found).toEqual([{ id: '1', text: `it's` }]);
  });
}

function emptiedTables({ sql, schema, apply }: ApplyFixture): void {
  test('tables that refer to each other are emptied together, or not at all', async () => {
    await sql(
      'CREATE TABLE parent (id INT8 PRIMARY KEY)',
      'CREATE TABLE child (id INT8 PRIMARY KEY, p INT8 REFERENCES parent (id))',
      'INSERT INTO parent VALUES (1)',
      'INSERT INTO child VALUES (1, 1)',
    );
    const emptied = (table: string) => ({ name: { schema: schema(), table }, partitioned: false });
    const count = (): Promise<unknown> =>
      sql('SELECT (SELECT count(*) FROM parent) AS p, (SELECT count(*) FROM child) AS c');
    const undone = apply(async (transaction) => {
      await transaction.truncate([emptied('parent'), emptied('child')]);
      throw new Error('enough');
    });
    await expect(undone).rejects.toThrow('enough');
    expect(await count()).toEqual([{ p: '1', c: '1' }]);
    await apply((transaction) => transaction.truncate([emptied('parent'), emptied('child')]));
    expect(await count()).toEqual([{ p: '0', c: '0' }]);
    await apply((transaction) => transaction.truncate([]));
  });
}

function filledColumns({ sql, apply, batch }: ApplyFixture, { identity }: ApplyTargetExpectations): void {
  test('a computed column takes no values', async () => {
    await sql('CREATE TABLE t (id INT8 PRIMARY KEY, twice INT8 GENERATED ALWAYS AS (id * 2) STORED)');
    const some = await batch(['id', 'twice'], [['1', '2']]);
    await expect(apply((transaction) => transaction.upsert(some))).rejects.toMatchObject({ code: 'TSM7005' });
    const free = await batch(['id'], [['1']]);
    await apply((transaction) => transaction.upsert(free));
    expect(await sql('SELECT twice FROM t')).toEqual([{ twice: '2' }]);
  });

  test('a key that is always an identity takes the source’s values, where the server lets it', async () => {
    await sql('CREATE TABLE t (id INT8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v TEXT)');
    const some = await batch(['id', 'v'], [['41', 'x']]);
    const outcome = await apply((transaction) => transaction.upsert(some)).then(
      () => 'inserted',
      (thrown: unknown) => asTsmoltError(thrown).code,
    );
    expect(outcome).toBe(identity === 'inserted' ? 'inserted' : 'TSM7005');
  });

  test('another column that is always an identity is refused: nobody can overwrite it', async () => {
    await sql('CREATE TABLE t (id INT8 PRIMARY KEY, n INT8 GENERATED ALWAYS AS IDENTITY)');
    const some = await batch(['id', 'n'], [['1', '5']]);
    await expect(apply((transaction) => transaction.upsert(some))).rejects.toMatchObject({
      code: 'TSM7005',
      advice: expect.stringContaining('BY DEFAULT') as string,
    });
  });

  test('a table that does not have the columns or the key does not fit', async () => {
    await sql('CREATE TABLE t (id INT8 PRIMARY KEY, v TEXT)');
    const unknown = await batch(['id', 'w'], [['1', 'x']]);
    await expect(apply((transaction) => transaction.upsert(unknown))).rejects.toMatchObject({
      code: 'TSM7005',
    });
    const noKey = await batch(['id', 'v'], [['1', 'x']], { key: ['v'] });
    await expect(apply((transaction) => transaction.upsert(noKey))).rejects.toMatchObject({
      code: 'TSM7005',
    });
    const stale = await batch(['id', 'v'], [['1', 'x']]);
    await sql('ALTER TABLE t DROP COLUMN v');
    await expect(apply((transaction) => transaction.upsert(stale))).rejects.toMatchObject({
      code: 'TSM7005',
    });
  });
}
