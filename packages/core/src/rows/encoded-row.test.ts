import { describe, expect, test } from 'vitest';
import { EncodedUpdate, EncodedUpsert } from './encoded-changes.js';
import { valuesOf } from './encoded-row.js';
import { encodeRow, RowEncoder } from './row-encoder.js';

const values = ['1', null, '', undefined, 'é€😀 "quoted"\n', 'x'.repeat(100_000), 'last'];

describe('a row as bytes', () => {
  test('has the values that were written, each alone and all together', () => {
    const alone = encodeRow(values);
    expect(values.map((_, column) => alone.valueAt(column))).toEqual(values);
    expect(alone.values).toEqual(values);
    expect(valuesOf(alone)).toBe(alone.values);
    expect(valuesOf(values)).toBe(values);
  });

  test('tells which columns have a text, and whether all were sent', () => {
    const row = encodeRow(values);
    expect(values.map((_, column) => row.hasText(column))).toEqual(
      values.map((value) => typeof value === 'string'),
    );
    expect(row.whole).toBe(false);
    expect(encodeRow([null, '']).whole).toBe(true);
  });

  test('stays what it is while others are written', () => {
    const encoder = new RowEncoder();
    const rows = Array.from({ length: 5000 }, (_, number) => {
      encoder.text(String(number));
      encoder.bytes(Buffer.from('ü'.repeat(number % 50)));
      if (number % 3 === 0) encoder.unsent();
      else encoder.null();
      return encoder.row();
    });
    expect(rows.map((row) => row.values)).toEqual(
      rows.map((_, number) => [String(number), 'ü'.repeat(number % 50), number % 3 === 0 ? undefined : null]),
    );
    expect(rows.map((row) => row.whole)).toEqual(rows.map((_, number) => number % 3 !== 0));
  });

  test('has texts that were put together, and copies of what lay in memory', () => {
    const integers = [
      0,
      7,
      10,
      999_999_999,
      1_000_000_000,
      1_000_000_001,
      -1,
      -(2 ** 31),
      2 ** 53,
      -(2 ** 53),
    ];
    const encoder = new RowEncoder();
    for (const integer of integers) encoder.integer(integer);
    expect(encoder.row().values).toEqual(integers.map(String));
    encoder.begin(20);
    encoder.digits(7, 3);
    encoder.byte(0x2e);
    encoder.digits(12_000_000_034, 12);
    encoder.finish();
    const texts = ['', 'plain', 'é€😀\0', 'ü'.repeat(500), 'x'.repeat(200_000)];
    const memory = Buffer.from(`<${texts.join('')}>`);
    let from = 1;
    for (const text of texts) encoder.utf8(memory, from, (from += Buffer.byteLength(text)));
    for (const text of texts) encoder.ascii(text.replaceAll(/[^x]/g, '?'));
    memory.fill(0);
    expect(encoder.row().values).toEqual([
      '007.012000000034',
      ...texts,
      ...texts.map((text) => text.replaceAll(/[^x]/g, '?')),
    ]);
  });

  test('writes nothing of bytes that are no UTF-8, and says so', () => {
    const encoder = new RowEncoder();
    const broken = ['ff', 'c3', '61c328', 'eda080', 'e282ac80'].flatMap((hex) => [hex, hex.repeat(100)]);
    const all = broken.map((hex) => Buffer.from(hex, 'hex'));
    encoder.text('before');
    expect(all.map((bytes) => encoder.utf8(bytes, 0, bytes.length))).toEqual(all.map(() => false));
    expect(encoder.utf8(Buffer.from('ü'), 0, 2)).toBe(true);
    expect(encoder.row().values).toEqual(['before', 'ü']);
  });

  test('knows which of its values another row has as well', () => {
    const [row, other] = [
      encodeRow(['1', 'a', null, undefined, '']),
      encodeRow(['1', 'ab', null, null, null]),
    ];
    expect([0, 1, 2, 3, 4].map((column) => row.isSameAt(other, column))).toEqual([
      true,
      false,
      true,
      false,
      false,
    ]);
    expect(row.isSameAt(encodeRow(['1', 'b']), 1)).toBe(false);
  });

  test('of an update has the row before it as well', () => {
    const table = { name: { schema: 'public', table: 't' }, columns: ['id', 'v'], key: [0] };
    const change = new EncodedUpdate(table, encodeRow(['7', 'new']), encodeRow(['7', 'old']));
    expect(change).toMatchObject({ kind: 'upsert', values: ['7', 'new'], before: ['7', 'old'] });
    expect(change.fresh).toBeUndefined();
  });

  test('passes bytes on that are no text, and never makes another value of them', () => {
    const encoder = new RowEncoder();
    encoder.text('7');
    encoder.text('\uFFFD');
    encoder.text('ab');
    const row = encoder.row();
    row.bytes[row.end - 1] = 0xff;
    expect([row.valueAt(0), row.valueAt(1)]).toEqual(['7', '\uFFFD']);
    expect(() => row.valueAt(2)).toThrow('value 3 of a row is not UTF-8');
    const table = { name: { schema: 'public', table: 't' }, columns: ['id', 'a', 'b'], key: [0] };
    expect(() => new EncodedUpsert(table, row, true).values).toThrow(
      'public.t: a value of column b is not UTF-8',
    );
  });

  test('of a change is not decoded before somebody asks', () => {
    const table = { name: { schema: 'public', table: 't' }, columns: ['id'], key: [0] };
    const change = new EncodedUpsert(table, encodeRow(['7']), true);
    expect(change).toMatchObject({ kind: 'upsert', fresh: true, values: ['7'] });
    expect(new EncodedUpsert(table, encodeRow(['7']), false).fresh).toBeUndefined();
  });
});
