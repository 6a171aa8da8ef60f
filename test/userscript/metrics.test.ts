import { ReplicationMetrics } from 'tsmolt';
import { expect, test } from 'vitest';
import { follow } from '../support/replication.js';
import { pairForTest, schemaHandlers, schemaOf, scriptFile } from './scripted-run.js';

test('metrics have the names and labels of the manual', async () => {
  const pair = await pairForTest();
  await pair.onBoth('CREATE TABLE orders (id int PRIMARY KEY)', 'CREATE TABLE items (id int PRIMARY KEY)');
  await pair.onSource(
    'INSERT INTO orders SELECT generate_series(1, 10)',
    'INSERT INTO items SELECT generate_series(1, 5)',
  );
  const script = await scriptFile(
    `${schemaHandlers(pair, `return table === 'orders' && Number(row.id) > 7 ? null : row;`)}
     api.configureTargetTables(['orders'], {
       onRowUpsert: (row) => (row.id === '1' ? null : row),
       onRowDelete: (key) => key,
       onWrite: (rows) => api.write(rows.slice(1)),
     });`,
  );
  const metrics = new ReplicationMetrics('pglogical');
  await follow(pair, { userscript: script.path, metrics });
  const text = await metrics.registry.metrics();
  const value = (name: string, table: string, handler: string): number => {
    const sample = `${name}{schema="${schemaOf(pair)}",table="${table}",function="${handler}"} `;
    const line = text.split('\n').find((one) => one.startsWith(sample));
    if (line === undefined) throw new Error(`no ${sample}:\n${text}`);
    return Number(line.slice(sample.length));
  };
  expect(value('script_invocations_total', '*', 'onRowUpsert')).toBe(15);
  expect(value('script_rows_processed_total', '*', 'onRowUpsert')).toBe(12);
  expect(value('script_rows_filtered_total', '*', 'onRowUpsert')).toBe(3);
  expect(value('script_invocations_total', 'orders', 'onRowUpsert')).toBe(7);
  expect(value('script_rows_filtered_total', 'orders', 'onRowUpsert')).toBe(1);
  expect(value('script_invocations_total', 'orders', 'onWrite')).toBe(1);
  expect(value('script_rows_processed_total', 'orders', 'onWrite')).toBe(5);
  expect(value('script_rows_filtered_total', 'orders', 'onWrite')).toBe(1);
  expect(value('script_errors_total', 'orders', 'onWrite')).toBe(0);
  for (const name of ['script_exec_time_seconds', 'script_entry_wait_seconds'])
    expect(value(`${name}_count`, 'orders', 'onWrite'), name).toBe(1);

  await pair.onSource('INSERT INTO orders VALUES (11)');
  await script.become(schemaHandlers(pair, `throw new Error('no');`));
  await expect(follow(pair, { userscript: script.path, metrics })).rejects.toMatchObject({ code: 'TSM7006' });
  expect(await metrics.registry.metrics()).toContain(
    `script_errors_total{schema="${schemaOf(pair)}",table="*",function="onRowUpsert"} 1`,
  );
});
