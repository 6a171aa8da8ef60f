import { ConnectionUrl, nameFilter, plannedTable, silentLogger, transformTables } from '@tsmolt/core';
import type { Table } from '@tsmolt/core';
import { identify } from '@tsmolt/pgwire';
import { openPostgres } from '@tsmolt/postgres';
import { createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { tableStatements } from '../src/load/create-table.js';

const options = {
  allowUnencrypted: true,
  applicationName: 'planned tables',
  maxConnections: 2,
  logger: silentLogger(),
};

async function tablesIn(url: string): Promise<Table[]> {
  const database = openPostgres(await identify(ConnectionUrl.parse(url, '--source'), options), options);
  try {
    return await database.catalog.tables(nameFilter({}));
  } finally {
    await database.close();
  }
}

test('the server takes a renamed table with computed columns and chosen types, and computes as the source does', async () => {
  const created = await createDatabase(await sharedServer('postgres18'));
  try {
    await runSql(
      created.url,
      `CREATE TABLE "People" (id int PRIMARY KEY, "First name" text, last text, born varbit, at timestamp(3),
        "Full name" text NOT NULL GENERATED ALWAYS AS ("First name" || ' ' || last) STORED,
        twice int GENERATED ALWAYS AS (id * 2) VIRTUAL)`,
    );
    const [plan] = transformTables(await tablesIn(created.url), [
      {
        place: 'p',
        schema: /public/,
        table: /People/,
        renameTable: 'persons',
        columnExclusion: { column: /^(Full name|twice)$/, addComputedDefinition: true },
      },
    ]).plans;
    if (plan === undefined) throw new Error('there is a table');
    const chosen = new Map([
      ['born', 'string'],
      ['at', 'TIMESTAMPTZ(3)'],
      ['twice', 'INT'],
    ]);
    await runSql(
      created.url,
      ...tableStatements(plannedTable(plan, chosen)),
      `INSERT INTO persons (id, "First name", last) VALUES (3, 'Ada', 'Lovelace')`,
    );
    const [, persons] = await tablesIn(created.url);
    expect(persons).toMatchObject({
      name: { schema: 'public', table: 'persons' },
      primaryKey: { columns: ['id'] },
    });
    expect(persons?.columns.map(({ name, nativeType, generated }) => [name, nativeType, generated])).toEqual([
      ['id', 'integer', false],
      ['First name', 'text', false],
      ['last', 'text', false],
      ['born', 'text', false],
      ['at', 'timestamp(3) with time zone', false],
      ['Full name', 'text', true],
      ['twice', 'bigint', true],
    ]);
    const rows = await runSql(created.url, 'SELECT "Full name", twice FROM persons');
    expect(JSON.stringify(rows)).toContain('Ada Lovelace');
  } finally {
    await created.drop();
  }
});
