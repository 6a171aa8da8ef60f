import { expect, test } from 'vitest';
import { PieceReader, PieceWriter } from './spilled-messages.js';

const messages = [
  { transaction: 7, message: Buffer.from('I') },
  { transaction: 4_294_967_295, message: Buffer.from(`U${'x'.repeat(100)}`) },
  { transaction: 8, message: Buffer.from('D12') },
];

function piecesOf(pieceBytes: number): Buffer[] {
  const writer = new PieceWriter(pieceBytes);
  const pieces = messages.flatMap(({ transaction, message }) =>
    writer.add(transaction, message.readUInt8(0), message.subarray(1)),
  );
  const rest = writer.rest();
  expect(writer.rest()).toBeUndefined();
  return rest === undefined ? pieces : [...pieces, rest];
}

test.each([1, 2, 7, 8, 9, 17, 64, 128, 10_000])('messages come back out of pieces of %i bytes', (size) => {
  const pieces = piecesOf(size);
  expect(pieces.slice(0, -1).every(({ length }) => length === size)).toBe(true);
  const reader = new PieceReader();
  expect(pieces.flatMap((piece) => [...reader.messages(piece)])).toEqual(messages);
  expect(() => reader.end()).not.toThrow();
});

test('a piece that is missing at the end is noticed', () => {
  const reader = new PieceReader();
  const read = piecesOf(40)
    .slice(0, -1)
    .flatMap((piece) => [...reader.messages(piece)]);
  expect(read.length).toBeLessThan(messages.length);
  expect(() => reader.end()).toThrow('no whole message');
});
