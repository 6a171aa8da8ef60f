import { fileURLToPath } from 'node:url';
import { createDatabase, runSql, startPostgres15 } from '@tsmolt/testkit';
import { measureRounds, report } from '../measure/rounds.js';
import type { Contender } from '../measure/rounds.js';
import { runMeasured } from '../measure/run-measured.js';
import { tsmoltCommand } from '../measure/tsmolt-command.js';

const rows = Number(process.env['BENCH_ROWS'] ?? 4_000_000);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);

const columns =
  'id bigint PRIMARY KEY, customer int NOT NULL, total numeric(12,2), note text, at timestamptz, ok boolean, code varchar(12), score float8';
const create = `CREATE TABLE orders (${columns})`;

// Version 15 on both sides: pgcopydb 0.10 brings the pg_dump of version 15, which refuses a later server.
const settings = {
  own: true,
  durable: true,
  settings: { shared_buffers: '512MB', max_wal_size: '4GB', wal_level: 'replica' },
};
const source = await startPostgres15(settings);
const target = await startPostgres15(settings);
try {
  const from = (await createDatabase(source, 'bench')).url;
  await fill(from);
  const results = await measureRounds(contenders(from, new URL('/bench', target.url).href), rounds);
  await report(
    `PostgreSQL to PostgreSQL, ${rows} rows of one table with a primary key`,
    results,
    fileURLToPath(new URL('../../copy/results/latest.json', import.meta.url)),
  );
} finally {
  await Promise.all([source.stop(), target.stop()]);
}

async function fill(url: string): Promise<void> {
  process.stdout.write(`filling the source with ${rows} rows\n`);
  await runSql(
    url,
    create,
    `INSERT INTO orders SELECT i, i % 100000, i % 1000 / 7.0, md5(i::text), timestamptz '2026-01-01' + i * interval '1 second',
      i % 3 = 0, 'c' || i % 5000, i / 3.0 FROM generate_series(1, ${rows}) i`,
    'VACUUM (FREEZE, ANALYZE) orders',
    'CHECKPOINT',
  );
}

function contenders(from: string, to: string): Contender[] {
  const check = async (): Promise<void> => {
    const [counted] = await runSql<{ rows: number }>(to, 'SELECT count(*)::int AS rows FROM orders');
    if (counted?.rows !== rows) throw new Error(`the target holds ${counted?.rows} rows`);
    const [key] = await runSql(
      to,
      `SELECT FROM pg_index WHERE indrelid = 'orders'::regclass AND indisprimary`,
    );
    if (key === undefined) throw new Error('the target has no primary key');
  };
  const contender = (name: string, withTable: boolean, command: string): Contender => ({
    name,
    prepare: () => freshTarget(withTable),
    run: () => runMeasured(command),
    check,
  });
  const pipe = (where: string): string =>
    `psql -qX '${from}' -c "COPY (SELECT * FROM orders ${where}) TO STDOUT" | psql -qX '${to}' -c "COPY orders FROM STDIN"`;
  const half = Math.floor(rows / 2);
  return [
    contender(
      'tsmolt',
      true,
      `${tsmoltCommand()} fetch --source '${from}' --target '${to}' --direct-copy --allow-tls-mode-disable ` +
        '--ignore-replication-check --non-interactive --metrics-listen-addr 127.0.0.1:0 --pprof-listen-addr 127.0.0.1:0 --export-concurrency 2',
    ),
    contender('psql | psql', true, pipe('')),
    contender(
      'psql | psql, two ranges',
      true,
      `${pipe(`WHERE id <= ${half}`)} & first=$!; ${pipe(`WHERE id > ${half}`)} && wait $first`,
    ),
    contender(
      'pgcopydb',
      false,
      `pgcopydb clone --source '${from}' --target '${to}' --table-jobs 2 --index-jobs 2 --split-tables-larger-than 64MB ` +
        '--dir "$(mktemp -d)/state" --no-acl --no-owner --skip-extensions',
    ),
  ];
}

async function freshTarget(withTable: boolean): Promise<void> {
  await runSql(
    target.url,
    'DROP DATABASE IF EXISTS bench WITH (FORCE)',
    'CREATE DATABASE bench TEMPLATE template0',
  );
  if (withTable) await runSql(new URL('/bench', target.url).href, create);
  await runSql(target.url, 'CHECKPOINT');
}
