import { describe, expect, test } from 'vitest';
import { CsvReader } from './csv-reader.js';
import type { CsvDialect } from './csv-reader.js';

const plain: CsvDialect = { delimiter: ',', comment: undefined, strictQuotes: false };

/** The records of the text, quoted fields in brackets, whatever the chunks are that it comes in. */
function read(text: string, dialect: CsvDialect = plain, chunk = text.length): string[][] {
  const reader = new CsvReader(dialect);
  const records = [];
  for (let at = 0; at < text.length; at += chunk) records.push(...reader.push(text.slice(at, at + chunk)));
  records.push(...reader.end());
  return records.map((record) => record.map((field) => (field.quoted ? `[${field.text}]` : field.text)));
}

describe.each([1, 2, 3, 1000])('in chunks of %i', (chunk) => {
  test.each([
    [
      'a,b\nc,d\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['a,"",\n', [['a', '[]', '']]],
    ['"a""b","c,d"\n', [['[a"b]', '[c,d]']]],
    ['"a\r\nb",c\r\n', [['[a\r\nb]', 'c']]],
    [
      'a,"b"\r\n"c",d\r\n',
      [
        ['a', '[b]'],
        ['[c]', 'd'],
      ],
    ],
    ['\n\r\na\n\n', [['a']]],
    ['"\n\n"\n', [['[\n\n]']]],
    ['a"b,"c"d"\n', [['a"b', '[c"d]']]],
    ['"never closed', [['[never closed]']]],
    ['', []],
  ])('%j', (text, records) => {
    expect(read(text, plain, chunk)).toEqual(records);
  });
});

test('comments and another delimiter', () => {
  expect(read('#x\na;b#\n', { ...plain, delimiter: ';', comment: '#' })).toEqual([['a', 'b#']]);
});

test.each(['a"b\n', '"a"b"\n', '"a'])('strict quotes refuse %j', (text) => {
  expect(() => read(text, { ...plain, strictQuotes: true })).toThrow(/quoted-field/);
});
