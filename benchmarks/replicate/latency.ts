import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectSql, runSql, startPostgres18 } from '@tsmolt/testkit';
import { tsmoltCommand } from '../measure/tsmolt-command.js';
import { postgresColumns, postgresValues, replicationFlags, results, settings } from './settings.js';

const writers = 4;

/** From a commit on the source to its visibility on the target, by one clock. */
export async function latency(perSecond: number, seconds: number): Promise<void> {
  const source = await startPostgres18({ own: true, durable: true, settings });
  const target = await startPostgres18({ own: true, durable: true, settings });
  const [from, to] = [new URL('/bench', source.url).href, new URL('/bench', target.url).href];
  try {
    for (const server of [source, target])
      await runSql(server.url, 'CREATE DATABASE bench TEMPLATE template0');
    await runSql(to, `CREATE TABLE orders (${postgresColumns})`);
    await runSql(
      from,
      `CREATE TABLE orders (${postgresColumns})`,
      'CREATE PUBLICATION bench FOR TABLE orders',
      `SELECT pg_create_logical_replication_slot('run', 'pgoutput')`,
    );
    const replicator = spawn(
      'bash',
      [
        '-c',
        `exec ${tsmoltCommand()} replicator pglogical --sourceConn '${from}' --targetConn '${to}' --slotName run --publicationName bench ${replicationFlags}`,
      ],
      { stdio: 'ignore' },
    );
    await streaming(source.url);
    const waits = await measure(from, to, { perSecond, seconds });
    replicator.kill('SIGTERM');
    await new Promise((resolve) => replicator.on('close', resolve));
    await print(waits, perSecond);
  } finally {
    await Promise.all([source.stop(), target.stop()]);
  }
}

/** Resolves when the program reads from its slot. */
async function streaming(url: string): Promise<void> {
  const active = `SELECT 1 FROM pg_replication_slots WHERE slot_name = 'run' AND active`;
  while ((await runSql(url, active)).length === 0) await delay(100);
}

const insert = {
  name: 'insert',
  text: `INSERT INTO orders SELECT ${postgresValues} FROM (VALUES ($1::int)) AS v(n)`,
};

async function measure(
  from: string,
  to: string,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<number[]> {
  const total = perSecond * seconds;
  const committedAt = new Float64Array(total + 1);
  const seenAt = new Float64Array(total + 1);
  const watching = watch(to, seenAt, total);
  const started = performance.now();
  let next = 1;
  const write = async (): Promise<void> => {
    const client = await connectSql(from);
    while (next <= total) {
      const n = next++;
      const due = started + (n * 1000) / perSecond - performance.now();
      if (due > 1) await delay(due);
      await client.query({ ...insert, values: [n] });
      committedAt[n] = performance.now();
    }
    await client.end();
  };
  await Promise.all(Array.from({ length: writers }, write));
  await watching;
  return Array.from({ length: total }, (_, index) =>
    Math.max(0, (seenAt[index + 1] ?? 0) - (committedAt[index + 1] ?? 0)),
  );
}

/** Prepared, and not too often: what looks takes from the two cores that it watches. */
const look = { name: 'look', text: 'SELECT id FROM orders WHERE id > $1 - 50 ORDER BY id LIMIT 1000' };
const lookEveryMs = 2;

async function watch(url: string, seenAt: Float64Array, total: number): Promise<void> {
  const client = await connectSql(url);
  for (let seen = 0; seen < total;) {
    const { rows } = await client.query<{ id: string }>({ ...look, values: [seen] });
    const now = performance.now();
    for (const { id } of rows) if (seenAt[Number(id)] === 0) seenAt[Number(id)] = now;
    while (seen < total && (seenAt[seen + 1] ?? 0) > 0) seen += 1;
    await delay(lookEveryMs);
  }
  await client.end();
}

async function print(waits: readonly number[], perSecond: number): Promise<void> {
  const sorted = waits.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  const figures = { perSecond, p50: at(0.5), p99: at(0.99), longest: at(1) };
  process.stdout.write(
    `\nfrom commit to visibility at ${perSecond} transactions/s: p50 ${figures.p50.toFixed(1)} ms, p99 ${figures.p99.toFixed(1)} ms, longest ${figures.longest.toFixed(1)} ms\n`,
  );
  const file = results('latency.json');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(
    file,
    `${JSON.stringify({ at: new Date().toISOString(), milliseconds: figures }, null, 2)}\n`,
  );
}
