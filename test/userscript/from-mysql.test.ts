import { createDatabase, runMysql, runSql, sharedServer } from '@tsmolt/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { rowsOf } from '../support/replication.js';
import type { Stream } from '../support/replicator.js';
import { run, scriptFile } from './scripted-run.js';

/** A database of MySQL with these tables, one of PostgreSQL, and a stream that begins now. */
async function mysqlPair(...tables: readonly string[]): Promise<Stream> {
  const source = await createDatabase(await sharedServer('mysql'));
  const target = await createDatabase(await sharedServer('postgres18'));
  onTestFinished(async () => {
    await source.drop();
    await target.drop();
  });
  await runMysql(source.url, ...tables);
  const [position] = await runMysql(source.url, 'SELECT @@GLOBAL.gtid_executed AS gtids');
  const gtids = String(position?.['gtids'] ?? '').replaceAll('\n', '');
  return { command: 'mylogical', source: source.url, target: target.url, from: ['--defaultGTIDSet', gtids] };
}

test('rows of MySQL are filtered, renamed, sent to several tables, and written by onWrite', async () => {
  const stream = await mysqlPair(
    'CREATE TABLE customer (id int PRIMARY KEY, name varchar(50), active tinyint(1), doc json, total decimal(20,4), raw varbinary(10))',
    'CREATE TABLE audit_log (id int PRIMARY KEY)',
  );
  await runSql(
    stream.target,
    'CREATE TABLE customers (id int PRIMARY KEY, name text, active boolean, doc jsonb, total numeric(20,4), raw bytea)',
    'CREATE TABLE names (id int PRIMARY KEY, name text)',
    `CREATE TABLE counters (name text, n int); INSERT INTO counters VALUES ('customers', 0)`,
  );
  const script = await scriptFile(
    `api.configureTargetSchema('public', {
       onRowUpsert(row, { table }) {
         if (table !== 'customer') return null;
         const { active, ...others } = row;
         if (typeof row.total !== 'string') throw new Error('a number is ' + typeof row.total);
         row.doc.seen = true;
         return { customers: [{ ...others, active: active === '1' || active === true }], names: [{ id: row.id, name: row.name }] };
       },
       onRowDelete: (row, { table }) => (table === 'customer' ? { customers: [row], names: [row] } : null),
     });
     api.configureTargetTables(['customers'], {
       async onWrite(rows) {
         await api.write(rows);
         await api.getTX().exec('UPDATE counters SET n = n + $1', rows.length);
       },
     });`,
  );
  await runMysql(
    stream.source,
    `INSERT INTO customer VALUES (1, 'a', 1, '{"n": 1.50}', 12345678901234.5, x'00ff'), (2, 'b', 0, '{}', 1, NULL), (3, NULL, 1, '{}', 0, NULL)`,
    'INSERT INTO audit_log VALUES (1)',
  );
  await run(stream, script);
  await runMysql(
    stream.source,
    `UPDATE customer SET id = 20, name = 'moved' WHERE id = 2`,
    'DELETE FROM customer WHERE id = 3',
    'DELETE FROM audit_log',
  );
  await run(stream, script);
  expect(await rowsOf(stream.target, 'customers')).toEqual([
    '(1,a,t,"{""n"": 1.5, ""seen"": true}",12345678901234.5000,"\\\\x00ff")',
    '(20,moved,f,"{""seen"": true}",1.0000,)',
  ]);
  expect(await rowsOf(stream.target, 'names')).toEqual(['(1,a)', '(20,moved)']);
  // Three inserts, a delete, and a row that left its old key and came under a new one.
  expect(await rowsOf(stream.target, 'counters')).toEqual(['(customers,6)']);
});
