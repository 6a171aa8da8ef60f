import { expect, test } from 'vitest';
import { textLine } from './text-line.js';

const at = new Date(2025, 7, 5, 14, 40, 2).toISOString();

test('fields stand behind the message, by name, and quoted where they have to be', () => {
  const line = JSON.stringify({
    level: 'debug',
    time: at,
    conflicts: 0,
    target: '"molt"."public"."tbl1"',
    duration: '7.855ms',
    message: 'upserted rows',
  });
  expect(textLine(line)).toBe(
    'DEBUG  [Aug  5 14:40:02] upserted rows                                conflicts=0 duration=7.855ms target="\\"molt\\".\\"public\\".\\"tbl1\\""\n',
  );
});

test('a message without fields ends with its last word', () => {
  expect(textLine(JSON.stringify({ level: 'info', time: at, message: 'drained' }))).toBe(
    'INFO   [Aug  5 14:40:02] drained\n',
  );
});

test('a value that breaks lines does not break the line', () => {
  expect(textLine(JSON.stringify({ level: 'warn', time: at, message: 'x', sql: 'a\nb' }))).toContain(
    'sql="a\\nb"',
  );
});
