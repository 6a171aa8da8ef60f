import { describe, expect, test } from 'vitest';
import { freshTable, protocols, rows, useStandIn } from './fixture.js';

const fixture = useStandIn();

describe('refusals', () => {
  test.each([
    { sql: 'CREATE DOMAIN d AS INT', code: '0A000', says: 'unimplemented' },
    { sql: 'CREATE TEMP TABLE m (a INT)', code: '0A000', says: 'temporary tables' },
    { sql: 'LISTEN x', code: '0A000', says: 'unimplemented' },
    { sql: 'CREATE TABLE m (a MONEY)', code: '0A000', says: 'unimplemented' },
    { sql: 'CREATE TABLE m (a INT, b cidr NOT NULL)', code: '0A000', says: 'unimplemented' },
    { sql: 'ALTER TABLE m ADD COLUMN a int4range', code: '0A000', says: 'unimplemented' },
    { sql: 'INSERT INTO m (a) OVERRIDING SYSTEM VALUE VALUES (1)', code: '0A000', says: 'unimplemented' },
    { sql: 'SELECT pg_export_snapshot()', code: '42883', says: 'unknown function: pg_export_snapshot()' },
    { sql: 'SELECT hashtextextended($1, 0)', values: ['a'], code: '42883', says: 'unknown function' },
    { sql: 'SELECT bit_xor(a) FROM m', code: '42883', says: 'unknown function' },
    { sql: `SET TRANSACTION SNAPSHOT 'x'`, code: '42601', says: 'syntax error' },
    { sql: 'SELECT ctid FROM pg_class', code: '42703', says: 'column "ctid" does not exist' },
    { sql: 'SELECT c.ctid, $1::INT FROM pg_class c', values: [1], code: '42703', says: 'does not exist' },
    { sql: 'VACUUM m', code: '42601', says: 'syntax error' },
    { sql: 'SELECT * FROM m TABLESAMPLE system (1)', code: '42601', says: 'syntax error' },
    { sql: 'ALTER TABLE m DISABLE TRIGGER ALL', code: '42601', says: 'syntax error' },
    { sql: 'SELECT 1; COPY m FROM STDIN CSV', code: '08P01', says: 'COPY together with other statements' },
  ])('$sql', async ({ sql, values, code, says }) => {
    const client = await fixture.connect();
    const refused = { code, message: expect.stringContaining(says) as string };
    await expect(client.query(sql, values)).rejects.toMatchObject(refused);
    expect(await rows(client, 'SELECT 1')).toEqual([[1]]);
    await client.query('BEGIN');
    await expect(client.query(sql, values)).rejects.toMatchObject(refused);
    await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
    await client.query('ROLLBACK');
  });

  test('BEGIN in a transaction', async () => {
    const client = await fixture.connect();
    await client.query('BEGIN');
    await expect(client.query('BEGIN')).rejects.toMatchObject({ code: '25001' });
    await client.query('ROLLBACK');
  });

  test.each(protocols)(
    'a schema change commits the transaction that it stands in ($protocol)',
    async ({ send }) => {
      const client = await fixture.connect();
      const table = await freshTable(client, 'a INT PRIMARY KEY');
      await client.query('BEGIN');
      await client.query(`INSERT INTO ${table} VALUES (1)`);
      await send(client, `ALTER TABLE ${table} ADD COLUMN b INT`);
      await client.query('ROLLBACK');
      expect(await rows(client, `SELECT a, b FROM ${table}`)).toEqual([['1', null]]);
      await client.query('SET autocommit_before_ddl = off');
      await client.query(`BEGIN; DELETE FROM ${table}; ALTER TABLE ${table} DROP COLUMN b; ROLLBACK`);
      expect(await rows(client, `SELECT a, b FROM ${table}`)).toEqual([['1', null]]);
      await client.query('RESET autocommit_before_ddl');
      await client.query(`BEGIN; DELETE FROM ${table}; ALTER TABLE ${table} DROP COLUMN b; ROLLBACK`);
      expect(await rows(client, `SELECT * FROM ${table}`)).toEqual([]);
    },
  );
});
