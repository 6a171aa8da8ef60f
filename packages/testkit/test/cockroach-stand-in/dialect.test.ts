import { describe, expect, test } from 'vitest';
import { clusterTime, freshTable, rows, useStandIn } from './fixture.js';

const fixture = useStandIn();

describe('types', () => {
  test('column types by their CockroachDB names', async () => {
    const client = await fixture.connect();
    await client.query(`CREATE TYPE IF NOT EXISTS mood AS ENUM ('sad', 'it''s ok')`);
    await client.query(`CREATE TYPE IF NOT EXISTS mood AS ENUM ('sad', 'it''s ok')`);
    const table = await freshTable(
      client,
      `a INT PRIMARY KEY, "string" STRING NOT NULL DEFAULT 'x':::STRING, b BYTES, c INTEGER[], d INT4, e FLOAT,
       f DECIMAL(10, 2), g JSON, h STRING(10), i mood, j SERIAL, k STRING COLLATE en, CONSTRAINT bytes CHECK (d > 0:::INT8)`,
    );
    await client.query(
      `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS l STRING, ALTER COLUMN d SET DATA TYPE INT`,
    );
    const columns = await rows(
      client,
      `SELECT column_name, crdb_sql_type, is_hidden FROM information_schema.columns
       WHERE table_name = $1 ORDER BY ordinal_position`,
      [table],
    );
    expect(columns.map(([name, type]) => `${String(name)} ${String(type)}`).join('; ')).toBe(
      'a INT8; string STRING; b BYTES; c INT8[]; d INT8; e FLOAT8; f DECIMAL(10,2); g JSONB; ' +
        'h VARCHAR(10); i public.mood; j INT8; k STRING; l STRING',
    );
    await client.query(`INSERT INTO ${table} (a, b) VALUES (9007199254740993, x'6869')`);
    expect(await rows(client, `SELECT a, "string", b::STRING, j > 9007199254740991 FROM ${table}`)).toEqual([
      ['9007199254740993', 'x', String.raw`\x6869`, true],
    ]);
  });

  test('casts, annotations, literals and record columns; strings and comments are left alone', async () => {
    const client = await fixture.connect();
    expect(
      await rows(
        client,
        `SELECT pg_typeof($1::INT)::STRING, CAST('5' AS INT) + 1, 'a::STRING -- no', $$b:::INT$$, "STRING", BYTES '\\x61' /* ::STRING */
         FROM jsonb_to_recordset('[{"STRING": "q"}]'::STRING::JSON) AS r ("STRING" STRING)`,
        [1],
      ),
    ).toEqual([['bigint', '6', 'a::STRING -- no', 'b:::INT', 'q', Buffer.from('a')]]);
  });

  test('CREATE DATABASE IF NOT EXISTS and DROP DATABASE CASCADE', async () => {
    const client = await fixture.connect();
    const name = `${fixture.database}_other`;
    await client.query(`CREATE DATABASE IF NOT EXISTS ${name}`);
    await client.query(`CREATE DATABASE IF NOT EXISTS ${name}`);
    const other = await fixture.connectTo(fixture.standIn().urlOf(name));
    expect(String((await rows(other, 'SELECT version()'))[0]?.[0])).toContain('CockroachDB');
    await other.query('CREATE TABLE t (a INT PRIMARY KEY)');
    await other.query(`BEGIN AS OF SYSTEM TIME '${await clusterTime(other)}'`);
    await other.end();
    await client.query(`DROP DATABASE ${name} CASCADE`);
    expect(await rows(client, 'SELECT 1 FROM pg_database WHERE datname = $1', [name])).toEqual([]);
  });
});

describe('UPSERT', () => {
  test('a composite key; columns that are not listed keep their value', async () => {
    const client = await fixture.connect();
    const table = await freshTable(
      client,
      `a INT, "B" STRING, c STRING DEFAULT 'd', n INT DEFAULT 7, PRIMARY KEY (a, "B")`,
    );
    await client.query(`INSERT INTO ${table} VALUES (1, 'x', 'old', 3)`);
    const result = await client.query(
      `UPSERT INTO ${table} (a, "B", c) VALUES ($1::INT8, $2::STRING, $3), (2, 'y', 'two')`,
      [1, 'x', 'new'],
    );
    expect(result.rowCount).toBe(2);
    expect(await rows(client, `SELECT * FROM ${table} ORDER BY a`)).toEqual([
      ['1', 'x', 'new', '3'],
      ['2', 'y', 'two', '7'],
    ]);
  });

  test('without a column list, missing columns go back to their defaults', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, `a INT PRIMARY KEY, b STRING, c STRING DEFAULT 'd'`);
    await client.query(`INSERT INTO ${table} VALUES (1, 'x', 'changed')`);
    expect((await client.query(`UPSERT INTO ${table} VALUES (1, 'y') RETURNING b, c`)).rows).toEqual([
      { b: 'y', c: 'd' },
    ]);
    await client.query(`UPSERT INTO ${table} SELECT a + 1, b || '2' FROM ${table}`);
    expect(await rows(client, `SELECT * FROM ${table} ORDER BY a`)).toEqual([
      ['1', 'y', 'd'],
      ['2', 'y2', 'd'],
    ]);
  });

  test('a table of key columns only', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT, b INT, PRIMARY KEY (a, b)');
    await client.query(`UPSERT INTO ${table} VALUES (1, 1), (1, 2)`);
    await client.query(`UPSERT INTO ${table} (b, a) VALUES (1, 1)`);
    expect(await rows(client, `SELECT count(*)::INT4 FROM ${table}`)).toEqual([[2]]);
  });

  test('the same key twice is 21000, another unique index 23505, a missing table 42P01', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT PRIMARY KEY, b INT UNIQUE');
    const twice = client.query(`UPSERT INTO ${table} (a, b) VALUES (1, 1), (1, 2)`);
    await expect(twice).rejects.toMatchObject({
      code: '21000',
      message: 'UPSERT or INSERT...ON CONFLICT command cannot affect row a second time',
    });
    await client.query(`UPSERT INTO ${table} (a, b) VALUES (1, 1)`);
    await expect(client.query(`UPSERT INTO ${table} (a, b) VALUES (2, 1)`)).rejects.toMatchObject({
      code: '23505',
    });
    await expect(client.query('UPSERT INTO nowhere (a) VALUES (1)')).rejects.toMatchObject({ code: '42P01' });
  });

  test('from arrays, in a CTE, and after the table has changed', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT PRIMARY KEY, b STRING');
    await client.query(`UPSERT INTO ${table} (a, b) SELECT unnest($1::INT8[]), unnest($2::STRING[])`, [
      [1, 2],
      ['x', null],
    ]);
    expect(
      await rows(
        client,
        `WITH w AS (UPSERT INTO ${table} (a, b) VALUES (2, 'z') RETURNING a) SELECT a FROM w`,
      ),
    ).toEqual([['2']]);
    await client.query(`ALTER TABLE ${table} ADD COLUMN c INT DEFAULT 5`);
    await client.query(`UPDATE ${table} SET c = 6`);
    await client.query(`UPSERT INTO ${table} VALUES (1, 'y')`);
    expect(await rows(client, `SELECT * FROM ${table} ORDER BY a`)).toEqual([
      ['1', 'y', '5'],
      ['2', 'z', '6'],
    ]);
  });
});
