import { fillOneTable } from './one-table.js';
import type { OneTableOptions } from './one-table.js';
import type { FilledTable } from './fill.js';

/** Table `narrow`: a bigint key and an int, so that the cost of a row outweighs the cost of its bytes. */
export function createNarrow(url: string, options: OneTableOptions): Promise<FilledTable> {
  return fillOneTable(url, options, {
    table: 'narrow',
    columns: [
      { declaration: 'id bigint PRIMARY KEY', value: 'i' },
      { declaration: 'value int', value: 'pg_temp.pick(i, 1, 2000000000)::int' },
    ],
  });
}
