import { Readable } from 'node:stream';
import { nameFilter, TsmoltError } from '@tsmolt/core';
import type { BulkTarget, LogicalType, Table, TableName } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import { offered, useContractDatabase } from './contract-database.js';
import type { ContractFixture, OpenContractDatabase } from './contract-database.js';

export interface BulkTargetExpectations {
  /** A type that the engine has nothing for. */
  readonly unsupported: LogicalType;
}

/** What every `BulkTarget` promises, against a real server. */
export function bulkTargetContract(
  name: string,
  open: OpenContractDatabase,
  expectations: BulkTargetExpectations,
): void {
  describe(`${name} as BulkTarget`, () => {
    const fixture = useContractDatabase(open);
    describe('copyIn', () => {
      loadedValues(fixture);
      refusedLoads(fixture);
      interruptedLoads(fixture);
    });
    describe('planTables and createTables', () => {
      plans(fixture);
      refusedPlans(fixture, expectations);
    });
    describe('truncateTables', () => {
      truncation(fixture);
    });
    describe('dropTables', () => {
      dropping(fixture);
    });
  });
}

const bulkTarget = (fixture: ContractFixture): BulkTarget => offered(fixture.database().bulkTarget);

const nameIn = (fixture: ContractFixture, table: string): TableName => ({ schema: fixture.schema(), table });

interface Load {
  readonly table?: string;
  readonly columns?: readonly string[];
  readonly signal?: AbortSignal;
}

function load(fixture: ContractFixture, data: Readable | string, options: Load = {}): Promise<number> {
  return bulkTarget(fixture).copyIn(
    {
      table: nameIn(fixture, options.table ?? 't'),
      columns: options.columns ?? ['id', 'v'],
      format: 'csv',
      signal: options.signal ?? new AbortController().signal,
    },
    typeof data === 'string' ? Readable.from([Buffer.from(data)]) : data,
  );
}

const createT = 'CREATE TABLE t (id int PRIMARY KEY, v varchar(20), n int NOT NULL DEFAULT 7)';

const rowsOfT = (fixture: ContractFixture): Promise<{ id: string; v: string | null }[]> =>
  fixture.sql('SELECT cast(id AS text) AS id, v FROM t ORDER BY t.id');

function loadedValues(fixture: ContractFixture): void {
  test("returns the server's count of rows", async () => {
    await fixture.sql(createT);
    expect(await load(fixture, '1,a\n2,b\n3,c\n')).toBe(3);
    expect(await load(fixture, '')).toBe(0);
    expect(await rowsOfT(fixture)).toHaveLength(3);
  });

  test('counts a load that comes in many pieces, cut anywhere', async () => {
    await fixture.sql(createT);
    const rows = Buffer.from(Array.from({ length: 5000 }, (_, id) => `${id},"line\nof é ${id}"\n`).join(''));
    const pieces = Array.from({ length: Math.ceil(rows.length / 997) }, (_, index) =>
      rows.subarray(index * 997, (index + 1) * 997),
    );
    expect(await load(fixture, Readable.from(pieces))).toBe(5000);
    expect((await rowsOfT(fixture))[4999]).toEqual({ id: '4999', v: 'line\nof é 4999' });
  });

  test('tells NULL from the empty string', async () => {
    await fixture.sql(createT);
    await load(fixture, '1,\n2,""\n3,NULL\n4,\\N\n');
    expect((await rowsOfT(fixture)).map(({ v }) => v)).toEqual([null, '', 'NULL', '\\N']);
  });

  test('keeps newlines, quotes, commas, backslashes, white space and letters of every alphabet', async () => {
    await fixture.sql(createT);
    const values = ['two\nlines', 'cr\r\nlf', 'a "quoted" word', 'a,b', 'back\\slash', ' \t ', 'ü漢字🐘'];
    const csv = values.map((value, id) => `${id},"${value.replaceAll('"', '""')}"\n`).join('');
    expect(await load(fixture, csv)).toBe(values.length);
    expect((await rowsOfT(fixture)).map(({ v }) => v)).toEqual(values);
  });

  test('fills the columns in the order that the request names, and the others with their defaults', async () => {
    await fixture.sql(createT);
    await load(fixture, 'one,1\n', { columns: ['v', 'id'] });
    expect(await fixture.sql('SELECT v, cast(n AS text) AS n FROM t WHERE id = 1')).toEqual([
      { v: 'one', n: '7' },
    ]);
  });

  test('finds tables and columns whose names need quotes', async () => {
    await fixture.sql('CREATE TABLE "Odd ""Name""" ("Id" int PRIMARY KEY, "select" varchar(5))');
    expect(await load(fixture, '1,x\n', { table: 'Odd "Name"', columns: ['Id', 'select'] })).toBe(1);
    expect(await fixture.sql('SELECT "select" AS v FROM "Odd ""Name"""')).toEqual([{ v: 'x' }]);
  });
}

