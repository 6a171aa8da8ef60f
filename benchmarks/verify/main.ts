import { fileURLToPath } from 'node:url';
import { createDatabase, runSql, startMysql, startPostgres15 } from '@tsmolt/testkit';
import type { RunningServer } from '@tsmolt/testkit';
import { measureRounds, report } from '../measure/rounds.js';
import type { Contender } from '../measure/rounds.js';
import { runMeasured } from '../measure/run-measured.js';
import { tsmoltCommand } from '../measure/tsmolt-command.js';
import { fillMysql, fillPostgres } from './orders-table.js';

const rows = Number(process.env['BENCH_ROWS'] ?? 4_000_000);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
/** On each side: as many as the machine has cores for both. */
const statements = 2;
const differing = 100;

/** Memory enough for the table, as a server of some size has: disks are not what is measured. */
const postgresSettings = { shared_buffers: '1GB', max_wal_size: '4GB' };
const mysqlSettings = { 'innodb-buffer-pool-size': '1G' };
const startPostgres = (): Promise<RunningServer> =>
  startPostgres15({ own: true, settings: postgresSettings });
const script = (name: string): string => `node '${fileURLToPath(new URL(name, import.meta.url))}'`;

await compare('postgres', startPostgres, fillPostgres);
await compare('mysql', () => startMysql({ own: true, settings: mysqlSettings }), fillMysql);

/** Equal tables, and the same with a few differing rows on the target. */
async function compare(
  name: string,
  startSource: () => Promise<RunningServer>,
  fill: (url: string, rows: number) => Promise<void>,
): Promise<void> {
  const source = await startSource();
  const target = await startPostgres();
  try {
    process.stdout.write(`filling ${source.product} and ${target.product} with ${rows} rows each\n`);
    const from = (await createDatabase(source, 'bench')).url;
    const to = (await createDatabase(target, 'bench')).url;
    await Promise.all([fill(from, rows), fillPostgres(to, rows)]);
    const changed = await changedCopy(target, to);
    await report(
      `${source.product} beside ${target.product}, ${rows} rows`,
      await measureRounds(contenders(from, to, changed), rounds),
      fileURLToPath(new URL(`../../verify/results/${name}.json`, import.meta.url)),
    );
  } finally {
    await Promise.all([source.stop(), target.stop()]);
  }
}

async function changedCopy(server: RunningServer, original: string): Promise<string> {
  await runSql(server.url, 'CREATE DATABASE changed TEMPLATE bench STRATEGY file_copy');
  const url = new URL('/changed', original).href;
  await runSql(
    url,
    `UPDATE orders SET customer = customer + 1 WHERE id IN (SELECT 1 + i * 2654435761 % ${rows} FROM generate_series(1, ${differing}) i)`,
    'VACUUM (FREEZE, ANALYZE) orders',
    'CHECKPOINT',
  );
  return url;
}

function contenders(from: string, to: string, changed: string): Contender[] {
  const contender = (name: string, command: string): Contender => ({
    name,
    prepare: () => Promise.resolve(),
    run: () => runMeasured(command),
    check: () => Promise.resolve(),
  });
  const verify = (target: string): string =>
    `${tsmoltCommand()} verify --source '${from}' --target '${target}' --allow-tls-mode-disable --metrics-listen-addr 127.0.0.1:0 ` +
    `--concurrency ${statements}`;
  return [
    contender('tsmolt', verify(to)),
    contender('tsmolt, 100 rows differ', `{ ${verify(changed)} || [ $? = 1 ]; }`),
    contender('hash statements', `${script('hash-both.js')} '${from}' '${to}' ${statements} ${rows}`),
    contender('reading all rows', `${script('read-both.js')} '${from}' '${to}'`),
  ];
}
