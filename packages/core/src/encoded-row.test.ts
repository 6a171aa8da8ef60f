import { describe, expect, test } from 'vitest';
import { EncodedUpsert, valuesOf } from './encoded-row.js';
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

  test('of a change is not decoded before somebody asks', () => {
    const table = { name: { schema: 'public', table: 't' }, columns: ['id'], key: [0] };
    const change = new EncodedUpsert(table, encodeRow(['7']), true);
    expect(change).toMatchObject({ kind: 'upsert', fresh: true, values: ['7'] });
    expect(new EncodedUpsert(table, encodeRow(['7']), false).fresh).toBeUndefined();
  });
});
