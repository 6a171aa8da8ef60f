import { expect, test } from 'vitest';
import { MessageWalker } from './framing.js';
import { message } from './messages.js';

const stream = Buffer.concat([
  message('d', Buffer.alloc(20, 'x')),
  message('d', Buffer.alloc(0)),
  message('S', Buffer.from('wanted')),
  message('d', Buffer.alloc(70_000, 'y')),
  message('Z', Buffer.alloc(0)),
  message('S', Buffer.alloc(3000, 'w')),
  message('d', Buffer.from('end')),
]);

test.each([1, 2, 3, 5, 7, 64, 1000, 65_536, 1_000_000])('chunks of %i bytes', (size) => {
  const walker = new MessageWalker((type) => type === 'S' || type === 'Z');
  const again: Buffer[] = [];
  const wanted: string[] = [];
  for (let at = 0; at < stream.length; at += size) {
    for (const piece of walker.walk(stream.subarray(at, at + size))) {
      if (piece.kind === 'message') wanted.push(`${piece.type}${piece.body.length}`);
      again.push(piece.kind === 'bytes' ? piece.bytes : message(piece.type, piece.body));
    }
  }
  expect(wanted).toEqual(['S6', 'Z0', 'S3000']);
  expect(Buffer.concat(again).equals(stream)).toBe(true);
});

test('unwanted messages are handed on together', () => {
  const walker = new MessageWalker(() => false);
  expect([...walker.walk(stream)]).toHaveLength(1);
});
