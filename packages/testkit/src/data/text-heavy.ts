import { fillOneTable } from './one-table.js';
import type { OneTableOptions } from './one-table.js';
import type { FilledTable } from './fill.js';

/** Words of prose, and everything that CSV and COPY's text format have to escape. */
const words = [
  'the',
  'and',
  'of',
  'naïve',
  'Größe',
  '日本語',
  'emoji 👩‍👩‍👧',
  'tab\there',
  'line\nend',
  'return\r\n',
  'back\\slash',
  'quote"d',
  "it's",
  'comma, comma',
  '\\N',
  '\\.',
  ';',
  'שלום',
  'e\u0301',
  '',
];

/** 20 to 219 words: about a kilobyte; some values are long enough to be stored out of line. */
const prose = (salt: number): string => `(
  SELECT string_agg((ARRAY[${words.map(literal).join(', ')}])[1 + pg_temp.pick(i * 1000 + n, ${salt}, ${words.length})], ' ' ORDER BY n)
  FROM generate_series(1, 20 + pg_temp.pick(i, ${salt + 1}, 200)) AS n)`;

/** Table `text_heavy`: three texts a row, three kilobytes together. */
export function createTextHeavy(url: string, options: OneTableOptions): Promise<FilledTable> {
  return fillOneTable(url, options, {
    table: 'text_heavy',
    columns: [
      { declaration: 'id bigint PRIMARY KEY', value: 'i' },
      { declaration: 'title varchar(200) NOT NULL', value: `'Title, "' || i || E'"\\n' || md5(i::text)` },
      { declaration: 'body text', value: prose(1) },
      { declaration: 'summary text', value: `CASE WHEN i % 5 > 0 THEN ${prose(3)} END` },
      { declaration: 'comment text', value: prose(5) },
    ],
    rowsPerStatement: 2_000,
  });
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
