import { numbers, printedAs, texts } from './mysql-edge-type.js';
import type { MysqlEdgeType } from './mysql-edge-type.js';

/** Times of sessions at UTC; TIMESTAMP ends where 32 bits of seconds do. */
export const mysqlTimeTypes: readonly MysqlEdgeType[] = [
  { type: 'date', target: 'date', values: texts('0001-01-01', '1000-01-01', '1970-01-01', '2024-02-29', '2000-02-29', '9999-12-31') },
  { type: 'time', target: 'time', values: texts('00:00:00', '23:59:59', '24:00:00') },
  { type: 'time(1)', target: 'time', values: texts('23:59:59.9', '12:00:00.1') },
  { type: 'time(6)', target: 'time', values: texts('23:59:59.999999', '00:00:00.000001') },
  { type: 'datetime', target: 'timestamp', values: texts('0001-01-01 00:00:00', '1000-01-01 00:00:00', '9999-12-31 23:59:59', '2024-03-31 02:30:00') },
  ...[1, 2, 3, 4, 5, 6].map((digits) => ({
    type: `datetime(${digits})`,
    target: 'timestamp',
    values: texts(`9999-12-31 23:59:59.${'9'.repeat(digits)}`, `2024-02-29 12:30:00.${'123456'.slice(0, digits)}`),
  })),
  { type: 'datetime(3)', target: 'timestamp', values: printedAs(['2024-01-01 00:00:00.100', '2024-01-01 00:00:00.1'], ['2024-01-01 00:00:00.000', '2024-01-01 00:00:00']) },
  {
    type: 'timestamp NULL',
    target: 'timestamptz',
    values: printedAs(['1970-01-01 00:00:01', '1970-01-01 00:00:01+00'], ['2038-01-19 03:14:07', '2038-01-19 03:14:07+00']),
  },
  {
    type: 'timestamp(6) NULL',
    target: 'timestamptz',
    values: printedAs(['1970-01-01 00:00:01.000001', '1970-01-01 00:00:01.000001+00'], ['2024-10-27 01:30:00.5', '2024-10-27 01:30:00.5+00']),
  },
  { type: 'year', target: 'smallint', values: [...numbers('1901', '2155', '2000'), { sql: `'0000'`, text: '0' }] },
]; // prettier-ignore

const deep = `${'['.repeat(30)}1${']'.repeat(30)}`;

export const mysqlDocumentTypes: readonly MysqlEdgeType[] = [
  {
    type: 'json',
    target: 'jsonb',
    values: [
      ...texts('null', 'true', '""', '[]', '{}', '0', '-1.5', '"\\"quoted\\", \\\\ text"', '"é 😀 漢字"', deep),
      ...printedAs(
        ['{"b":[1,null,{"c":"x"}],"a":"é😀"}', '{"a": "é😀", "b": [1, null, {"c": "x"}]}'],
        ['"\\u00e9\\n\\t"', '"é\\n\\t"'],
        ['18446744073709551615', '18446744073709551615'],
        ['{"":{"k\\"":1.5}}', '{"": {"k\\"": 1.5}}'],
      ),
    ],
  },
  { type: 'uuid', target: 'uuid', only: 'mariadb', values: texts('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000000') },
  { type: 'char(36)', target: 'uuid', values: printedAs(['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']) },
  { type: 'inet6', target: 'inet', only: 'mariadb', values: ['::', '::1', '2001:db8::ff00:42:8329', '::ffff:192.0.2.128'].flatMap((ip) => printedAs([ip, `${ip}/128`])) },
  { type: 'inet4', target: 'inet', only: 'mariadb', values: ['0.0.0.0', '255.255.255.255'].flatMap((ip) => printedAs([ip, `${ip}/32`])) },
]; // prettier-ignore
