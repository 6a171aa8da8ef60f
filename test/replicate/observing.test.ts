import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { startTcpProxy } from '@tsmolt/testkit';
import type { TcpProxy } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answered, arrives, differences, slotPair } from '../support/replication.js';
import type { SlotPair } from '../support/replication.js';
import { startReplicator } from '../support/replicator.js';
import type { Running } from '../support/tsmolt.js';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('what a replication shows of itself', () => {
  let pair: SlotPair;
  let proxy: TcpProxy;
  let running: Running;
  let address: string;
  beforeAll(async () => {
    pair = await slotPair();
    await pair.onBoth('CREATE TABLE t (id int PRIMARY KEY, v text)');
    const url = new URL(pair.target);
    proxy = await startTcpProxy(Number(url.port));
    url.host = `127.0.0.1:${proxy.port}`;
    address = `127.0.0.1:${await freePort()}`;
    running = startReplicator({ ...pair, target: url.href }, '--metricsAddr', address);
    await running.printed(/starting anew/);
    await pair.onSource(
      `INSERT INTO t VALUES (1, 'a'), (2, 'b')`,
      `UPDATE t SET v = 'c' WHERE id = 1`,
      'DELETE FROM t WHERE id = 2',
    );
    await arrives(pair.target, `SELECT FROM t WHERE v = 'c'`);
  });
  afterAll(async () => {
    running.process.kill('SIGKILL');
    await proxy.close();
    await pair.drop();
  });

  const get = (path: string) => fetch(`http://${address}${path}`);
  const healthBecomes = (status: number): Promise<string> =>
    answered(async () => {
      const response = await get('/_/healthz');
      const text = await response.text();
      return response.status === status ? text : undefined;
    }, `health ${status}`);

  test('metrics under the names of the manual', async () => {
    const text = await (await get('/_/varz')).text();
    const value = (sample: string): number => {
      const line = text.split('\n').find((one) => one.startsWith(`${sample} `));
      if (line === undefined) throw new Error(`no ${sample}:\n${text}`);
      return Number(line.slice(sample.length + 1));
    };
    expect(value('pglogical_dial_success_total')).toBe(1);
    expect(value('pglogical_dial_failure_total')).toBe(0);
    expect(value('mutation_total{source="pglogical",mutation="upsert"}')).toBe(3);
    expect(value('mutation_total{source="pglogical",mutation="delete"}')).toBe(1);
    expect(value('apply_upserts_total{schema="public",table="t"}')).toBeGreaterThanOrEqual(1);
    expect(value('apply_errors_total')).toBe(0);
    expect(value('apply_conflicts_total')).toBe(0);
    expect(value('target_apply_queue_size')).toBe(0);
    for (const lag of [
      'core_source_lag_seconds',
      'source_commit_to_apply_lag_seconds',
      'target_apply_transaction_lag_seconds',
    ])
      expect(value(lag), lag).toBeLessThan(60);
    for (const clock of ['target_applied_timestamp_seconds', 'target_pending_timestamp_seconds'])
      expect(Math.abs(value(clock) - Date.now() / 1000), clock).toBeLessThan(60);
    for (const name of [
      'apply_duration_seconds_count{schema="public",table="t"}',
      'target_apply_mutation_age_seconds_count',
      'checkpoint_commit_duration_seconds_count',
    ])
      expect(value(name), name).toBeGreaterThanOrEqual(1);
  });

  test('a diagnosis without secrets', async () => {
    const response = await get('/_/diag');
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      phase: 'running',
      positions: { applied: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/) as string },
    });
    expect(text).not.toContain('postgresql://');
    expect((await get('/other')).status).toBe(404);
  });

  test('health: ill as long as the target does not answer, and well again without a word from anybody', async () => {
    expect(await healthBecomes(200)).toBe('OK\n');
    proxy.refuse();
    proxy.cut();
    await pair.onSource(`INSERT INTO t VALUES (3, 'meanwhile')`);
    expect(await healthBecomes(503)).toMatch(/127\.0\.0\.1|connection|lost/);
    proxy.accept();
    await healthBecomes(200);
    await arrives(pair.target, 'SELECT FROM t WHERE id = 3');
    expect(await differences(pair, 't')).toEqual([]);
    running.process.kill('SIGTERM');
    expect((await running.finished).exitCode).toBe(0);
  });
});
