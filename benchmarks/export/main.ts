import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDatabase, runSql, startPostgres15 } from '@tsmolt/testkit';
import { linesOfCsv } from '../measure/csv-lines.js';
import { measureRounds, report } from '../measure/rounds.js';
import type { Contender } from '../measure/rounds.js';
import { runMeasured } from '../measure/run-measured.js';
import { tsmoltCommand } from '../measure/tsmolt-command.js';

const rows = Number(process.env['BENCH_ROWS'] ?? 2_000_000);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);

const source = await startPostgres15({
  own: true,
  durable: true,
  settings: { shared_buffers: '512MB', max_wal_size: '4GB' },
});
const folder = await mkdtemp(join(tmpdir(), 'tsmolt-bench-export-'));
try {
  const from = (await createDatabase(source, 'bench')).url;
  await fill(from);
  const results = await measureRounds(contenders(from), rounds);
  await report(
    `PostgreSQL to gzip files, ${rows} rows of one table`,
    results,
    fileURLToPath(new URL('../../export/results/latest.json', import.meta.url)),
  );
} finally {
  await source.stop();
  await rm(folder, { recursive: true, force: true });
}

async function fill(url: string): Promise<void> {
  process.stdout.write(`filling the source with ${rows} rows\n`);
  await runSql(
    url,
    `CREATE TABLE orders (id bigint PRIMARY KEY, customer int NOT NULL, total numeric(12,2), note text, at timestamptz,
      ok boolean, code varchar(12), score float8, city text, tags text)`,
    `INSERT INTO orders SELECT i, i % 100000, i % 1000 / 7.0, md5(i::text) || md5((i * 7)::text),
      timestamptz '2026-01-01' + i * interval '1 second', i % 3 = 0, 'c' || i % 5000, i / 3.0,
      'city number ' || i % 300, 'red,green,"blue"' || i % 50 FROM generate_series(1, ${rows}) i`,
    'VACUUM (FREEZE, ANALYZE) orders',
    'CHECKPOINT',
  );
}

function contenders(from: string): Contender[] {
  const contender = (name: string, command: string): Contender => ({
    name,
    prepare: () => rm(join(folder, 'out'), { recursive: true, force: true }),
    run: () => runMeasured(`mkdir -p ${folder}/out; ${command}`),
    check: async () => {
      const written = await linesOfCsv(join(folder, 'out'));
      if (written !== rows) throw new Error(`${name} wrote ${written} rows`);
    },
  });
  const psql = (where: string, file: string): string =>
    `psql -qX '${from}' -c "COPY (SELECT * FROM orders ${where}) TO STDOUT (FORMAT csv)" | gzip -1 > ${folder}/out/${file}.csv.gz`;
  return [
    contender(
      'tsmolt',
      `${tsmoltCommand()} fetch --mode export-only --source '${from}' --local-path ${folder}/out --allow-tls-mode-disable ` +
        '--ignore-replication-check --non-interactive --metrics-listen-addr 127.0.0.1:0 --pprof-listen-addr 127.0.0.1:0 ' +
        '--export-concurrency 2',
    ),
    contender('psql | gzip -1', psql('', 'all')),
    contender(
      'psql | gzip -1, two ranges',
      `${psql(`WHERE id <= ${rows / 2}`, 'first')} & first=$!; ${psql(`WHERE id > ${rows / 2}`, 'second')} && wait $first`,
    ),
  ];
}
