import { expect, test } from 'vitest';
import { MessageFrames } from './message-frames.js';

function message(kind: string, content: string): Buffer {
  const bytes = Buffer.from(`${kind}....${content}`);
  bytes.writeUInt32BE(bytes.length - 1, 1);
  return bytes;
}

const messages = [
  message('d', 'first'),
  message('N', 'a notice'),
  message('d', ''),
  message('c', ''),
  message('d', 'x'.repeat(300)),
  message('Z', 'I'),
];
const told = ['first', 'N: a notice', '', 'c: ', 'x'.repeat(300), 'Z: I'];

function taken(pieces: Iterable<Buffer>): string[] {
  const seen: string[] = [];
  const frames = new MessageFrames({
    copyData: (bytes, start, end) => seen.push(bytes.toString('latin1', start, end)),
    other: (whole) => {
      expect(whole.readUInt32BE(1)).toBe(whole.length - 1);
      seen.push(`${String.fromCharCode(whole[0] ?? 0)}: ${whole.toString('latin1', 5)}`);
    },
  });
  for (const piece of pieces) frames.take(piece);
  return seen;
}

test.each([1, 2, 3, 4, 5, 6, 7, 11, 64, 1000])('messages come whole out of reads of %i bytes', (size) => {
  const stream = Buffer.concat([...messages, ...messages]);
  const pieces = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
    stream.subarray(index * size, (index + 1) * size),
  );
  expect(taken(pieces)).toEqual([...told, ...told]);
});

test('what has not come to its end waits', () => {
  const [first = Buffer.alloc(0)] = messages;
  expect(taken([first.subarray(0, -1)])).toEqual([]);
});
