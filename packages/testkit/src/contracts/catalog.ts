import { nameFilter } from '@tsmolt/core';
import type { Column } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import { useContractDatabase } from './contract-database.js';
import type { ContractFixture, OpenContractDatabase } from './contract-database.js';
import type { ContractDialect } from './contract-dialect.js';

/** What every `Catalog` promises, against a real server. */
export function catalogContract(name: string, open: OpenContractDatabase, dialect?: ContractDialect): void {
  describe(`${name} as Catalog`, () => {
    const fixture = useContractDatabase(open, dialect);
    whichTables(fixture);
    whichColumns(fixture);
    whichKeys(fixture);
  });
}

function whichTables(fixture: ContractFixture): void {
  const { quote, notTables, systemSchemas } = fixture.dialect;
  const names = async (): Promise<string[]> => (await fixture.tables()).map(({ name }) => name.table);

  test('lists tables by schema and name, in byte order', async () => {
    await fixture.sql(
      'CREATE TABLE b (id int)',
      `CREATE TABLE ${quote('B')} (id int)`,
      'CREATE TABLE a_1 (id int)',
      'CREATE TABLE a (id int)',
      `CREATE TABLE ${quote('ü')} (id int)`,
    );
    expect(await names()).toEqual(['B', 'a', 'a_1', 'b', 'ü']);
    const all = await fixture.database().catalog.tables(nameFilter({}));
    const keys = all.map(({ name }) => `${name.schema}\0${name.table}`);
    expect(keys).toEqual(
      keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right))),
    );
  });

  test('leaves out views, sequences and system schemas', async () => {
    await fixture.sql('CREATE TABLE t (id int)', ...notTables);
    expect(await names()).toEqual(['t']);
    const all = await fixture.database().catalog.tables(nameFilter({}));
    expect(all.filter(({ name }) => systemSchemas.test(name.schema))).toEqual([]);
  });

  test('asks the filter for schema and table', async () => {
    await fixture.sql(
      'CREATE TABLE orders (id int)',
      'CREATE TABLE orders_old (id int)',
      'CREATE TABLE x (id int)',
    );
    const schema = `^${fixture.schema()}$`;
    const listed = await fixture
      .database()
      .catalog.tables(nameFilter({ schema, table: '^orders', tableExclusion: '_old$' }));
    expect(listed.map(({ name }) => name)).toEqual([{ schema: fixture.schema(), table: 'orders' }]);
    const elsewhere = await fixture.database().catalog.tables(nameFilter({ schema: '^nowhere$' }));
    expect(elsewhere).toHaveLength(fixture.dialect.hasSchemas ? 0 : 3);
  });

  test('what the user owns is readable', async () => {
    await fixture.sql('CREATE TABLE t (id int)');
    expect(await fixture.table('t')).toMatchObject({ readable: true, partitioned: false });
  });
}

function whichColumns(fixture: ContractFixture): void {
  const columns = async (): Promise<readonly Column[]> => (await fixture.table('t')).columns;

  test('lists columns in their declared order, without dropped ones, with names as they are', async () => {
    await fixture.sql(
      `CREATE TABLE t (z int, gone int, ${fixture.dialect.quote('Select "me"')} int, a int)`,
      'ALTER TABLE t DROP COLUMN gone',
      'ALTER TABLE t ADD COLUMN late int',
    );
    expect((await columns()).map(({ name }) => name)).toEqual(['z', 'Select "me"', 'a', 'late']);
  });

  test('tells NOT NULL, defaults, identity and generated columns', async () => {
    const { statements, expected } = fixture.dialect.columnKinds;
    await fixture.sql(...statements);
    const flags = (await columns()).map(({ name, nullable, generated, identity, hasDefault }) => ({
      name, nullable, generated, identity, hasDefault: hasDefault && identity === 'never' && !generated,
    })); // prettier-ignore
    expect(flags).toEqual(expected);
  });

  test('gives each type its logical meaning', async () => {
    const { types, typeSetup } = fixture.dialect;
    const declarations = types.map(({ declaration }, index) => `c${index + 1} ${declaration}`);
    await fixture.sql(...typeSetup, `CREATE TABLE t (${declarations.join(', ')})`);
    const found = (await columns()).map(({ type }) => type);
    expect(found).toMatchObject(types.map(({ meaning }) => meaning(fixture.schema())));
    expect((await columns()).filter(({ nativeType }) => nativeType === '')).toEqual([]);
  });
}

function whichKeys(fixture: ContractFixture): void {
  test('gives the columns of a key in the order of the key', async () => {
    await fixture.sql(
      'CREATE TABLE t (a int, b int, c int, PRIMARY KEY (c, a), CONSTRAINT pair UNIQUE (b, a))',
    );
    const table = await fixture.table('t');
    expect(table.primaryKey?.columns).toEqual(['c', 'a']);
    expect(table.uniqueKeys).toEqual([{ name: 'pair', columns: ['b', 'a'] }]);
  });

  test('a table without a key has none', async () => {
    await fixture.sql('CREATE TABLE t (a int)');
    expect((await fixture.table('t')).primaryKey).toBeUndefined();
  });

  test('pairs the columns of a foreign key with those they point at', async () => {
    await fixture.sql(
      'CREATE TABLE parent (x int, y int, PRIMARY KEY (y, x), UNIQUE (x, y))',
      `CREATE TABLE child (id int PRIMARY KEY, px int, py int, self int,
        CONSTRAINT own FOREIGN KEY (self) REFERENCES child (id),
        CONSTRAINT both_of FOREIGN KEY (px, py) REFERENCES parent (x, y),
        CONSTRAINT positive CHECK (id > 0))`,
    );
    const { foreignKeys, checks } = await fixture.table('child');
    const schema = fixture.schema();
    expect(foreignKeys.toSorted((left, right) => (left.name < right.name ? -1 : 1))).toEqual([
      {
        name: 'both_of',
        columns: ['px', 'py'],
        target: { schema, table: 'parent' },
        targetColumns: ['x', 'y'],
      },
      { name: 'own', columns: ['self'], target: { schema, table: 'child' }, targetColumns: ['id'] },
    ]);
    expect(checks).toEqual(['positive']);
  });
}