function refusedLoads(fixture: ContractFixture): void {
  test.each([
    ['a key that exists', '1,a\n2,b\n1,again\n'],
    ['a value that is too long', `1,a\n2,${'x'.repeat(21)}\n`],
    ['a value of another type', '1,a\ntwo,b\n'],
    ['a missing value', '1,a\n2\n'],
  ])('keeps none of the rows when one is refused for %s', async (_reason, csv) => {
    await fixture.sql(createT);
    await expect(load(fixture, csv)).rejects.toMatchObject({ code: 'TSM4001', kind: 'operator' });
    expect(await rowsOfT(fixture)).toEqual([]);
  });

  test('names the table, the reason and what to do, and no password', async () => {
    await fixture.sql(createT);
    const thrown: unknown = await load(fixture, '1,a\n1,b\n').catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(TsmoltError);
    const { message, advice } = thrown as TsmoltError;
    expect(message).toContain(`${fixture.schema()}.t`);
    expect(message).toMatch(/duplicate/i);
    expect(advice).not.toBe('');
    const password = fixture.database().url.password.reveal();
    expect(password === '' ? [] : [message, advice].filter((text) => text.includes(password))).toEqual([]);
  });

  test('says that a table does not exist', async () => {
    await expect(load(fixture, '1,a\n', { table: 'nowhere' })).rejects.toMatchObject({
      code: 'TSM3002',
      kind: 'operator',
    });
  });

  test('takes the same rows again after a refusal', async () => {
    await fixture.sql(createT);
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(load(fixture, '1,a\n1,b\n')).rejects.toThrow();
    }
    expect(await load(fixture, '1,a\n2,b\n')).toBe(2);
  });
}

