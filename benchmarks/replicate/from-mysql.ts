import ZongJi from '@vlasky/zongji';
import { createDatabase, runMysql, runSql, startMysql, startPostgres18 } from '@tsmolt/testkit';
import { measureRounds, report } from '../measure/rounds.js';
import { startOf } from '../measure/start-of.js';
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
    await runMysql(from, fillProcedure);
    const before = await position(from);
    // By the server itself: a statement each would take longer than what is measured.
    await runMysql(from, `CALL fill(${rows})`);
    const behind = await position(from);
    const prepare = async (): Promise<void> => {
      await runSql(
        target.url,
        'DROP DATABASE IF EXISTS bench WITH (FORCE)',
        'CREATE DATABASE bench TEMPLATE template0',
      );
      await runSql(to, `CREATE TABLE orders (${postgresColumns})`, 'CHECKPOINT');
    };
    const replicate = (gtids: string): Promise<Measured> =>
      runMeasured(
        `${tsmoltCommand()} replicator mylogical --sourceConn '${from}' --targetConn '${to}' ` +
          `--defaultGTIDSet '${gtids}' --until now ${replicationFlags}`,
      );
    const start = await startOf(prepare, () => replicate(behind));
    const tsmolt = {
      name: 'tsmolt',
      prepare,
      run: async () => ({ ...(await replicate(before)), startSeconds: start }),
      check: async () => {
        const [counted] = await runSql<{ rows: number }>(to, 'SELECT count(*)::int AS rows FROM orders');
        if (counted?.rows !== rows) throw new Error(`the target holds ${counted?.rows} rows`);
      },
    };
    const reader = {
      name: 'reader alone',
      prepare: () => Promise.resolve(),
      run: () => readAll(from, before, rows),
      check: () => Promise.resolve(),
    };
    const question = `MySQL to PostgreSQL, ${rows} rows, ten in a transaction, beside the reader alone`;
    await report(question, await measureRounds([tsmolt, reader], rounds), results('from-mysql.json'));
  } finally {
    await Promise.all([source.stop(), target.stop()]);
  }
}

async function position(url: string): Promise<string> {
  const [row] = await runMysql(url, 'SELECT @@GLOBAL.gtid_executed AS gtids');
  return String(row?.['gtids'] ?? '').replaceAll('\n', '');
}

const tenRows = Array.from({ length: 10 }, (_, index) => {
  const n = `(n + ${index})`;
  return `(${n}, ${n} % 100000, (${n} % 1000) / 8, CONCAT('note number ', ${n}), '2026-01-01 00:00:00', ${n} % 3, CONCAT('c', ${n} % 5000))`;
});

/** Each INSERT is a transaction. */
const fillProcedure = `CREATE PROCEDURE fill(most INT)
  BEGIN
    DECLARE n INT DEFAULT 1;
    WHILE n <= most DO
      INSERT INTO orders VALUES ${tenRows.join(', ')};
      SET n = n + 10;
    END WHILE;
  END`;

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
