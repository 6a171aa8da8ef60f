import { everyRoute } from '../../support/scenario.js';
import type { Scenario, SourceName } from '../../support/scenario.js';

/** What a format of files could stumble over. */
const texts: readonly (string | null)[] = [
  '',
  null,
  '\\N',
  '\\.',
  'NULL',
  '""',
  '"quoted"',
  `it's`,
  ',',
  'two\nlines',
  'two\r\nlines',
  'a\tb',
  'back\\slash',
  'ends with \\',
  '  spaces  ',
  '🐘 of four bytes',
  '👩‍👩‍👧‍👦 joined',
  'e\u0301 combining',
  'שלום עולם',
  'مرحبا "بالعالم", 123',
  '漢字かな交じり文',
  '\u0001\u0007\u007f',
  '\ufeffbom',
  'x\u200by\u2028z',
];

type Quote = (text: string) => string;

const standard: Quote = (text) => `'${text.replaceAll("'", "''")}'`;
const withBackslashes: Quote = (text) => standard(text.replaceAll('\\', '\\\\'));

const quoting: Readonly<Record<SourceName, Quote>> = {
  PostgreSQL: standard,
  'CockroachDB stand-in': standard,
  MySQL: withBackslashes,
  MariaDB: withBackslashes,
};

/** Table definitions by the type of a text; the rows are the same for each source. */
function written(
  definition: (text: string) => string,
  row: (index: number, text: string) => string,
): Scenario['sources'] {
  const types = { PostgreSQL: 'text', 'CockroachDB stand-in': 'STRING', MySQL: 'text CHARACTER SET utf8mb4', MariaDB: 'text CHARACTER SET utf8mb4' } as const; // prettier-ignore
  return Object.fromEntries(
    Object.entries(types).map(([name, type]) => {
      const quote = quoting[name as SourceName];
      const rows = texts.map((text, index) => row(index + 1, text === null ? 'NULL' : quote(text)));
      return [name, [`CREATE TABLE texts (${definition(type)})`, `INSERT INTO texts VALUES ${rows.join(', ')}`]];
    }),
  );
}

/** As UTF-8 in hex: what is compared are bytes, in an order that no collation decides. */
function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

export const awkwardTexts: readonly Scenario[] = [
  {
    name: 'texts that a file could confuse',
    sources: written(
      (text) => `id int PRIMARY KEY, v ${text}, n int`,
      (id, text) => `(${id}, ${text}, NULL)`,
    ),
    routes: everyRoute,
    flags: ['--table-handling', 'drop-on-target-and-recreate'],
    rows: {
      'SELECT id, v, n FROM texts ORDER BY id': texts.map((text, index) => [String(index + 1), text, null]),
    },
    log: [{ message: 'data import on target for table complete', table: 'public.texts', num_rows: 24 }],
  },
  {
    name: 'a table of one column, with NULLs and empty texts',
    sources: written(
      (text) => `v ${text}`,
      (_id, text) => `(${text})`,
    ),
    routes: everyRoute,
    flags: ['--table-handling', 'drop-on-target-and-recreate'],
    rows: {
      [`SELECT encode(convert_to(v, 'UTF8'), 'hex') FROM texts WHERE v IS NOT NULL ORDER BY 1`]: texts
        .flatMap((text) => (text === null ? [] : [hex(text)]))
        .toSorted()
        .map((text) => [text]),
      'SELECT count(*) FROM texts WHERE v IS NULL': [['1']],
    },
  },
  {
    name: 'names that a path, a file and SQL could confuse',
    sources: {
      PostgreSQL: [
        'CREATE SCHEMA "Sch/ema"',
        'CREATE TABLE "Sch/ema"."ta.b""le 🐘" (id int PRIMARY KEY, "co,l""umn" text, "SELECT" int)',
        `INSERT INTO "Sch/ema"."ta.b""le 🐘" VALUES (1, 'one', 1), (2, NULL, NULL)`,
      ],
    },
    routes: everyRoute,
    flags: ['--table-handling', 'drop-on-target-and-recreate'],
    rows: {
      'SELECT id, "co,l""umn", "SELECT" FROM "Sch/ema"."ta.b""le 🐘" ORDER BY id': [
        ['1', 'one', '1'],
        ['2', null, null],
      ],
    },
    log: [{ message: 'fetch complete', tables: ['Sch/ema.ta.b"le 🐘'] }],
  },
];
