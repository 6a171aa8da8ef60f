import { expect, test } from 'vitest';
import { copyText } from './copy-rows.js';

test('values that mean something to COPY are escaped, and NULL is not the empty string', () => {
  const rows = [
    ['1', 'tab\tnewline\nreturn\r', null],
    ['2', '\\N', ''],
    ['3', 'back\\slash \b\f\v "quotes" 😀', 'x'],
  ];
  expect([...copyText(rows)].join('')).toBe(
    [
      '1\ttab\\tnewline\\nreturn\\r\t\\N\n',
      '2\t\\\\N\t\n',
      '3\tback\\\\slash \\b\\f\\v "quotes" 😀\tx\n',
    ].join(''),
  );
});

test('many rows come in several pieces, cut between rows', () => {
  const rows = Array.from({ length: 10_000 }, (_, id) => [String(id), 'x'.repeat(20)]);
  const pieces = [...copyText(rows)];
  expect(pieces.length).toBeGreaterThan(2);
  expect(pieces.every((piece) => piece.endsWith('\n'))).toBe(true);
  expect(pieces.join('').split('\n')).toHaveLength(10_001);
});
