import { RowEncoder } from '@tsmolt/core';
import type { ChangeValue, UnrepresentablePolicy } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import { typeCodes } from './binlog-codes.js';
import { ByteReader } from './byte-reader.js';
import { columnReader } from './column-reader.js';
import type { ColumnContext } from './column-reader.js';
import type { MappedColumn } from './table-map.js';
import { utf16 } from './values/exact-text.js';
import type { ValueReader } from './values/read-value.js';

const sets = ['utf8mb4', 'ascii', 'utf16', 'binary', 'latin1'];

const context: ColumnContext = {
  name: { schema: 'public', table: 't' },
  column: 'v',
  source: undefined,
  flavour: 'mysql',
  unrepresentable: 'clamp',
  onReplaced: undefined,
  fetchMetadata: false,
  hint: undefined,
  characterSets: {
    ofCollation: (id) => Promise.resolve(sets[id]),
    decoder: (name) =>
      Promise.resolve((bytes) =>
        name === 'utf16'
          ? utf16(bytes.toString('utf16le'))
          : { text: bytes.toString(name === 'latin1' ? 'latin1' : 'ascii'), isExact: true },
      ),
  },
};

const seed = Number(process.env['TSMOLT_TEST_SEED'] ?? 20_260_101);

/** Bytes of which many are at the ends of their range, and the same for the same seed. */
function* images(count: number, most: number): Generator<Buffer> {
  let state = seed;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >> 8) % limit;
  };
  const kinds = [() => 0, () => 0xff, () => 0x80, () => 0x99, () => below(32), () => 0x61, () => below(256)];
  for (let image = 0; image < count; image++) {
    yield Buffer.from(Array.from({ length: below(most) }, () => kinds[below(kinds.length)]?.() ?? 0));
  }
}

interface Outcome {
  readonly value: ChangeValue;
  /** How far it was read. */
  readonly offset: number;
}

function outcomeOf(image: Buffer, work: (reader: ByteReader) => ChangeValue): Outcome | string {
  const reader = new ByteReader(image);
  try {
    const value = work(reader);
    return { value, offset: reader.offset };
  } catch (thrown) {
    // Where a row ends too early there are several words for it.
    return thrown instanceof RangeError ? 'RangeError' : String(thrown);
  }
}

/** What comes out of both ways, as they were asked in turn. */
function bothWays({ read, write }: ValueReader, cases: readonly Buffer[]): (readonly (Outcome | string)[])[] {
  const written = (reader: ByteReader): ChangeValue => {
    const row = new RowEncoder();
    write(reader, row);
    return row.row().valueAt(0);
  };
  return [cases.map((image) => outcomeOf(image, read)), cases.map((image) => outcomeOf(image, written))];
}

const column = (type: number, size = 0, more: Partial<MappedColumn> = {}): MappedColumn => ({
  type, size, scale: 0, nullable: true, ...more,
}); // prettier-ignore

const integers = [typeCodes.tiny, typeCodes.short, typeCodes.int24, typeCodes.long, typeCodes.longlong];
const strings = [
  column(typeCodes.string, 20), column(typeCodes.string, 400), column(typeCodes.varchar, 80), column(typeCodes.varchar, 300),
  column(typeCodes.blob, 1), column(typeCodes.blob, 2), column(typeCodes.blob, 3), column(typeCodes.blob, 4),
]; // prettier-ignore
const labels = ['', 'a', 'ü', 'a longer label than others, of which there are few'].map((label) =>
  Buffer.from(label),
);

const columns: readonly MappedColumn[] = [
  ...integers.flatMap((type) => [column(type, 0, { unsigned: false }), column(type, 0, { unsigned: true })]),
  ...[1, 4, 9, 10, 18, 30, 65].flatMap((digits) =>
    [0, 1, 9, 10, 30].flatMap((scale) =>
      scale <= digits ? [column(typeCodes.decimal, digits, { scale })] : [],
    ),
  ),
  ...[1, 7, 8, 13, 64].map((bits) => column(typeCodes.bit, bits)),
  ...[typeCodes.float, typeCodes.double, typeCodes.year, typeCodes.date].map((type) => column(type)),
  ...[typeCodes.datetime, typeCodes.timestamp, typeCodes.time].map((type) => column(type)),
  ...[0, 1, 2, 3, 4, 5, 6].flatMap((digits) =>
    [typeCodes.datetime2, typeCodes.timestamp2, typeCodes.time2].map((type) => column(type, digits)),
  ),
  ...strings.flatMap((one) => sets.map((_, collation) => ({ ...one, collation }))),
  ...[typeCodes.enum, typeCodes.set].map((type) => column(type, 1, { labels, collation: 0 })),
  column(typeCodes.json, 2),
  column(typeCodes.geometry, 4),
];