/** Enough rows to be on their way to the server when the stream ends badly. */
async function* rowsThenFailure(failure: Error): AsyncGenerator<Buffer> {
  for (let batch = 0; batch < 40; batch++) {
    const rows = Array.from({ length: 500 }, (_, row) => `${batch * 500 + row},value\n`);
    yield Buffer.from(rows.join(''));
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw failure;
}

function interruptedLoads(fixture: ContractFixture): void {
  test('keeps none of the rows when the stream fails in the middle, and passes its error on', async () => {
    await fixture.sql(createT);
    const failure = new TsmoltError('TSM2007', { message: 'the source went away', advice: 'wait' });
    await expect(load(fixture, Readable.from(rowsThenFailure(failure)))).rejects.toBe(failure);
    expect(await rowsOfT(fixture)).toEqual([]);
    expect(await load(fixture, '1,a\n')).toBe(1);
  });

  test('hears of a stream that fails before it is read', async () => {
    await fixture.sql(createT);
    const failure = new TsmoltError('TSM2007', { message: 'the source went away', advice: 'wait' });
    const failing = new Readable({ read: () => undefined });
    process.nextTick(() => failing.destroy(failure));
    await expect(load(fixture, failing)).rejects.toBe(failure);
    expect(await rowsOfT(fixture)).toEqual([]);
  });

  test('keeps none of the rows when it is told to stop', async () => {
    await fixture.sql(createT);
    const controller = new AbortController();
    const endless = Readable.from(rowsThenFailure(new Error('not reached')), { highWaterMark: 1 });
    endless.once('data', () => controller.abort());
    await expect(load(fixture, endless, { signal: controller.signal })).rejects.toMatchObject({
      code: 'TSM1005',
    });
    expect(await rowsOfT(fixture)).toEqual([]);
  });

  test('starts nothing when it was told to stop before', async () => {
    await fixture.sql(createT);
    await expect(load(fixture, '1,a\n', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'TSM1005',
    });
    expect(await rowsOfT(fixture)).toEqual([]);
  });
}

const plannedTable = (fixture: ContractFixture, name: string, schema = fixture.schema()): Table => ({
  name: { schema, table: name },
  columns: [
    plainColumn('a', { kind: 'integer', bits: 32 }, false),
    plainColumn('b', { kind: 'string', maxLength: 20 }, true),
    plainColumn('c', { kind: 'enum', schema, name: 'mood', labels: ['happy', `so'so`] }, true),
    plainColumn('d', { kind: 'integer', bits: 64 }, false),
  ],
  primaryKey: { name: 'k', columns: ['d', 'a'] },
  uniqueKeys: [],
  foreignKeys: [],
  checks: [],
  indexedColumns: [],
  partitioned: false,
  readable: true,
  estimate: { rows: 0, bytes: 0 },
});

function plainColumn(name: string, type: LogicalType, nullable: boolean): Table['columns'][number] {
  return {
    name,
    type,
    nativeType: type.kind,
    nullable,
    generated: false,
    identity: 'never',
    hasDefault: false,
  };
}

function plans(fixture: ContractFixture): void {
  test('planning changes nothing, creating makes tables with their key, NOT NULL and types', async () => {
    const schema = `${fixture.schema()}_new`;
    const planned = ['one', 'two'].map((name) => plannedTable(fixture, name, schema));
    const definitions = await bulkTarget(fixture).planTables(planned);
    expect(definitions.map(({ name }) => name.table)).toEqual(['one', 'two']);
    expect(
      await fixture.sql(
        `SELECT schema_name FROM information_schema.schemata WHERE schema_name = '${schema}'`,
      ),
    ).toEqual([]);

    await bulkTarget(fixture).createTables(definitions);
    const created = (await fixture.database().catalog.tables(nameFilter({ schema: `^${schema}$` }))).map(
      ({ name, columns, primaryKey }) => ({
        name: name.table,
        columns: columns.map((column) => ({
          name: column.name,
          type: column.type,
          nullable: column.nullable,
        })),
        key: primaryKey?.columns,
      }),
    );
    expect(created).toEqual(
      planned.map(({ name, columns }) => ({
        name: name.table,
        columns: columns.map((column) => ({
          name: column.name,
          type: column.type,
          nullable: column.nullable,
        })),
        key: ['d', 'a'],
      })),
    );
  });

  test('tables are created where their schema and types exist already', async () => {
    const target = bulkTarget(fixture);
    await target.createTables(await target.planTables([plannedTable(fixture, 'first')]));
    await target.createTables(await target.planTables([plannedTable(fixture, 'second')]));
    expect((await fixture.tables()).map(({ name }) => name.table)).toEqual(['first', 'second']);
  });
}

function refusedPlans(fixture: ContractFixture, expectations: BulkTargetExpectations): void {
  test('a column whose type has no counterpart is named, and nothing is created', async () => {
    const table = plannedTable(fixture, 'odd');
    const unsupported = {
      ...table,
      columns: [...table.columns, plainColumn('strange', expectations.unsupported, true)],
    };
    const planning = bulkTarget(fixture).planTables([plannedTable(fixture, 'fine'), unsupported]);
    await expect(planning).rejects.toMatchObject({
      code: 'TSM3004',
      kind: 'operator',
      message: expect.stringContaining(`${fixture.schema()}.odd.strange`) as string,
    });
    expect(await fixture.tables()).toEqual([]);
  });

  test('what a created table will lack is said beforehand', async () => {
    const definition = await bulkTarget(fixture).planTables([
      {
        ...plannedTable(fixture, 't'),
        checks: ['n_positive'],
        uniqueKeys: [{ name: 'only_once', columns: ['b'] }],
      },
    ]);
    const lacking = definition[0]?.notCarriedOver.join('; ');
    expect(lacking).toContain('n_positive');
    expect(lacking).toContain('only_once');
  });
}

const parentAndChild = [
  'CREATE TABLE parent (id int PRIMARY KEY)',
  'CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent (id))',
  'INSERT INTO parent VALUES (1)',
  'INSERT INTO child VALUES (1, 1)',
];

const countOf = async (fixture: ContractFixture, table: string): Promise<number> =>
  (await fixture.sql(`SELECT 1 AS one FROM ${table}`)).length;

function truncation(fixture: ContractFixture): void {
  test('empties tables together, whatever foreign keys are among them', async () => {
    await fixture.sql(...parentAndChild);
    await bulkTarget(fixture).truncateTables([nameIn(fixture, 'parent'), nameIn(fixture, 'child')]);
    expect(await countOf(fixture, 'parent')).toBe(0);
    expect(await countOf(fixture, 'child')).toBe(0);
  });

  test('has nothing to do for no tables', async () => {
    await fixture.sql(...parentAndChild);
    await bulkTarget(fixture).truncateTables([]);
    await bulkTarget(fixture).dropTables([]);
    expect(await countOf(fixture, 'parent')).toBe(1);
  });

  test('refuses to empty a table that others refer to, and empties nothing', async () => {
    await fixture.sql(
      ...parentAndChild,
      'CREATE TABLE other (id int PRIMARY KEY)',
      'INSERT INTO other VALUES (1)',
    );
    const truncating = bulkTarget(fixture).truncateTables([
      nameIn(fixture, 'other'),
      nameIn(fixture, 'parent'),
    ]);
    await expect(truncating).rejects.toMatchObject({ code: 'TSM3006', kind: 'operator' });
    expect(await countOf(fixture, 'other')).toBe(1);
    expect(await countOf(fixture, 'child')).toBe(1);
  });
}

function dropping(fixture: ContractFixture): void {
  const drop = (...tables: string[]): Promise<void> =>
    bulkTarget(fixture).dropTables(tables.map((table) => nameIn(fixture, table)));

  test('drops those that exist, and does not mind the others', async () => {
    await fixture.sql(...parentAndChild);
    await drop('nowhere', 'parent', 'child');
    expect(await fixture.tables()).toEqual([]);
  });

  test.each([
    ['a view', 'CREATE VIEW dependent AS SELECT id FROM parent'],
    ['a foreign key', 'CREATE TABLE dependent (id int PRIMARY KEY REFERENCES parent (id))'],
  ])(
    'drops nothing by cascade: %s of somebody else is kept, and so are all tables',
    async (_what, dependent) => {
      await fixture.sql('CREATE TABLE other (id int)', 'CREATE TABLE parent (id int PRIMARY KEY)', dependent);
      await expect(drop('other', 'parent')).rejects.toMatchObject({ code: 'TSM3006', kind: 'operator' });
      expect(await countOf(fixture, 'other, parent, dependent')).toBe(0);
    },
  );
}
