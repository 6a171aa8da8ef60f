import { describe, expect, test } from 'vitest';
import { CsvCutter } from './csv-cutter.js';
import type { CutLimits } from './csv-cutter.js';

async function* inChunksOf(size: number, text: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size) {
    yield await Promise.resolve(bytes.subarray(start, start + size));
  }
}

async function cut(chunkSize: number, text: string, limits: CutLimits): Promise<[string, number][]> {
  const cutter = new CsvCutter(inChunksOf(chunkSize, text), limits);
  const parts: [string, number][] = [];
  while (await cutter.hasMore()) {
    const chunks: Buffer[] = [];
    for await (const chunk of cutter.part()) chunks.push(chunk);
    parts.push([Buffer.concat(chunks).toString(), cutter.rows]);
  }
  return parts;
}

const endless = { rows: Infinity, bytes: Infinity };
const chunkSizes = [1, 2, 3, 7, 1000];

describe.each(chunkSizes)('in chunks of %i bytes', (size) => {
  test('cuts after so many rows', async () => {
    expect(await cut(size, '1,a\n2,b\n3,c\n', { ...endless, rows: 2 })).toEqual([
      ['1,a\n2,b\n', 2],
      ['3,c\n', 1],
    ]);
  });

  test('cuts after the row that reaches so many bytes', async () => {
    expect(await cut(size, '1,a\n2,b\n3,c\n', { ...endless, bytes: 5 })).toEqual([
      ['1,a\n2,b\n', 2],
      ['3,c\n', 1],
    ]);
  });

  test('a newline in quotes ends no row', async () => {
    const text = '1,"a\nb"\n2,"""\n"""\n3,""\n';
    expect(await cut(size, text, { ...endless, rows: 1 })).toEqual([
      ['1,"a\nb"\n', 1],
      ['2,"""\n"""\n', 1],
      ['3,""\n', 1],
    ]);
  });

  test('a row longer than a part is a part', async () => {
    const long = `1,"${'é\n'.repeat(50)}"\n`;
    expect(await cut(size, `${long}2,b\n`, { ...endless, bytes: 10 })).toEqual([
      [long, 1],
      ['2,b\n', 1],
    ]);
  });

  test('an empty line is a row, and an end on the limit opens no further part', async () => {
    expect(await cut(size, '\n\n', { ...endless, rows: 2 })).toEqual([['\n\n', 2]]);
  });
});

test('nothing has no parts', async () => {
  expect(await cut(1, '', endless)).toEqual([]);
});
