import type { HashedSet, RowsDigest, Table, UnrepresentablePolicy } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import { openDatabase } from './databases.js';
import type { OpenedDatabase } from './databases.js';
import { exported, never, openSnapshot } from './exported.js';

interface Case {
  readonly type: string;
  readonly set: string;
  /** What is no text. */
  readonly sql: string;
  /** The same with substitutes. */
  readonly nearest: string;
  /** What is text, although it looks similar. */
  readonly text?: readonly [sql: string, text: string];
}

const surrogate = `_ucs2 X'0041D8000042003F'`;
const ofBytes = (set: string, hex: string, nearest: string, text?: Case['text']): Case =>
  ({ type: `varchar(20) CHARACTER SET ${set}`, set, sql: `_${set} X'${hex}'`, nearest, ...(text && { text }) }); // prettier-ignore

const everywhere: readonly Case[] = [
  { type: 'varchar(20) CHARACTER SET utf8mb4', set: 'utf8mb4', sql: surrogate, nearest: 'A\uFFFD\uFFFD\uFFFDB?', text: [`'퟿?\uFFFD😀'`, '퟿?\uFFFD😀'] },
  { type: 'varchar(20) CHARACTER SET utf8mb3', set: 'utf8mb3', sql: surrogate, nearest: 'A\uFFFD\uFFFD\uFFFDB?', text: [`'퟿?\uFFFD'`, '퟿?\uFFFD'] },
  { type: 'varchar(20) CHARACTER SET utf32', set: 'utf32', sql: surrogate, nearest: 'A\uFFFDB?', text: [`'?\uFFFD😀'`, '?\uFFFD😀'] },
  ofBytes('ucs2', '0041D83DDE000042003F', 'A\uFFFD\uFFFDB?', [`'?\uFFFD"'`, '?\uFFFD"']),
  ofBytes('greek', '413FD24222', 'A??B"', [`'?α"'`, '?α"']),
  ofBytes('tis620', '41DB423F', 'A?B?', [`'?ก'`, '?ก']),
  ofBytes('big5', 'A15A41', '?A', [`'?中'`, '?中']),
  ofBytes('gbk', 'FEFE3F', '??', [`'?？中'`, '?？中']),
  // A backslash, and a character that has two places in the set: neither comes back as the bytes that it was.
  ofBytes('sjis', '3F85403F', '???', [`_sjis X'5C3F'`, '\\?']),
  ofBytes('cp932', '81AD3F', '??', [`_cp932 X'ED403F'`, '纊?']),
  ofBytes('ujis', 'A9A1', '?', [`_ujis X'A1C03F'`, '\\?']),
  ofBytes('swe7', '41FF', 'A?', [`'?ö'`, '?ö']),
  { type: `enum('x', X'41D242') CHARACTER SET greek`, set: 'greek', sql: '2', nearest: 'A?B', text: [`'x'`, 'x'] },
]; // prettier-ignore

const own: Readonly<Record<'mysql' | 'mariadb', readonly Case[]>> = {
  mysql: [
    ofBytes('gb18030', 'E3329A36', '?', [`_gb18030 X'8431A4373F'`, '\uFFFD?']),
    { type: 'json', set: 'utf8mb4', sql: `JSON_OBJECT(${surrogate}, '"')`, nearest: '{"A\uFFFD\uFFFD\uFFFDB?": "\\""}', text: [`'{"a": "?"}'`, '{"a": "?"}'] },
  ],
  mariadb: [
    ofBytes('ascii', '41FF', 'A?', [`'?'`, '?']),
    { type: 'json', set: 'utf8mb4', sql: `JSON_OBJECT('a', ${surrogate})`, nearest: '{"a": "A\uFFFD\uFFFD\uFFFDB?"}', text: [`'{"a": "?"}'`, '{"a": "?"}'] },
  ],
}; // prettier-ignore

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const sqlText = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
const lines = (data: Buffer): string[] => data.toString().trimEnd().split('\n');