describe.each<UnrepresentablePolicy>(['reject', 'null', 'clamp'])('with the policy %s', (unrepresentable) => {
  test.each(columns)(
    'a value of type $type ($size, $scale) has the same text in both ways',
    async (mapped) => {
      const reader = await columnReader(mapped, { ...context, unrepresentable });
      const [read, written] = bothWays(reader, [...images(400, 24)]);
      expect(written).toEqual(read);
    },
  );
});

test.each(['', 'plain', 'NUL \0 and\ttab', 'é€😀', 'x'.repeat(250), 'ü'.repeat(125)])(
  'text in UTF-8 is what it is: %j',
  async (text) => {
    const bytes = Buffer.from(text);
    const reader = await columnReader(column(typeCodes.varchar, 255, { collation: 0 }), context);
    const same = { value: text, offset: bytes.length + 1 };
    expect(bothWays(reader, [Buffer.from([bytes.length, ...bytes])])).toEqual([[same], [same]]);
  },
);

describe('bytes that are no text', () => {
  const broken = [
    [0, '41eda08042', 'A\uFFFD\uFFFD\uFFFDB', 'utf8mb4'],
    [0, 'ff', '\uFFFD', 'utf8mb4'],
    [2, '410000d84200', 'A\uFFFDB', 'utf16'],
  ] as const;

  test.each(broken)(
    'are refused by the name of their column, or replaced as the policy says: %i %s',
    async (collation, hex, nearest, set) => {
      const image = [Buffer.from([hex.length / 2, ...Buffer.from(hex, 'hex')])];
      const replaced: string[] = [];
      const outcomes = async (
        unrepresentable: UnrepresentablePolicy,
        nullable = true,
      ): Promise<unknown[]> => {
        const onReplaced: ColumnContext['onReplaced'] = (_, name) => replaced.push(name);
        const reader = await columnReader(column(typeCodes.varchar, 255, { collation, nullable }), {
          ...context,
          unrepresentable,
          onReplaced,
        });
        return bothWays(reader, image).flat();
      };
      const offset = image[0]?.length;
      const refusal = expect.stringContaining(
        `public.t: column v has bytes that are no text in ${set} in a changed row`,
      );
      expect(await outcomes('reject')).toEqual([refusal, refusal]);
      expect(await outcomes('null', false)).toEqual([refusal, refusal]);
      expect(replaced).toEqual([]);
      expect(await outcomes('null')).toEqual([
        { value: null, offset },
        { value: null, offset },
      ]);
      expect(await outcomes('clamp')).toEqual([
        { value: nearest, offset },
        { value: nearest, offset },
      ]);
      expect(replaced).toEqual(['v', 'v', 'v', 'v']);
    },
  );

  test('are refused in a document, and as a label', async () => {
    const document = await columnReader(column(typeCodes.json, 1), { ...context, unrepresentable: 'reject' });
    const refusal = expect.stringContaining('no text in utf8mb4');
    const string = Buffer.from([5, 12, 3, 0xed, 0xa0, 0x80]);
    const object = Buffer.from([15, 0, 1, 0, 13, 0, 11, 0, 2, 0, 4, 1, 0, 0xc3, 0x28, 0]);
    expect(bothWays(document, [string, object]).flat()).toEqual([refusal, refusal, refusal, refusal]);
    const named = column(typeCodes.enum, 1, {
      labels: [Buffer.from('a'), Buffer.from('d800', 'hex').swap16()],
      collation: 2,
    });
    await expect(columnReader(named, context)).rejects.toThrow(
      'column v: label 2 has bytes that are no text in utf16',
    );
  });

  test('a character that looks like the substitute is one', async () => {
    const bytes = Buffer.from('a\uFFFDb');
    const reader = await columnReader(column(typeCodes.varchar, 255, { collation: 0 }), {
      ...context,
      unrepresentable: 'reject',
    });
    const same = { value: 'a\uFFFDb', offset: bytes.length + 1 };
    expect(bothWays(reader, [Buffer.from([bytes.length, ...bytes])])).toEqual([[same], [same]]);
  });
});

test.each([
  [typeCodes.datetime2, 3, '99b2bac8b81ed2', '2024-02-29 12:34:56.789'],
  [typeCodes.timestamp2, 0, '65e0a152', '2024-02-29 15:22:58+00'],
  [typeCodes.time2, 0, '817efb', '23:59:59'],
  [typeCodes.time2, 0, '818000', '24:00:00'],
  [typeCodes.date, 0, '5dd00f', '2024-02-29'],
])('times are not only the same, but right: type %i (%i) %s', async (type, size, hex, text) => {
  const reader = await columnReader(column(type, size), context);
  const same = { value: text, offset: hex.length / 2 };
  expect(bothWays(reader, [Buffer.from(hex, 'hex')])).toEqual([[same], [same]]);
});
