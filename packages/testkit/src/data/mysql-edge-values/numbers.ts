import { numbers } from './mysql-edge-type.js';
import type { MysqlEdgeType } from './mysql-edge-type.js';

const nines = (count: number): string => '9'.repeat(count);

export const mysqlNumberTypes: readonly MysqlEdgeType[] = [
  { type: 'tinyint', target: 'smallint', values: numbers('-128', '-1', '0', '1', '127') },
  { type: 'tinyint(1)', target: 'boolean', values: [{ sql: '0', text: 'false' }, { sql: '1', text: 'true' }] },
  { type: 'tinyint unsigned', target: 'smallint', values: numbers('0', '255') },
  { type: 'smallint', target: 'smallint', values: numbers('-32768', '32767') },
  { type: 'smallint unsigned', target: 'integer', values: numbers('0', '65535') },
  { type: 'mediumint', target: 'integer', values: numbers('-8388608', '8388607') },
  { type: 'mediumint unsigned', target: 'integer', values: numbers('0', '16777215') },
  { type: 'int', target: 'integer', values: numbers('-2147483648', '2147483647') },
  { type: 'int unsigned', target: 'bigint', values: numbers('0', '4294967295') },
  { type: 'int(8) zerofill', target: 'bigint', values: numbers('0', '42', '4294967295') },
  { type: 'bigint', target: 'bigint', values: numbers('-9223372036854775808', '9007199254740993', '9223372036854775807') },
  { type: 'bigint unsigned', target: 'numeric(20)', values: numbers('0', '9223372036854775808', '18446744073709551615') },
  {
    type: 'decimal(65,0)',
    target: 'numeric(65,0)',
    values: numbers(nines(65), `-${nines(65)}`, '0', '12345678901234567890123456789012345678901234567890123456789012345'),
  },
  {
    type: 'decimal(65,30)',
    target: 'numeric(65,30)',
    values: numbers(`${nines(35)}.${nines(30)}`, `-${nines(35)}.${nines(30)}`, `0.${'0'.repeat(29)}1`, `1.5${'0'.repeat(29)}`),
  },
  { type: 'decimal(12,2)', target: 'numeric(12,2)', values: numbers('9999999999.99', '-0.01', '1.10', '0.00') },
  { type: 'decimal(5,2) zerofill', target: 'numeric(5,2)', values: numbers('1.50', '999.99') },
  {
    type: 'float',
    target: 'real',
    values: [
      ...numbers('0', '0.1', '-0.1', '1.5', '1e-45', '1.1754944e-38', '1.6777216e+07', '3.1415927', '1.2345679e+20'),
      // The largest one; its seven digits are more than it.
      { sql: '3.4028234663852886e38', text: '3.4028235e+38' },
      { sql: '-3.4028234663852886e38', text: '-3.4028235e+38' },
    ],
  },
  { type: 'float(7,3)', target: 'real', values: [{ sql: '1.234', text: '1.234' }, { sql: '9999.999', text: '9999.999' }] },
  {
    type: 'double',
    target: 'double precision',
    values: numbers(
      '0', '0.1', '0.30000000000000004', '5e-324', '2.2250738585072014e-308', '1.7976931348623157e+308',
      '-1.7976931348623157e+308', '9.007199254740992e+15', '1.2345678901234568e+17', '1e+21', '1e+15', '3.141592653589793',
    ),
  },
  { type: 'double(12,2)', target: 'double precision', values: numbers('9999999999.99', '0.1', '-1.25') },
  { type: 'bit(1)', target: 'varbit', values: [{ sql: `b'0'`, text: '0' }, { sql: `b'1'`, text: '1' }] },
  { type: 'bit(13)', target: 'varbit', values: [{ sql: `b'1'`, text: '0000000000001' }, { sql: '8191', text: '1'.repeat(13) }] },
  { type: 'bit(64)', target: 'varbit', values: [{ sql: '0', text: '0'.repeat(64) }, { sql: '18446744073709551615', text: '1'.repeat(64) }, { sql: '9223372036854775809', text: `1${'0'.repeat(62)}1` }] },
]; // prettier-ignore
