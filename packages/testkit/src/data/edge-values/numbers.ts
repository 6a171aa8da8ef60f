import { texts } from './edge-type.js';
import type { EdgeType } from './edge-type.js';

const digits65 = '12345678901234567890123456789012345678901234567890123456789012345';

export const numberTypes: readonly EdgeType[] = [
  { type: 'boolean', values: ['true', 'false'] },
  { type: 'smallint', values: ['-32768', '-1', '0', '1', '32767'] },
  { type: 'integer', values: ['-2147483648', '-1', '0', '1', '2147483647'] },
  {
    type: 'bigint',
    // 2^53 + 1 is the first whole number that a double cannot hold.
    values: texts('-9223372036854775808', '-1', '0', '1', '9007199254740993', '9223372036854775807'),
  },
  {
    type: 'numeric',
    values: texts(
      '0',
      '-1',
      digits65,
      `-${digits65}`,
      `${digits65}.${digits65}`,
      `0.${'0'.repeat(64)}1`,
      `-0.${'0'.repeat(64)}1`,
      '1.500000',
      '100',
      '1e3',
      '1e-3',
      '0.00',
      '1e1000',
      '1e-1000',
      '-0.0',
      'NaN',
    ),
  },
  { type: 'numeric', minVersion: 140_000, values: texts('Infinity', '-Infinity') },
  { type: 'numeric(65,30)', values: texts(`${'9'.repeat(35)}.${'9'.repeat(30)}`, '-1.5', '0', 'NaN') },
  { type: 'numeric(12,2)', values: texts('9999999999.99', '-9999999999.99', '0.01', '1.10', '0') },
  // A negative scale rounds to the left of the point, a scale above the precision leaves zeros after it.
  { type: 'numeric(5,-3)', minVersion: 150_000, values: texts('12345678', '-99999000', '0') },
  { type: 'numeric(3,5)', minVersion: 150_000, values: texts('0.00999', '-0.00001', '0') },
  {
    type: 'real',
    values: texts(
      'NaN',
      'Infinity',
      '-Infinity',
      '0',
      '-0',
      '1e-45',
      '1.17549435e-38',
      '3.4028235e38',
      '-3.4028235e38',
      '0.1',
      '16777217',
    ),
  },
  {
    type: 'double precision',
    values: texts(
      'NaN',
      'Infinity',
      '-Infinity',
      '0',
      '-0',
      '5e-324',
      '2.2250738585072014e-308',
      '1.7976931348623157e308',
      '-1.7976931348623157e308',
      '0.1',
      '0.30000000000000004',
      '9007199254740993',
      '1e21',
    ),
  },
  { type: 'money', values: texts('-92233720368547758.08', '92233720368547758.07', '0', '-0.01', '1234.50') },
  { type: 'oid', values: texts('0', '1', '2147483648', '4294967295') },
  { type: 'pg_lsn', values: texts('0/0', '0/1', '16/B374D848', 'FFFFFFFF/FFFFFFFF') },
];
