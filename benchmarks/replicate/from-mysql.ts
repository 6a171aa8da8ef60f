import ZongJi from '@vlasky/zongji';
import { createDatabase, runMysql, runSql, startMysql, startPostgres18 } from '@tsmolt/testkit';
import { measureRounds, report } from '../measure/rounds.js';
import { runMeasured } from '../measure/run-measured.js';
import type { Measured } from '../measure/run-measured.js';
import { tsmoltCommand } from '../measure/tsmolt-command.js';
import { postgresColumns, replicationFlags, results, settings } from './settings.js';

const columns =
  'id bigint PRIMARY KEY, customer int NOT NULL, total decimal(12,2), note varchar(80), at datetime, ok smallint, code varchar(12)';

/** The whole path beside the reader alone, on the same binary log. */
export async function besideReader(rows: number, rounds: number): Promise<void> {
  const source = await startMysql({
    own: true,
    settings: {
      'innodb-buffer-pool-size': '512M',
      'sync-binlog': '0',
      'innodb-flush-log-at-trx-commit': '0',
    },
  });
  const target = await startPostgres18({ own: true, durable: true, settings });
  const to = new URL('/bench', target.url).href;
  try {
    const { url: from } = await createDatabase(source, 'bench');
    await runMysql(from, `CREATE TABLE orders (${columns})`);
    const [position] = await runMysql(from, 'SELECT @@GLOBAL.gtid_executed AS gtids');
    const gtids = String(position?.['gtids'] ?? '').replaceAll('\n', '');
    await fill(from, rows);
    const tsmolt = {
      name: 'tsmolt',
      prepare: async () => {
        await runSql(
          target.url,
          'DROP DATABASE IF EXISTS bench WITH (FORCE)',
          'CREATE DATABASE bench TEMPLATE template0',
        );
        await runSql(to, `CREATE TABLE orders (${postgresColumns})`, 'CHECKPOINT');
      },
      run: () =>
        runMeasured(
          `${tsmoltCommand()} replicator mylogical --sourceConn '${from}' --targetConn '${to}' ` +
            `--defaultGTIDSet '${gtids}' --until now ${replicationFlags}`,
        ),
      check: async () => {
        const [counted] = await runSql<{ rows: number }>(to, 'SELECT count(*)::int AS rows FROM orders');
        if (counted?.rows !== rows) throw new Error(`the target holds ${counted?.rows} rows`);
      },
    };
    const reader = {
      name: 'reader alone',
      prepare: () => Promise.resolve(),
      run: () => readAll(from, gtids, rows),
      check: () => Promise.resolve(),
    };
    const question = `MySQL to PostgreSQL, ${rows} rows, ten in a transaction, beside the reader alone`;
    await report(question, await measureRounds([tsmolt, reader], rounds), results('from-mysql.json'));
  } finally {
    await Promise.all([source.stop(), target.stop()]);
  }
}

async function fill(url: string, rows: number): Promise<void> {
  const statements: string[] = [];
  for (let first = 1; first <= rows; first += 10) {
    const values = Array.from({ length: Math.min(10, rows - first + 1) }, (_, index) => {
      const n = first + index;
      return `(${n}, ${n % 100_000}, ${(n % 1000) / 8}, 'note number ${n}', '2026-01-01 00:00:00', ${n % 3}, 'c${n % 5000}')`;
    });
    statements.push(`INSERT INTO orders VALUES ${values.join(', ')}`);
  }
  await runMysql(url, ...statements);
}

/** Decodes every row, and does nothing with it. */
async function readAll(url: string, gtids: string, rows: number): Promise<Measured> {
  const { hostname, port, username, password } = new URL(url);
  const started = performance.now();
  const reader = new ZongJi({ host: hostname, port: Number(port), user: username, password });
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    reader.on('binlog', (event: { getEventName(): string; rows?: readonly unknown[] }) => {
      if (event.getEventName() !== 'writerows') return;
      seen += event.rows?.length ?? 0;
      if (seen >= rows) resolve();
    });
    reader.on('error', reject);
    reader.start({
      serverId: 4711,
      gtidSet: gtids,
      includeEvents: ['tablemap', 'writerows'],
      includeSchema: { bench: true },
    });
  });
  const seconds = (performance.now() - started) / 1000;
  reader.stop();
  return { seconds, peakBytes: 0 };
}
