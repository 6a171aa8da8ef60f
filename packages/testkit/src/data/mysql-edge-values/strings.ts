import { texts } from './mysql-edge-type.js';
import type { MysqlEdgeType, MysqlEdgeValue } from './mysql-edge-type.js';

/** What CSV, SQL or a careless reader could misread. */
const hard = texts(
  '', ' ', ' x ', 'a,b', '"', '""', '"a"', "'", "it's", '\\', '\\\\', '\\N', '\\.', '\\n', 'NULL', 'null', '\n', '\r\n', 'a\nb',
  '\t', '\b\f\v', ';', '%_', '{}', '0', '\\x00', 'trailing ', 'é ü ñ',
); // prettier-ignore

const wide = texts('😀', '👨‍👩‍👧‍👦', '漢字', '\u{10FFFF}', 'e\u0301', '\u00a0', '\ufeffx', '\u2028', '𝔘𝔫𝔦');

const bytes: readonly MysqlEdgeValue[] = [
  { sql: `X''`, text: '\\x' },
  { sql: `X'00'`, text: '\\x00' },
  { sql: `X'00ff5c2c220a0d'`, text: '\\x00ff5c2c220a0d' },
  { sql: `X'5c4e'`, text: '\\x5c4e' },
  { sql: `'"quoted", text'`, text: `\\x${Buffer.from('"quoted", text').toString('hex')}` },
];

/** Values of a text type that holds every character. */
const all = [...hard, ...wide];

export const mysqlStringTypes: readonly MysqlEdgeType[] = [
  { type: 'varchar(100) CHARACTER SET utf8mb4', target: 'varchar(100)', values: all },
  { type: 'varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci', target: 'varchar(100)', values: all },
  { type: 'varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', target: 'varchar(100)', values: all },
  { type: 'varchar(100) CHARACTER SET utf8mb3', target: 'varchar(100)', values: [...hard, ...texts('漢字', 'é')] },
  { type: 'varchar(100) CHARACTER SET latin1', target: 'varchar(100)', values: [...hard, ...texts('€', 'ÿ', '¡')] },
  { type: 'varchar(100) CHARACTER SET ascii', target: 'varchar(100)', values: texts('', 'a"b', '\\', '\\N', '~') },
  { type: 'varchar(100) CHARACTER SET latin2', target: 'varchar(100)', values: texts('łódź', 'őű', '"') },
  { type: 'varchar(100) CHARACTER SET cp1251', target: 'varchar(100)', values: texts('Привет', '"Ё"') },
  { type: 'varchar(100) CHARACTER SET sjis', target: 'varchar(100)', values: texts('表示', 'ｱｲｳ', '"表"') },
  // The standard's later editions have other characters in places of two bytes.
  { type: 'varchar(100) CHARACTER SET gb18030', target: 'varchar(100)', only: 'mysql', values: texts('漢"字', 'é€', '😀', '\uE78D', '\uE5E5', '龴', '\u{10FFFF}', '\uFFFD') },
  { type: 'varchar(100) CHARACTER SET ucs2', target: 'varchar(100)', values: texts('漢"字', 'é', '') },
  { type: 'varchar(100) CHARACTER SET utf16', target: 'varchar(100)', values: texts('😀"', '漢字', '') },
  { type: 'char(10) CHARACTER SET utf8mb4', target: 'text', values: texts('', 'a', '"x"', ' lead', '😀', '\\N', '漢字') },
  { type: 'tinytext CHARACTER SET utf8mb4', target: 'text', values: all },
  { type: 'text CHARACTER SET utf8mb4', target: 'text', values: all },
  { type: 'mediumtext CHARACTER SET utf8mb4', target: 'text', values: all },
  { type: 'longtext CHARACTER SET utf8mb4', target: 'text', values: [...all, { sql: `REPEAT('"é', 50000)`, text: '"é'.repeat(50_000) }] },
  { type: 'longtext CHARACTER SET latin1', target: 'text', values: [{ sql: `REPEAT('é"', 50000)`, text: 'é"'.repeat(50_000) }] },
  { type: 'binary(4)', target: 'bytea', values: [{ sql: `X'01'`, text: '\\x01000000' }, { sql: `X'ffffffff'`, text: '\\xffffffff' }] },
  { type: 'varbinary(20)', target: 'bytea', values: bytes },
  { type: 'tinyblob', target: 'bytea', values: bytes },
  { type: 'blob', target: 'bytea', values: bytes },
  { type: 'mediumblob', target: 'bytea', values: bytes },
  { type: 'longblob', target: 'bytea', values: [...bytes, { sql: `REPEAT(X'00ff22', 30000)`, text: `\\x${'00ff22'.repeat(30_000)}` }] },
  { type: `enum('', 'a', 'so''so', 'a,b', '"', '\\\\', '😀') CHARACTER SET utf8mb4`, target: 'text', values: texts('', 'a', "so'so", 'a,b', '"', '\\', '😀') },
  { type: `set('a', 'b c', '"', '\\\\')`, target: 'text', values: texts('', 'a', 'a,b c', 'a,b c,",\\') },
]; // prettier-ignore
