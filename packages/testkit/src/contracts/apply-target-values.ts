import { describe, expect, test } from 'vitest';
import { refusalIn } from './apply-fixture.js';
import type { ApplyFixture } from './apply-fixture.js';

/** A type and texts of values, as the server prints them. */
export interface ValueCase {
  readonly type: string;
  readonly values: readonly string[];
  readonly setup?: readonly string[];
}

const strings = [
  '',
  ' ',
  'NULL',
  'null',
  '{a,"b"}',
  '\\',
  '\\N',
  '"',
  `it's`,
  '\u{1F600} é',
  'a\tb\r\nc',
  ',',
  '$1',
];

const shared: readonly ValueCase[] = [
  { type: 'BOOL', values: ['true', 'false'] },
  { type: 'INT2', values: ['-32768', '32767'] },
  { type: 'INT4', values: ['-2147483648', '0'] },
  { type: 'INT8', values: ['-9223372036854775808', '9223372036854775807'] },
  { type: 'DECIMAL(10,2)', values: ['12.30', '-0.01', 'NaN'] },
  { type: 'DECIMAL', values: ['123456789012345678901234567890.0001', 'NaN'] },
  { type: 'FLOAT8', values: ['0.1', '-1.5', 'NaN', 'Infinity', '-Infinity'] },
  { type: 'FLOAT4', values: ['0.5', 'NaN'] },
  { type: 'TEXT', values: [...strings, 'x'.repeat(70_000), 'é'.repeat(60)] },
  { type: 'VARCHAR(20)', values: strings },
  { type: 'BYTEA', values: ['\\x', '\\x00ff5c6e22', '\\x5c7839'] },
  { type: 'DATE', values: ['2024-02-29', 'infinity', '-infinity'] },
  { type: 'TIME', values: ['00:00:00', '23:59:59.999999'] },
  { type: 'TIMESTAMP', values: ['2024-01-02 03:04:05.123456', 'infinity'] },
  { type: 'TIMESTAMPTZ', values: ['2024-01-02 03:04:05.123456+00'] },
  { type: 'INTERVAL', values: ['1 year 2 mons 3 days 04:05:06.7', '-00:00:01'] },
  { type: 'UUID', values: ['00000000-0000-4000-8000-0000000000ff'] },
  { type: 'JSONB', values: ['{"a": "\\" {} \\\\ é", "b": [1, null]}', 'null', '"x"'] },
  { type: 'INET', values: ['10.0.0.0/8', 'fe80::/10'] },
  { type: 'BIT(3)', values: ['101'] },
  { type: 'VARBIT', values: ['', '1010'] },
  { type: 'INT8[]', values: ['{}', '{1,NULL,-3}'] },
  { type: 'TEXT[]', values: ['{NULL,"NULL","",a,"b c","{x}","\\"","\\\\","d,e",\u{1F600}}'] },
  { type: 'TIMESTAMPTZ[]', values: ['{"2024-01-02 03:04:05+00",NULL}'] },
  { type: 'mood', values: ['happy', `so'so`], setup: [`CREATE TYPE mood AS ENUM ('happy', 'so''so')`] },
  { type: 'mood[]', values: ['{happy,NULL}'], setup: [`CREATE TYPE mood AS ENUM ('happy', 'so''so')`] },
];

/** Types in which a value is cut where it should be refused, when it is cast and not assigned. */
const tooLong: readonly (readonly [string, string])[] = [
  ['VARCHAR(3)', 'abcd'],
  ['CHAR(3)', 'abcd'],
  ['BIT(3)', '1010'],
  ['VARBIT(3)', '1010'],
  ['VARCHAR(3)[]', '{a,abcd}'],
  ['INT2', '32768'],
  ['DECIMAL(4,2)', '123.45'],
];

export function applyValues({ sql, apply, batch }: ApplyFixture, more: readonly ValueCase[]): void {
  describe('values', () => {
    const setUp = (type: string, setup: readonly string[] = []): Promise<unknown> =>
      sql(...setup, `CREATE TABLE t (id INT8 PRIMARY KEY, v ${type})`);

    test.each([...shared, ...more])('$type', async ({ type, values, setup }) => {
      await setUp(type, setup);
      const all = [...values, null];
      const some = await batch(
        ['id', 'v'],
        all.map((value, index) => [String(index), value]),
      );
      await apply(async (transaction) => {
        await transaction.upsert(some);
        await transaction.update(some);
      });
      const found = await sql<{ v: string | null }>('SELECT v::TEXT AS v FROM t ORDER BY id');
      expect(found.map(({ v }) => v)).toEqual(all);
    });

    test.each([...shared, ...more].filter(({ type }) => !/JSON|\[\]$|^pair$|^SQUARE$/.test(type)))(
      '$type as a key',
      async ({ type, values, setup = [] }) => {
        await sql(...setup, `CREATE TABLE t (id ${type} PRIMARY KEY, v INT8)`);
        const short = values.filter((value) => value.length < 1000);
        const some = await batch(
          ['id', 'v'],
          short.map((value) => [value, '1']),
        );
        await apply((transaction) => transaction.upsert(some));
        expect(await apply((transaction) => transaction.update(some))).toBe(short.length);
        const keys = { ...some, columns: ['id'], rows: short.map((value) => [value]) };
        expect(await apply((transaction) => transaction.delete(keys))).toBe(short.length);
      },
    );

    test.each(tooLong)('%s is not cut', async (type, value) => {
      await setUp(type);
      const some = await batch(['id', 'v'], [['1', value]]);
      expect(await refusalIn(apply((transaction) => transaction.upsert(some)))).toMatchObject({
        kind: 'type',
      });
      expect(await sql('SELECT id FROM t')).toEqual([]);
    });

    test('a NUL character is refused, and so is what is no value of the type', async () => {
      await setUp('TEXT');
      const nul = await batch(['id', 'v'], [['1', 'a\0b']]);
      expect(await refusalIn(apply((transaction) => transaction.upsert(nul)))).toMatchObject({
        kind: 'type',
      });
      const word = await batch(['id', 'v'], [['one', 'a']]);
      expect(await refusalIn(apply((transaction) => transaction.upsert(word)))).toMatchObject({
        kind: 'type',
      });
    });
  });
}