/** Table `t` with a row of text (1), and one of values that are none (2); `nearest` and `nulls` with what becomes of them. */
function tables(cases: readonly Case[], typeOf: (one: Case) => string = ({ type }) => type): string[] {
  const columns = cases.map((one, index) => `c${index} ${typeOf(one)}`).join(', ');
  const plain = cases.map((one, index) => `c${index} ${one.type === 'json' ? 'json' : 'text CHARACTER SET utf8mb4'}`).join(', '); // prettier-ignore
  const texts = cases.map(({ text }) => sqlText(text?.[1] ?? '')).join(', ');
  return [
    `SET SESSION sql_mode = ''`,
    `CREATE TABLE t (id int PRIMARY KEY, ${columns})`,
    `INSERT INTO t VALUES (1, ${cases.map(({ text }) => text?.[0] ?? `''`).join(', ')})`,
    `INSERT INTO t VALUES (2, ${cases.map(({ sql }) => sql).join(', ')})`,
    `CREATE TABLE nearest (id int PRIMARY KEY, ${plain})`,
    `INSERT INTO nearest VALUES (1, ${texts}), (2, ${cases.map(({ nearest }) => sqlText(nearest)).join(', ')})`,
    `CREATE TABLE nulls (id int PRIMARY KEY, ${plain})`,
    `INSERT INTO nulls VALUES (1, ${texts}), (2, ${cases.map(() => 'NULL').join(', ')})`,
  ];
}

async function digest(
  source: OpenedDatabase,
  table: Table,
  unrepresentable: UnrepresentablePolicy,
): Promise<RowsDigest> {
  await using snapshot = await openSnapshot(source.database, { unrepresentable });
  // Of the same types on both sides; documents are compared by meaning.
  const columns = table.columns
    .filter(({ nativeType }) => nativeType !== 'json')
    .map(({ name, type }) => ({
      name,
      type: type.kind === 'integer' ? type : ({ kind: 'string' } as const),
    }));
  return await snapshot.rowHasher.hashRows({ table, columns, algorithm: 'sha256', signal: never });
}

