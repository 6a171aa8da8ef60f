import { encodeRow } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import { statementsOf, TextArrayWriter } from './text-arrays.js';

/** Header of an array with one dimension: dimensions, NULLs, type, length, lower bound. */
function header(hasNull: number, length: number): string {
  return [1, hasNull, 25, length, 1].map((number) => number.toString(16).padStart(8, '0')).join('');
}

function element(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length.toString(16).padStart(8, '0') + bytes.toString('hex');
}

/** The same for values, for the bytes of the same values, and for rows of both kinds. */
function written(rows: readonly (readonly (string | null | undefined)[])[], columns: number): string[] {
  const writer = new TextArrayWriter();
  const of = (some: Parameters<TextArrayWriter['write']>[0]): string[] =>
    writer.write(some, columns).map((bytes) => bytes.toString('hex'));
  const fromValues = of(rows);
  expect(of(rows.map(encodeRow))).toEqual(fromValues);
  expect(of(rows.map((row, index) => (index % 2 === 0 ? encodeRow(row) : row)))).toEqual(fromValues);
  return fromValues;
}

describe('text[] in binary', () => {
  test('has a column of each row, NULLs marked', () => {
    expect(
      written(
        [
          ['1', null],
          ['', 'é{"\\'],
        ],
        2,
      ),
    ).toEqual([header(0, 2) + element('1') + element(''), `${header(1, 2)}ffffffff${element('é{"\\')}`]);
  });

  test.each([1, 47, 48, 49, 200, 100_000])('keeps texts of %i characters of one to four bytes', (length) => {
    for (const character of ['a', 'é', '€', '\u{1F600}']) {
      const text = 'x' + character.repeat(length);
      expect(written([[text], ['after']], 1)).toEqual([header(0, 2) + element(text) + element('after')]);
    }
  });

  test('of a later call is not mixed with that of an earlier one', () => {
    const writer = new TextArrayWriter();
    writer.write([['x'.repeat(9_000_000)]], 1);
    expect(writer.write([['y']], 1).map((bytes) => bytes.toString('hex'))).toEqual([
      header(0, 1) + element('y'),
    ]);
  });

  test('does not take a value that is not there for NULL', () => {
    expect(() => written([['1'], [undefined]], 1)).toThrow('column 1');
    expect(() => new TextArrayWriter().write([encodeRow([undefined])], 1)).toThrow('column 1');
  });
});

describe('rows of one statement', () => {
  const lengths = (rows: readonly (readonly (string | null)[])[]): number[] =>
    [...statementsOf(rows)].map((some) => some.length);

  test('are all that there are, where they are few', () => {
    expect(lengths([])).toEqual([]);
    expect(lengths([['1'], [null]])).toEqual([2]);
  });

  test('are bounded in number and in size, and a large row has a statement of its own', () => {
    expect(lengths(Array.from({ length: 25_000 }, () => ['1']))).toEqual([10_000, 10_000, 5000]);
    const large = 'x'.repeat(3_000_000);
    expect(lengths([[large], [large], ['1'], ['x'.repeat(10_000_000)], ['1'], ['2']])).toEqual([1, 2, 1, 2]);
  });
});
