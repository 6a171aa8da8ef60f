import { besideReader } from './from-mysql.js';
import { besideSubscription } from './from-postgres.js';
import { latency } from './latency.js';
import { postgresValues } from './settings.js';

const rows = Number(process.env['BENCH_ROWS'] ?? 200_000);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const bulk = rows * 5;

await besideSubscription({
  question: `PostgreSQL to PostgreSQL, ${rows} transactions of one row`,
  rows,
  rounds,
  statement: `DO $$ BEGIN FOR n IN 1..${rows} LOOP INSERT INTO orders VALUES (${postgresValues}); COMMIT; END LOOP; END $$`,
  file: 'small-transactions.json',
});
await besideSubscription({
  question: `PostgreSQL to PostgreSQL, ${bulk} rows in one transaction`,
  rows: bulk,
  rounds,
  statement: `INSERT INTO orders SELECT ${postgresValues} FROM generate_series(1, ${bulk}) AS n`,
  file: 'bulk.json',
});
await besideReader(bulk, rounds);
await latency(1000, 10);
