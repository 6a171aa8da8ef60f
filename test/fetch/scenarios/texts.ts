import { bothTargets, everyRoute, mainRoutes } from '../../support/scenario.js';
import type { Scenario, SourceName, Step } from '../../support/scenario.js';

/** What a format of files could stumble over. */
const allTexts: readonly (string | null)[] = [
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
  texts: readonly (string | null)[] = allTexts,
): Scenario['sources'] {
  const types = { PostgreSQL: 'text', 'CockroachDB stand-in': 'STRING', MySQL: 'text CHARACTER SET utf8mb4', MariaDB: 'text CHARACTER SET utf8mb4' } as const; // prettier-ignore
  return Object.fromEntries(
    Object.entries(types).map(([name, type]) => {
      const quote = quoting[name as SourceName];
      const rows = texts.map((text, index) => row(index + 1, text === null ? 'NULL' : quote(text)));
      return [
        name,
        [`CREATE TABLE texts (${definition(type)})`, `INSERT INTO texts VALUES ${rows.join(', ')}`],
      ];
    }),
  );
}

/** Without the text that CockroachDB writes like NULL in a table of one column. */
const markless = allTexts.filter((text) => text !== '\\N');

function oneColumn(type: string): string {
  return `v ${type}`;
}

function oneText(_id: number, text: string): string {
  return `(${text})`;
}

function only(all: Scenario['sources'], name: SourceName): Scenario['sources'] {
  return { [name]: all[name] ?? [] };
}

function without(all: Scenario['sources'], name: SourceName): Scenario['sources'] {
  return Object.fromEntries(Object.entries(all).filter(([key]) => key !== name));
}

/** PostgreSQL's rows by every route, the others' by two. */
function bySource(name: string, all: Scenario['sources'], step: Step): Scenario[] {
  return [
    { name, ...step, sources: only(all, 'PostgreSQL'), routes: everyRoute },
    { name, ...step, sources: without(all, 'PostgreSQL'), routes: bothTargets },
  ];
}

function rowsInHex(texts: readonly (string | null)[]): Scenario['rows'] & object {
  return {
    [`SELECT encode(convert_to(v, 'UTF8'), 'hex') FROM texts WHERE v IS NOT NULL ORDER BY 1`]: texts
      .flatMap((text) => (text === null ? [] : [hex(text)]))
      .toSorted()
      .map((text) => [text]),
    'SELECT count(*) FROM texts WHERE v IS NULL': [['1']],
  };
}

/** As UTF-8 in hex: what is compared are bytes, in an order that no collation decides. */
function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

const inTwoColumns = written(
  (text) => `id int PRIMARY KEY, v ${text}, n int`,
  (id, text) => `(${id}, ${text}, NULL)`,
);

export const awkwardTexts: readonly Scenario[] = [
  ...bySource('texts that a file could confuse', inTwoColumns, {
    flags: ['--table-handling', 'drop-on-target-and-recreate'],
    rows: {
      'SELECT id, v, n FROM texts ORDER BY id': allTexts.map((text, index) => [
        String(index + 1),
        text,
        null,
      ]),
    },
    log: [{ message: 'data import on target for table complete', table: 'public.texts', num_rows: 24 }],
  }),
  ...bySource(
    'a table of one column, with NULLs and empty texts',
    without(written(oneColumn, oneText), 'CockroachDB stand-in'),
    { flags: ['--table-handling', 'drop-on-target-and-recreate'], rows: rowsInHex(allTexts) },
  ),
  {
    name: 'a table of one column of CockroachDB, with NULLs and empty texts',
    sources: only(written(oneColumn, oneText, markless), 'CockroachDB stand-in'),
    routes: mainRoutes,
    flags: ['--table-handling', 'drop-on-target-and-recreate'],
    rows: rowsInHex(markless),
  },
  {
    name: 'a table of one column of CockroachDB in which a text reads like the mark of NULL',
    sources: only(written(oneColumn, oneText), 'CockroachDB stand-in'),
    routes: bothTargets,
    flags: ['--table-handling', 'drop-on-target-and-recreate'],
    exitCode: 1,
    rows: { 'SELECT count(*) FROM texts': [['0']] },
    log: [
      { message: /^Error: public\.texts, shard 1: .*the text \\N/, code: 'TSM3008', advice: /--filter-path/ },
    ],
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
    routes: mainRoutes,
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
