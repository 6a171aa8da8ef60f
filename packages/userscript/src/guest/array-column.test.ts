import { describe, expect, it } from 'vitest';
import { isFromLiteral, readArray, writeArray } from './array-column.js';

describe('array literals', () => {
  it.each([
    ['{}', []],
    ['{1,2}', ['1', '2']],
    ['{a, b c ,NULL,"NULL",""}', ['a', 'b c', null, 'NULL', '']],
    [String.raw`{"a\"b","c\\d",e\,f}`, ['a"b', 'c\\d', 'e,f']],
    [
      '{{1,2},{3,4}}',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
  ])('%s is read', (text, list) => {
    expect(readArray(text)).toEqual(list);
  });

  it.each(['', 'text', '[0:1]={1,2}', '{1,2', '{1}x', '{"a}'])('%s stays text', (text) => {
    expect(readArray(text)).toBe(text);
  });

  it('are written so that they are read again', () => {
    const list = ['a"b', 'c\\d', null, 'NULL', '', ['x,y', '{z}']];
    expect(readArray(writeArray(list, (value) => String(value)))).toEqual(list);
  });

  it('are remembered as what they were', () => {
    expect(isFromLiteral(readArray('{1}') as object)).toBe(true);
    expect(isFromLiteral(['1'])).toBe(false);
  });
});
