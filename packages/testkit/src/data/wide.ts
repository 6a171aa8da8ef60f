import { fillOneTable } from './one-table.js';
import type { OneTableOptions } from './one-table.js';
import type { FilledTable } from './fill.js';

const columnCount = 100;

/** Types of the columns after the key, in turn, and a value for row `i`. One value in seven is NULL. */
const kinds: readonly (readonly [type: string, value: (salt: number) => string])[] = [
  ['int', (salt) => `pg_temp.pick(i, ${salt}, 2000000000)::int`],
  ['text', (salt) => `'wïde ' || pg_temp.pick(i, ${salt}, 100000)`],
  ['numeric(14,4)', (salt) => `pg_temp.pick(i, ${salt}, 100000000)::numeric / 10000`],
  [
    'timestamptz',
    (salt) => `timestamptz 'epoch' + pg_temp.pick(i, ${salt}, 1700000000) * interval '1 second'`,
  ],
  ['bool', (salt) => `pg_temp.pick(i, ${salt}, 2) = 1`],
  ['double precision', (salt) => `pg_temp.pick(i, ${salt}, 1000000) / 7.0::float8`],
  ['varchar(30)', (salt) => `'v, "' || pg_temp.pick(i, ${salt}, 1000) || '"'`],
  ['bigint', (salt) => `pg_temp.pick(i, ${salt}, 9000000000000000000)`],
  ['date', (salt) => `date '2000-01-01' + pg_temp.pick(i, ${salt}, 9000)::int`],
];

/** Table `wide`: 100 columns of nine types. */
export function createWide(url: string, options: OneTableOptions): Promise<FilledTable> {
  const columns = Array.from({ length: columnCount - 1 }, (_, index) => {
    const [type, value] = kinds[index % kinds.length] ?? ['int', () => 'NULL'];
    const salt = 2 * index;
    const nullable = `CASE WHEN pg_temp.pick(i, ${salt + 1}, 7) > 0 THEN ${value(salt)} END`;
    return { declaration: `c${index + 1} ${type}`, value: nullable };
  });
  return fillOneTable(url, options, {
    table: 'wide',
    columns: [{ declaration: 'id bigint PRIMARY KEY', value: 'i' }, ...columns],
  });
}
