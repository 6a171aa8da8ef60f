import { texts } from './edge-type.js';
import type { EdgeType } from './edge-type.js';

const mood = `CREATE TYPE edge.mood AS ENUM ('ok', 'it''s "fine"', 'two words', ' ', 'naïve 😀', 'comma, too', '\\N', 'NULL')`;
const pair = `CREATE TYPE edge.pair AS (a int, "B b" text)`;
const nest = `CREATE TYPE edge.nest AS (p edge.pair, list int[], m edge.mood)`;

/** Arrays, enums, composite types, domains. A type that an entry needs is made by the entry itself or one before it. */
export const composedTypes: readonly EdgeType[] = [
  {
    type: 'int[]',
    values: texts(
      '{}',
      '{NULL}',
      '{1,NULL,-3}',
      '{{1,2},{3,4}}',
      '{{{1},{2}},{{3},{NULL}}}',
      '[2:3]={1,2}',
      '[-1:0][5:6]={{1,2},{3,4}}',
      '{-2147483648,2147483647}',
    ),
  },
  {
    type: 'text[]',
    values: texts(
      '{}',
      '{""}',
      '{NULL,"NULL","null"}',
      '{"a,b","c\\"d","e\\\\f","{g}"," h ","tab\there","line\nend"}',
      "{it's,é,😀,\\\\N}",
      '{{"",NULL},{"x","y z"}}',
      '[0:1]={zero,one}',
    ),
  },
  { type: 'varchar(3)[]', values: texts('{abc,"",日本語}') },
  { type: 'numeric[]', values: texts('{NaN,1.50,-0.000001,NULL,12345678901234567890123456789.5}') },
  { type: 'double precision[]', values: texts('{NaN,Infinity,-Infinity,-0,5e-324}') },
  { type: 'boolean[]', values: texts('{t,f,NULL}') },
  { type: 'bytea[]', values: [`ARRAY['\\x00ff5c'::bytea, ''::bytea, NULL]`] },
  {
    type: 'timestamptz[]',
    values: texts('{infinity,"2024-02-29 12:34:56.123456+00",NULL,"0001-01-01 00:00:00+00 BC"}'),
  },
  { type: 'interval[]', values: texts('{"1 mon -1 days","00:00:00"}') },
  { type: 'uuid[]', values: texts('{00000000-0000-0000-0000-000000000000,NULL}') },
  { type: 'jsonb[]', values: [`ARRAY['{"a": "b,\\"c\\""}'::jsonb, 'null'::jsonb, NULL]`] },
  { type: 'json[]', values: [`ARRAY['{ "a" : 1, "a": 2}'::json, NULL]`] },
  { type: 'inet[]', values: texts('{10.0.0.1/8,::1}') },
  { type: 'date[]', values: texts('{infinity,"4713-11-24 BC",NULL}') },
  {
    type: 'edge.mood',
    setup: [mood],
    values: texts('ok', `it's "fine"`, 'two words', ' ', 'naïve 😀', 'comma, too', '\\N', 'NULL'),
  },
  { type: 'edge.mood[]', values: [`enum_range(NULL::edge.mood)`, ...texts('{}', '{ok,NULL}', '[3:3]={ok}')] },
  {
    type: 'edge.pair',
    setup: [pair],
    values: [
      ...texts(
        '(,)',
        '(1,)',
        '(,"")',
        '(-1,"it\'s ""quoted"", \\\\ and\nmore")',
        '(0,NULL)',
        '(7,😀)',
        '(8," lead ")',
      ),
      `ROW(NULL, NULL)::edge.pair`,
    ],
  },
  {
    type: 'edge.pair[]',
    values: [`ARRAY[ROW(1, 'a"b,c')::edge.pair, NULL, ROW(NULL, '')::edge.pair]`, `'{}'`],
  },
  {
    type: 'edge.nest',
    setup: [nest],
    values: [
      `ROW(ROW(1, '(nested, "deep")'), '{1,NULL}', 'comma, too')::edge.nest`,
      `ROW(NULL, '{}', NULL)::edge.nest`,
    ],
  },
  {
    type: 'edge.short_text',
    setup: [`CREATE DOMAIN edge.short_text AS varchar(10) CHECK (VALUE <> 'forbidden')`],
    values: texts('', 'ten chars!', '\\N'),
  },
  {
    type: 'edge.amount',
    setup: [
      `CREATE DOMAIN edge.money_like AS numeric(10,2)`,
      `CREATE DOMAIN edge.amount AS edge.money_like CHECK (VALUE >= 0)`,
    ],
    values: texts('0', '99999999.99'),
  },
];
