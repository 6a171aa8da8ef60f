import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDatabase, runMysql, runSql, startMariadb, startMysql, startPostgres15 } from '@tsmolt/testkit';
import { rowsOf } from './rows-of-dump.js';
import { linesOfCsv } from '../measure/csv-lines.js';
import { measureRounds, report } from '../measure/rounds.js';
import type { Contender } from '../measure/rounds.js';
import { runMeasured } from '../measure/run-measured.js';
import { tsmoltCommand } from '../measure/tsmolt-command.js';

/** At most a million: six digits are what the source is filled with. */
const rows = Math.min(Number(process.env['BENCH_ROWS'] ?? 1_000_000), 1_000_000);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);

const columns =
  'id bigint PRIMARY KEY, customer int NOT NULL, total decimal(12,2), note varchar(80), at datetime, ok smallint, code varchar(12), score double, city varchar(40)';
const postgresColumns = columns
  .replace(' at datetime', ' at timestamp')
  .replace('double', 'double precision');
const flags =
  '--allow-tls-mode-disable --ignore-replication-check --non-interactive --metrics-listen-addr 127.0.0.1:0 ' +
  '--pprof-listen-addr 127.0.0.1:0 --export-concurrency 2';
/** Memory enough for the table, as a server of some size has: disks are not what is measured. */
const mysqlSettings = { 'innodb-buffer-pool-size': '512M' };
const postgresSettings = { shared_buffers: '512MB', max_wal_size: '4GB', wal_level: 'replica' };
const results = (file: string): string =>
  fileURLToPath(new URL(`../../mysql/results/${file}`, import.meta.url));

await intoPostgres();
await intoFiles();

/** pgloader cannot log in to MySQL 9 (it knows no caching_sha2_password): MariaDB is the source here. */
async function intoPostgres(): Promise<void> {
  const source = await startMariadb({ own: true, settings: mysqlSettings });
  const target = await startPostgres15({ own: true, durable: true, settings: postgresSettings });
  try {
    const from = await filled(source);
    const to = new URL('/bench', target.url).href;
    const contender = (name: string, command: string): Contender => ({
      name,
      prepare: async () => {
        await runSql(
          target.url,
          'DROP DATABASE IF EXISTS bench WITH (FORCE)',
          'CREATE DATABASE bench TEMPLATE template0',
        );
        await runSql(to, `CREATE TABLE orders (${postgresColumns})`, 'CHECKPOINT');
      },
      run: () => runMeasured(command),
      check: async () => {
        const [counted] = await runSql<{ rows: number }>(to, 'SELECT count(*)::int AS rows FROM orders');
        if (counted?.rows !== rows) throw new Error(`${name}: the target holds ${counted?.rows} rows`);
      },
    });
    const contenders = [
      contender(
        'tsmolt',
        `${tsmoltCommand()} fetch --source '${from}' --target '${to}' --direct-copy ${flags}`,
      ),
      contender('pgloader', `pgloader '${await pgloaderFile(from, to)}'`),
    ];
    await report(
      `MariaDB to PostgreSQL, ${rows} rows of one table`,
      await measureRounds(contenders, rounds),
      results('into-postgres.json'),
    );
  } finally {
    await Promise.all([source.stop(), target.stop()]);
  }
}

/** The same table of the same name in schema public; pgloader would look for one that is named like the database. */
async function pgloaderFile(from: string, to: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'tsmolt-bench-pgloader-')), 'orders.load');
  const [source, target] = [from, to].map((url) => url.replace('postgres://', 'postgresql://'));
  await writeFile(
    file,
    `LOAD DATABASE FROM ${source} INTO ${target}
      WITH data only
      ALTER SCHEMA 'bench' RENAME TO 'public';\n`,
  );
  return file;
}

async function intoFiles(): Promise<void> {
  const source = await startMysql({ own: true, settings: mysqlSettings });
  const folder = await mkdtemp(join(tmpdir(), 'tsmolt-bench-mysql-'));
  try {
    const from = await filled(source);
    const { port, username, password } = new URL(from);
    const contender = (name: string, command: string, written: () => Promise<number>): Contender => ({
      name,
      prepare: () => rm(join(folder, 'out'), { recursive: true, force: true }),
      run: () => runMeasured(`mkdir -p ${folder}/out; ${command}`),
      check: async () => {
        const count = await written();
        if (count !== rows) throw new Error(`${name} wrote ${count} rows`);
      },
    });
    const contenders = [
      contender(
        'tsmolt',
        `${tsmoltCommand()} fetch --mode export-only --source '${from}' --local-path ${folder}/out ${flags}`,
        () => linesOfCsv(join(folder, 'out')),
      ),
      contender(
        'mydumper',
        `mydumper -h 127.0.0.1 -P ${port} -u ${username} -p ${password} -B bench -o ${folder}/out -t 2 -c -r 100000 --less-locking`,
        () => rowsOf(join(folder, 'out')),
      ),
    ];
    await report(
      `MySQL to gzip files, ${rows} rows of one table`,
      await measureRounds(contenders, rounds),
      results('into-files.json'),
    );
  } finally {
    await source.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function filled(server: Parameters<typeof createDatabase>[0]): Promise<string> {
  process.stdout.write(`filling ${server.product} with ${rows} rows\n`);
  const { url } = await createDatabase(server, 'bench');
  const digits =
    '(SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)';
  const numbers = Array.from({ length: 6 }, (_, index) => `${digits} AS d${index}`)

    .join(' CROSS JOIN ');
  const number = 'd0.d + 10 * d1.d + 100 * d2.d + 1000 * d3.d + 10000 * d4.d + 100000 * d5.d';
  await runMysql(
    url,
    `CREATE TABLE orders (${columns}) ENGINE = InnoDB`,
    `INSERT INTO orders SELECT n + 1, n % 100000, n % 1000 / 7, CONCAT(SHA2(n, 256), '"', n % 7),
      TIMESTAMP('2026-01-01') + INTERVAL n SECOND, n % 3 = 0, CONCAT('c', n % 5000), n / 3, CONCAT('city number ', n % 300)
      FROM (SELECT ${number} AS n FROM ${numbers}) AS numbers WHERE n < ${rows}`,
    'ANALYZE TABLE orders',
  );
  return url;
}
