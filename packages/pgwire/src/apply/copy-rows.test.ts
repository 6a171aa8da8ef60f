import { encodeRow } from '@tsmolt/core';
import type { ChangeValue } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { copyText } from './copy-rows.js';

type Rows = readonly (readonly ChangeValue[])[];

/** The pieces, which are the same for values and for the bytes of the same values. */
function piecesOf(rows: Rows): string[] {
  const [fromValues, fromBytes] = [rows, rows.map(encodeRow)].map((of) => [...copyText(of)].map(String));
  expect(fromBytes?.join('')).toBe(fromValues?.join(''));
  expect(fromBytes?.every((piece) => piece.endsWith('\n'))).toBe(true);
  return fromValues ?? [];
}

function textOf(rows: Rows): string {
  return piecesOf(rows).join('');
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
  const rows = Array.from({ length: 40_000 }, (_, id) => [String(id), 'x'.repeat(20)]);
  const pieces = piecesOf(rows);
  expect(pieces.length).toBeGreaterThan(2);
  expect(pieces.every((piece) => piece.endsWith('\n'))).toBe(true);
  expect(pieces.join('').split('\n')).toHaveLength(40_001);
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

test('a row of nothing but NULLs has room', () => {
  expect(textOf([Array.from({ length: 200_000 }, () => null)])).toBe(`${'\\N\t'.repeat(199_999)}\\N\n`);
});

test('what means something is escaped in short texts and in long ones, and nothing else', () => {
  const letters: Readonly<Record<number, string>> = {
    8: 'b',
    9: 't',
    10: 'n',
    11: 'v',
    12: 'f',
    13: 'r',
    92: '\\',
  };
  const codes = Array.from({ length: 127 }, (_, index) => index + 1);
  const escaped = codes.map((code) =>
    letters[code] === undefined ? String.fromCharCode(code) : `\\${letters[code]}`,
  );
  expect(textOf([codes.map((code) => String.fromCharCode(code))])).toBe(`${escaped.join('\t')}\n`);
  expect(textOf([[String.fromCharCode(...codes)]])).toBe(`${escaped.join('')}\n`);
});

test('a long text that is all escapes has room', () => {
  expect(textOf([['\\'.repeat(200_000)]])).toBe(`${'\\\\'.repeat(200_000)}\n`);
});

test('pieces do not share memory: the stream may still hold those before', () => {
  const rows = Array.from({ length: 40_000 }, (_, id) => [String(id), 'x'.repeat(40)]);
  const whole = rows.map((row) => `${row.join('\t')}\n`).join('');
  for (const same of [rows, rows.map(encodeRow)]) {
    const pieces = [...copyText(same)];
    expect(Buffer.concat(pieces).toString()).toBe(whole);
  }
});
