import { expect, test } from 'vitest';
import { copyText } from './copy-rows.js';

function textOf(rows: Parameters<typeof copyText>[0]): string {
  return Buffer.concat([...copyText(rows)]).toString();
}

test('values that mean something to COPY are escaped, and NULL is not the empty string', () => {
  const rows = [
    ['1', 'tab\tnewline\nreturn\r', null],
    ['2', '\\N', ''],
    ['3', 'back\\slash \b\f\v "quotes" 😀', 'x'],
  ];
  expect(textOf(rows)).toBe(
    [
      '1\ttab\\tnewline\\nreturn\\r\t\\N\n',
      '2\t\\\\N\t\n',
      '3\tback\\\\slash \\b\\f\\v "quotes" 😀\tx\n',
    ].join(''),
  );
});

test('many rows come in several pieces, cut between rows', () => {
  const rows = Array.from({ length: 10_000 }, (_, id) => [String(id), 'x'.repeat(20)]);
  const pieces = [...copyText(rows)].map(String);
  expect(pieces.length).toBeGreaterThan(2);
  expect(pieces.every((piece) => piece.endsWith('\n'))).toBe(true);
  expect(pieces.join('').split('\n')).toHaveLength(10_001);
});

test('rows and values of any length arrive as they are, also beside the limits of a piece', () => {
  const texts = [
    '',
    'x'.repeat(48),
    'x'.repeat(49),
    'ü€😀'.repeat(20),
    'y'.repeat(300_000),
    '😀'.repeat(150_000),
  ];
  const rows = texts.flatMap((text) => [
    [text, 'z'],
    ['z', text],
  ]);
  expect(textOf(rows)).toBe(rows.map((row) => `${row.join('\t')}\n`).join(''));
});

test('a long text that is all escapes has room', () => {
  expect(textOf([['\\'.repeat(200_000)]])).toBe(`${'\\\\'.repeat(200_000)}\n`);
});

test('pieces do not share memory: the stream may still hold those before', () => {
  const rows = Array.from({ length: 10_000 }, (_, id) => [String(id), 'x'.repeat(40)]);
  const whole = rows.map((row) => `${row.join('\t')}\n`).join('');
  const pieces = [...copyText(rows)];
  expect(Buffer.concat(pieces).toString()).toBe(whole);
});
