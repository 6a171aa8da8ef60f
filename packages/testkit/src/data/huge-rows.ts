import { fillOneTable } from './one-table.js';
import type { OneTableOptions } from './one-table.js';
import type { FilledTable } from './fill.js';

export interface HugeRowsOptions extends OneTableOptions {
  /** Bytes of each of a row's two values; 10 MB by default. */
  readonly bytes?: number;
}

/** Bytes that are made by hashing; longer values repeat them, because hashing ten megabytes a row takes a second. */
const blockBytes = 65_536;

const hexBlock = `(SELECT string_agg(md5(i || ' ' || pg_temp.pick(i, n, 1000000000)), '' ORDER BY n)
  FROM generate_series(1, ${blockBytes / 32}) AS n)`;

/** Table `huge_rows`: a text and a bytea of ten megabytes each, stored as they are (not compressed). */
export function createHugeRows(url: string, options: HugeRowsOptions): Promise<FilledTable> {
  const bytes = options.bytes ?? 10_000_000;
  const text = `left(repeat(${hexBlock}, ${Math.ceil(bytes / blockBytes)}), ${bytes})`;
  const hex = `left(repeat(${hexBlock}, ${Math.ceil((bytes * 2) / blockBytes)}), ${bytes * 2})`;
  return fillOneTable(url, options, {
    table: 'huge_rows',
    columns: [
      { declaration: 'id bigint PRIMARY KEY', value: 'i' },
      { declaration: 'document text', value: text },
      { declaration: 'file bytea', value: `decode(${hex}, 'hex')` },
    ],
    settings: [
      'ALTER TABLE huge_rows ALTER document SET STORAGE EXTERNAL',
      'ALTER TABLE huge_rows ALTER file SET STORAGE EXTERNAL',
    ],
    rowsPerStatement: 1,
  });
}
