import { expect, test } from 'vitest';
import { ChunkWriter } from './chunk-writer.js';

function written(work: (writer: ChunkWriter) => void): Buffer[] {
  const chunks: Buffer[] = [];
  const writer = new ChunkWriter((chunk) => chunks.push(chunk));
  work(writer);
  writer.flush();
  return chunks;
}

const text = (work: (writer: ChunkWriter) => void): string => String(Buffer.concat(written(work)));

test('quotes are doubled wherever they stand', () => {
  for (const value of ['', '"', '""', 'a"b', '"a', 'a"', 'é"😀']) {
    expect(text((writer) => writer.writeText(Buffer.from(value)))).toBe(`"${value.replaceAll('"', '""')}"`);
  }
});

test('bytes are written in hexadecimal, whatever their number', () => {
  for (const length of [0, 1, 32 * 1024, 32 * 1024 + 1, 100_000]) {
    const bytes = Buffer.alloc(length, 0xa7);
    expect(text((writer) => writer.writeBytes(bytes))).toBe(`\\x${bytes.toString('hex')}`);
  }
});

test('chunks have one size but for the last, and what was given away is not written to again', () => {
  const pieces = Array.from({ length: 300 }, (_, index) => Buffer.alloc(1000 + index, index));
  const chunks = written((writer) => {
    for (const piece of pieces) writer.write(piece);
  });
  expect(Buffer.concat(chunks).equals(Buffer.concat(pieces))).toBe(true);
  expect(new Set(chunks.slice(0, -1).map(({ length }) => length))).toEqual(new Set([128 * 1024]));
});

test('nothing is no chunk', () => {
  expect(written(() => undefined)).toEqual([]);
});
