import { bothTargets, mainRoutes } from '../../support/scenario.js';
import type { Scenario } from '../../support/scenario.js';

const recreate = ['--table-handling', 'drop-on-target-and-recreate'];

/** A row of each type of each source, as it was written and as the target prints it. */
export const basicTypes: readonly Scenario[] = [
  {
    name: 'numbers of PostgreSQL',
    sources: {
      PostgreSQL: [
        `CREATE TABLE numbers (id int PRIMARY KEY, s smallint, i integer, b bigint, n numeric(12,3), free numeric,
          r real, d double precision, ok boolean)`,
        `INSERT INTO numbers VALUES
          (1, -32768, -2147483648, -9223372036854775808, -123456789.125, -0.00000000000000000001, -1.5, -0.1, false),
          (2, 32767, 2147483647, 9223372036854775807, 123456789.125, 12345678901234567890.5, 3.25, 1e300, true),
          (3, 0, 0, 0, 0, 0, 0, 0, NULL),
          (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
          (5, 1, 1, 1, 'NaN', 'NaN', 'NaN', 'Infinity', true)`,
      ],
    },
    routes: mainRoutes,
    flags: recreate,
    rows: {
      'SELECT id, s, i, b FROM numbers ORDER BY id': [
        ['1', '-32768', '-2147483648', '-9223372036854775808'],
        ['2', '32767', '2147483647', '9223372036854775807'],
        ['3', '0', '0', '0'],
        ['4', null, null, null],
        ['5', '1', '1', '1'],
      ],
      'SELECT n, free, r, d, ok FROM numbers ORDER BY id': [
        ['-123456789.125', '-0.00000000000000000001', '-1.5', '-0.1', 'f'],
        ['123456789.125', '12345678901234567890.5', '3.25', '1e+300', 't'],
        ['0.000', '0', '0', '0', null],
        [null, null, null, null, null],
        ['NaN', 'NaN', 'NaN', 'Infinity', 't'],
      ],
    },
    log: [
      { message: 'data extraction from source complete', table: 'public.numbers', num_rows: 5 },
      { message: 'data import on target for table complete', table: 'public.numbers', num_rows: 5 },
      { message: 'fetch complete', num_tables: 1, tables: ['public.numbers'] },
    ],
  },
  {
    name: 'texts, bytes and times of PostgreSQL',
    sources: {
      PostgreSQL: [
        `CREATE TYPE mood AS ENUM ('happy', 'so-so')`,
        `CREATE TABLE texts (id int PRIMARY KEY, t text, v varchar(10), c char(4), raw bytea, m mood, u uuid)`,
        `INSERT INTO texts VALUES
          (1, 'plain', 'ten signs.', 'ab', '\\x00ff5c22', 'happy', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
          (2, '', '', '', '', 'so-so', '00000000-0000-0000-0000-000000000000'),
          (3, NULL, NULL, NULL, NULL, NULL, NULL)`,
        `CREATE TABLE times (id int PRIMARY KEY, at timestamptz, local timestamp(3), day date, t time, i interval)`,
        `INSERT INTO times VALUES
          (1, '2026-01-02 03:04:05.123456+02', '2026-01-02 03:04:05.678', '2026-01-02', '23:59:59.999999',
            '1 year 2 mons 3 days 04:05:06.789'),
          (2, '0001-01-01 00:00:00+00', '9999-12-31 23:59:59.999', '0001-01-01', '00:00:00', '-1 days -00:00:01'),
          (3, NULL, NULL, NULL, NULL, NULL)`,
      ],
    },
    routes: mainRoutes,
    flags: recreate,
    rows: {
      'SELECT id, t, v, rtrim(c), raw, m, u FROM texts ORDER BY id': [
        ['1', 'plain', 'ten signs.', 'ab', '\\x00ff5c22', 'happy', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
        ['2', '', '', '', '\\x', 'so-so', '00000000-0000-0000-0000-000000000000'],
        ['3', null, null, null, null, null, null],
      ],
      'SELECT id, at, local, day, t, i FROM times ORDER BY id': [
        [
          '1', '2026-01-02 01:04:05.123456+00', '2026-01-02 03:04:05.678', '2026-01-02', '23:59:59.999999',
          '1 year 2 mons 3 days 04:05:06.789',
        ],
        ['2', '0001-01-01 00:00:00+00', '9999-12-31 23:59:59.999', '0001-01-01', '00:00:00', '-1 days -00:00:01'],
        ['3', null, null, null, null, null],
      ],
    },
  },
  {
    name: 'documents, arrays, bits and addresses of PostgreSQL',
    sources: {
      PostgreSQL: [
        `CREATE TABLE composed (id int PRIMARY KEY, j json, jb jsonb, tags text[], numbers int[], ip inet, b bit(4), vb varbit)`,
        `INSERT INTO composed VALUES
          (1, '{"a": [1, null]}', '{"b": "x\\"y", "a": 1.50}', ARRAY['x,y', NULL, '"', '', '{}'], ARRAY[-1, NULL, 3],
            '10.0.0.1/8', B'1010', B'1'),
          (2, 'null', 'null', '{}', '{}', '::1', B'0000', B''),
          (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
      ],
    },
    routes: bothTargets,
    flags: recreate,
    rows: {
      'SELECT id, j::jsonb, jb, tags, numbers, ip, b, vb FROM composed ORDER BY id': [
        ['1', '{"a": [1, null]}', '{"a": 1.50, "b": "x\\"y"}', '{"x,y",NULL,"\\"","","{}"}', '{-1,NULL,3}', '10.0.0.1/8', '1010', '1'],
        ['2', 'null', 'null', '{}', '{}', '::1', '0000', ''],
        ['3', null, null, null, null, null, null, null],
      ],
    },
  },
  {
    name: 'numbers of MySQL',
    sources: {
      MySQL: mysqlNumbers(),
      MariaDB: mysqlNumbers(),
    },
    routes: bothTargets,
    flags: recreate,
    rows: {
      'SELECT id, flag, t, ut, s, us, m, um FROM numbers ORDER BY id': [
        ['1', 'f', '-128', '0', '-32768', '0', '-8388608', '0'],
        ['2', 't', '127', '255', '32767', '65535', '8388607', '16777215'],
        ['3', null, null, null, null, null, null, null],
      ],
      'SELECT id, i, ui, b, ub FROM numbers ORDER BY id': [
        ['1', '-2147483648', '0', '-9223372036854775808', '0'],
        ['2', '2147483647', '4294967295', '9223372036854775807', '18446744073709551615'],
        ['3', null, null, null, null],
      ],
      'SELECT id, n, f, d, b8, y FROM numbers ORDER BY id': [
        ['1', '-12345678.90', '-1.5', '-0.1', '00000001', '1901'],
        ['2', '99999999.99', '3.25', '1e+300', '11111111', '2155'],
        ['3', null, null, null, null, null],
      ],
    },
    log: [{ message: 'data import on target for table complete', table: 'public.numbers', num_rows: 3 }],
  },
  {
    name: 'texts, bytes, times and documents of MySQL',
    sources: { MySQL: mysqlTexts(), MariaDB: mysqlTexts() },
    routes: bothTargets,
    flags: recreate,
    rows: {
      'SELECT id, c, v, t, e, st FROM texts ORDER BY id': [
        ['1', 'ab', 'ten signs.', 'plain', 'so-so', 'a,c'],
        ['2', '', '', '', 'happy', ''],
        ['3', null, null, null, null, null],
      ],
      'SELECT id, raw, fixed, vb FROM texts ORDER BY id': [
        ['1', '\\x00ff5c22', '\\x41000000', '\\x0d0a2c'],
        ['2', '\\x', '\\x00000000', '\\x'],
        ['3', null, null, null],
      ],
      'SELECT id, day, dt, at, ti FROM texts ORDER BY id': [
        ['1', '2026-01-02', '2026-01-02 03:04:05.123456', '2026-01-02 03:04:05+00', '23:59:59.999'],
        ['2', '1000-01-01', '9999-12-31 23:59:59.999999', '1970-01-01 00:00:01+00', '00:00:00'],
        ['3', null, null, null, null],
      ],
      'SELECT id, j::jsonb FROM texts ORDER BY id': [
        ['1', '{"a": 1, "b": [1, null, "x\\"y"]}'],
        ['2', 'null'],
        ['3', null],
      ],
    },
  },
  {
    name: 'UUIDs and addresses of MariaDB',
    sources: {
      MariaDB: [
        'CREATE TABLE places (id uuid PRIMARY KEY, four inet4, six inet6)',
        `INSERT INTO places VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1', '::1'),
          ('00000000-0000-0000-0000-000000000001', NULL, '2001:db8::ff00:42:8329')`,
      ],
    },
    routes: bothTargets,
    flags: recreate,
    rows: {
      'SELECT id, four, six FROM places ORDER BY id': [
        ['00000000-0000-0000-0000-000000000001', null, '2001:db8::ff00:42:8329'],
        ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1', '::1'],
      ],
    },
  },
  {
    name: 'types of CockroachDB',
    sources: {
      'CockroachDB stand-in': [
        `CREATE TYPE mood AS ENUM ('happy', 'so-so')`,
        `CREATE TABLE everything (id INT8 PRIMARY KEY, s INT2, i INT4, n DECIMAL(12,3), d FLOAT8, ok BOOL, t STRING, v VARCHAR(10),
          raw BYTES, jb JSONB, at TIMESTAMPTZ, local TIMESTAMP(3), day DATE, ti TIME, iv INTERVAL, u UUID, ip INET, vb VARBIT,
          tags STRING[], m mood)`,
        `INSERT INTO everything VALUES
          (9223372036854775807, -32768, 2147483647, -123456789.125, -0.1, true, 'plain', 'ten signs.', '\\x00ff', '{"a": [1, null]}',
            '2026-01-02 03:04:05.123456+02', '2026-01-02 03:04:05.678', '2026-01-02', '23:59:59.999999', '1 day 02:03:04',
            'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1/8', B'101', ARRAY['x,y', NULL, '"'], 'so-so'),
          (2, NULL, NULL, NULL, NULL, NULL, '', '', '', 'null', NULL, NULL, NULL, NULL, NULL, NULL, NULL, B'', ARRAY[]::TEXT[], NULL)`,
      ],
    },
    routes: mainRoutes,
    flags: recreate,
    rows: {
      'SELECT id, s, i, n, d, ok, t, v, raw, jb FROM everything ORDER BY id': [
        ['2', null, null, null, null, null, '', '', '\\x', 'null'],
        [
          '9223372036854775807', '-32768', '2147483647', '-123456789.125', '-0.1', 't', 'plain', 'ten signs.', '\\x00ff',
          '{"a": [1, null]}',
        ],
      ],
      'SELECT at, local, day, ti, iv, u, ip, vb, tags, m FROM everything ORDER BY id': [
        [null, null, null, null, null, null, null, '', '{}', null],
        [
          '2026-01-02 01:04:05.123456+00', '2026-01-02 03:04:05.678', '2026-01-02', '23:59:59.999999', '1 day 02:03:04',
          'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1/8', '101', '{"x,y",NULL,"\\""}', 'so-so',
        ],
      ],
    },
  },
]; // prettier-ignore

function mysqlNumbers(): string[] {
  return [
    `CREATE TABLE numbers (id int PRIMARY KEY, flag tinyint(1), t tinyint, ut tinyint unsigned, s smallint, us smallint unsigned,
      m mediumint, um mediumint unsigned, i int, ui int unsigned, b bigint, ub bigint unsigned,
      n decimal(10,2), f float, d double, b8 bit(8), y year)`,
    `INSERT INTO numbers VALUES
      (1, 0, -128, 0, -32768, 0, -8388608, 0, -2147483648, 0, -9223372036854775808, 0, -12345678.90, -1.5, -0.1, b'00000001', 1901),
      (2, 1, 127, 255, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295, 9223372036854775807, 18446744073709551615,
        99999999.99, 3.25, 1e300, b'11111111', 2155),
      (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
  ];
}

function mysqlTexts(): string[] {
  return [
    `CREATE TABLE texts (id int PRIMARY KEY, c char(4), v varchar(10), t text, e enum('happy', 'so-so'), st set('a', 'b', 'c'),
      raw blob, fixed binary(4), vb varbinary(10), day date, dt datetime(6), at timestamp NULL, ti time(3), j json) CHARSET utf8mb4`,
    `INSERT INTO texts VALUES
      (1, 'ab', 'ten signs.', 'plain', 'so-so', 'a,c', x'00ff5c22', 'A', x'0d0a2c', '2026-01-02', '2026-01-02 03:04:05.123456',
        '2026-01-02 03:04:05', '23:59:59.999', '{"a": 1, "b": [1, null, "x\\\\"y"]}'),
      (2, '', '', '', 'happy', '', '', '', '', '1000-01-01', '9999-12-31 23:59:59.999999', '1970-01-01 00:00:01', '00:00:00', 'null'),
      (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
  ];
}
