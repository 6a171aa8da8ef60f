import { runMysql, runSql } from '@tsmolt/testkit';

const columns =
  'id bigint PRIMARY KEY, customer int NOT NULL, total decimal(12,2), note varchar(80), at timestamp(0), ok smallint, code varchar(12)';

/** The same rows on both engines. */
export async function fillPostgres(url: string, rows: number): Promise<void> {
  await runSql(
    url,
    `CREATE TABLE orders (${columns})`,
    `INSERT INTO orders SELECT i, i % 100000, i % 1000 / 4.0, encode(sha256(i::text::bytea), 'hex'),
      timestamp '2026-01-01' + i * interval '1 second', i % 3, 'c' || i % 5000 FROM generate_series(1, ${rows}) i`,
    'VACUUM (FREEZE, ANALYZE) orders',
    'CHECKPOINT',
  );
}

export async function fillMysql(url: string, rows: number): Promise<void> {
  const thousand = `SELECT a.d + 10 * b.d + 100 * c.d AS n FROM ${digits} AS a, ${digits} AS b, ${digits} AS c`;
  await runMysql(
    url,
    `CREATE TABLE orders (${columns.replace('timestamp(0)', 'datetime(0)')}) ENGINE = InnoDB`,
    ...Array.from({ length: Math.ceil(rows / million) }, (_, part) => {
      const numbers = `SELECT ${part * million} + 1 + low.n + 1000 * high.n AS i FROM (${thousand}) AS low, (${thousand}) AS high`;
      return `INSERT INTO orders SELECT i, i % 100000, i % 1000 / 4, SHA2(i, 256), TIMESTAMP('2026-01-01') + INTERVAL i SECOND,
        i % 3, CONCAT('c', i % 5000) FROM (${numbers}) AS numbers WHERE i <= ${rows} ORDER BY i`;
    }),
    'ANALYZE TABLE orders',
  );
}

const million = 1_000_000;
const digits =
  '(SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)';

const names = ['id', 'customer', 'total', 'note', 'at', 'ok', 'code'];

export type Engine = 'postgres' | 'mysql';

/** How many rows there are and the sums of their hashes: what a person would write who knows both servers well. */
export function hashStatement(engine: Engine, algorithm: 'hash-extended' | 'sha256', where: string): string {
  const text = rowTexts[algorithm === 'hash-extended' ? algorithm : engine];
  const [first, second] = hashParts[algorithm === 'hash-extended' ? algorithm : engine];
  // A subquery with a limit is computed first: without it MySQL hashes each row twice.
  const limit = engine === 'mysql' ? ` LIMIT ${Number.MAX_SAFE_INTEGER}` : '';
  return `SELECT count(*) AS n, sum(${first}) AS a, sum(${second}) AS b FROM (SELECT ${text} AS h FROM orders WHERE ${where}${limit}) AS hashed`;
}

/** Without a volatile function PostgreSQL would hash each row once a use. */
const once = (text: string): string => `CASE WHEN clock_timestamp() IS NOT NULL THEN ${text} END`;

const ended = (name: string): string[] => [name, `';'`];
const measured = (name: string): string[] => [`char_length(${name})`, `':'`, name];
const framed = names.flatMap((name) => (name === 'note' || name === 'code' ? measured(name) : ended(name)));
const orNothing = (part: string): string =>
  part.startsWith("'") || part === 'id' || part === 'customer' ? part : `IFNULL(${part}, '')`;

const sevenBytes = (start: number): string =>
  [0, 1, 2, 3, 4, 5, 6]
    .map((index) => `(get_byte(h, ${start + index})::int8 << ${48 - 8 * index})`)
    .join(' | ');

const rowTexts = {
  'hash-extended': once(`ROW(${names.join(', ')})::text COLLATE "C"`),
  postgres: once(`sha256(convert_to(concat(${framed.join(', ')}), 'UTF8'))`),
  mysql: `SHA2(CONCAT(${framed.map(orNothing).join(', ')}), 256)`,
} as const;

const hashParts = {
  'hash-extended': ['hashtextextended(h, 0)', 'hashtextextended(h, 1)'],
  postgres: [sevenBytes(0), sevenBytes(7)],
  mysql: [
    'CAST(CONV(SUBSTR(h, 1, 14), 16, 10) AS UNSIGNED)',
    'CAST(CONV(SUBSTR(h, 15, 14), 16, 10) AS UNSIGNED)',
  ],
} as const;

/** A page of rows in the order of their key, each value as both engines print it. */
export function pageStatement(engine: Engine, after: string, rows: number): string {
  const asText = (name: string): string =>
    engine === 'postgres' ? `${name}::text AS ${name}` : `CAST(${name} AS CHAR) AS ${name}`;
  return `SELECT ${names.map(asText).join(', ')} FROM orders WHERE orders.id > ${after} ORDER BY orders.id LIMIT ${rows}`;
}