describe.each(['mysql', 'mariadb'] as const)('bytes that are no text, in %s,', (product) => {
  const cases = [...everywhere, ...own[product]];
  const replaced = Object.fromEntries(cases.map((_, index) => [`c${index}`, 1]));

  test('are refused by row, column and character set, and what is text is not', async () => {
    await using source = await openDatabase(product, ...tables(cases));
    const table = await source.table('t');
    await using snapshot = await openSnapshot(source.database);
    const whole = await exported(snapshot, table, { condition: 'id = 1' });
    expect(lines(whole.data)).toEqual([`1,${cases.map(({ text }) => quoted(text?.[1] ?? '')).join(',')}`]);
    for (const [index, { set }] of cases.entries()) {
      await expect(exported(snapshot, table, { columns: ['id', `c${index}`] }), set).rejects.toMatchObject({
        code: 'TSM3008',
        message: `public.t: the row id=2 has bytes that are no text in ${set} in column c${index}, which no target can hold`,
        advice: expect.stringContaining('--unrepresentable-values null|clamp'),
      });
    }
  });

  test('become NULL or have substitutes, and are counted', async () => {
    await using source = await openDatabase(product, ...tables(cases));
    const table = await source.table('t');
    const second = async (unrepresentable: UnrepresentablePolicy): Promise<unknown> => {
      await using snapshot = await openSnapshot(source.database, { unrepresentable });
      const { data, substitutions } = await exported(snapshot, table, { format: 'csv-marked-null' });
      return [lines(data)[1], Object.fromEntries(substitutions ?? [])];
    };
    expect(await second('null')).toEqual([`2,${cases.map(() => '\\N').join(',')}`, replaced]);
    expect(await second('clamp')).toEqual([`2,${cases.map(({ nearest }) => quoted(nearest)).join(',')}`, replaced]); // prettier-ignore
  });

  test('are treated alike in long values', async () => {
    const texts = cases.filter(({ type }) => !type.startsWith('enum'));
    const long = (one: Case): string => one.type.replace(/^varchar\(20\)/, 'longtext');
    await using source = await openDatabase(
      product,
      ...tables(texts, long),
      `INSERT INTO t (id, c0) VALUES (3, REPEAT('x', 40000))`,
    );
    const table = await source.table('t');
    const rows = async (unrepresentable: UnrepresentablePolicy, columns: string[]): Promise<unknown> => {
      await using snapshot = await openSnapshot(source.database, { unrepresentable });
      const { data } = await exported(snapshot, table, { columns, condition: 'id < 3' });
      return lines(data);
    };
    const names = texts.map((_, index) => `c${index}`);
    const first = texts.map(({ text }) => quoted(text?.[1] ?? '')).join(',');
    expect(await rows('null', names)).toEqual([first, ','.repeat(texts.length - 1)]);
    expect(await rows('clamp', names)).toEqual([
      first,
      texts.map(({ nearest }) => quoted(nearest)).join(','),
    ]);
    for (const [index, { set }] of texts.entries()) {
      await expect(rows('reject', ['id', `c${index}`]), set).rejects.toMatchObject({
        message: `public.t: the row id=2 has bytes that are no text in ${set} in column c${index}, which no target can hold`,
      });
    }
  });

  test('have the digest of what the export makes of them, and otherwise one that no text has', async () => {
    await using source = await openDatabase(product, ...tables(cases));
    const table = await source.table('t');
    const same = async (name: string): Promise<RowsDigest> =>
      digest(source, await source.table(name), 'reject');
    expect(await digest(source, table, 'clamp')).toEqual(await same('nearest'));
    expect(await digest(source, table, 'null')).toEqual(await same('nulls'));
    const one = (index: number, of: Table): Table => ({
      ...of,
      columns: of.columns.filter(({ name }) => name === 'id' || name === `c${index}`),
    });
    const nearest = await source.table('nearest');
    for (const [index, { type }] of cases.entries()) {
      if (type === 'json') continue;
      const found = await digest(source, one(index, table), 'reject');
      expect(found, type).not.toEqual(await digest(source, one(index, nearest), 'reject'));
    }
  });

  test('are told to verify as what they are, and are found again by it', async () => {
    await using source = await openDatabase(
      product,
      `SET SESSION sql_mode = ''`,
      `CREATE TABLE t (k varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, g varchar(9) CHARACTER SET gbk, PRIMARY KEY (k))`,
      `INSERT INTO t VALUES ('A', '?'), (_ucs2 X'0041D8000042', _gbk X'FEFE'), (_ucs2 X'0041D8010042', 'x')`,
    );
    const table = await source.table('t');
    const text = { kind: 'string' } as const;
    const [k, g] = [{ name: 'k', type: text }, { name: 'g', type: text }]; // prettier-ignore
    const set: HashedSet = {
      table,
      key: [k],
      columns: [k, g],
      algorithm: 'sha256',
      range: {},
      signal: never,
    };
    const verifier = source.database.rowVerifier;
    const rows = await verifier?.hashRows(set, { by: 'hash', columns: [k, g], of: 1, buckets: [0] }, [g]);
    const seen = rows?.map(({ key, values }) => [...key, ...values]) ?? [];
    const bytes = (hex: string): string => `\0bytes that are no text: X'${hex}'`;
    const expected = [['A', '?'], [bytes('41EDA08042'), bytes('FEFE')], [bytes('41EDA08142'), 'x']]; // prettier-ignore
    expect(new Set(seen)).toEqual(new Set(expected));
    const again = await verifier?.readRows(set, [g], seen.map(([key = '']) => [key])); // prettier-ignore
    expect(new Set(again)).toEqual(new Set(expected));
  });

  test.each(['utf8mb4', 'ucs2', 'gbk'])(
    'in a key of %s: no row is lost, however the table is cut',
    async (charset) => {
      const ascii = (index: number): string => Buffer.from(String(index)).toString('hex');
      const odd = (index: number): string =>
        charset === 'gbk'
          ? `_gbk X'FEFE${ascii(index)}'`
          : `_ucs2 X'0041D800${ascii(index).replaceAll(/../g, '00$&')}'`;
      const keys = Array.from({ length: 40 }, (_, index) => `(${odd(index)}, ${index})`);
      const plain = Array.from({ length: 40 }, (_, index) => `('${index}', ${index})`);
      await using source = await openDatabase(
        product,
        `SET SESSION sql_mode = ''`,
        `CREATE TABLE t (k varchar(20) CHARACTER SET ${charset} COLLATE ${charset}_bin, n int, PRIMARY KEY (k))`,
        `INSERT INTO t VALUES ${[...keys, ...plain].join(', ')}`,
        'ANALYZE TABLE t',
      );
      const table = await source.table('t');
      await using snapshot = await openSnapshot(source.database, { unrepresentable: 'clamp' });
      const plan = await snapshot.planShards(
        { ...table, estimate: { rows: 80, bytes: 100 } },
        { shards: 4, rowsPerRange: 5, useStatistics: false },
      );
      const ranges = plan.shards.flatMap((shard) => shard.ranges);
      expect(ranges.length).toBeGreaterThan(2);
      const found: string[] = [];
      for (const { condition } of ranges) found.push(...lines((await exported(snapshot, table, { condition })).data).filter((line) => line !== '')); // prettier-ignore
      expect(found).toHaveLength(80);
      expect(new Set(found).size).toBe(80);
    },
  );
});
