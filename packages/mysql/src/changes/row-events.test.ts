import { RowEncoder } from '@tsmolt/core';
import type { Mutation } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import { eventCodes } from './binlog-codes.js';
import { ByteReader } from './byte-reader.js';
import { readRowEvent } from './row-events.js';
import type { TableShape } from './table-shape.js';
import { integerWriter } from './values/number-writers.js';
import { integerReader } from './values/numbers.js';
import { throughAscii } from './values/read-value.js';
import { countedText } from './values/strings.js';

const integer = { read: integerReader(1, false), write: integerWriter(1, false) };
const shape: TableShape = {
  changed: { name: { schema: 'public', table: 't' }, columns: ['id', 'v'], key: [0] },
  // The one in the middle is of a type that is passed over.
  columns: [
    { ...integer, place: 0 },
    { ...throughAscii((reader) => (reader.uint8(), null)), place: -1 },
    { ...countedText(1, (text) => text), place: 1 },
  ],
};

/** Which values are NULL, then those that are not. */
const image = (id: number, text: string | null): number[] =>
  text === null ? [0b100, id, 9] : [0, id, 9, Buffer.byteLength(text), ...Buffer.from(text)];

/** Reads an event of version 2 whose images have all columns. */
function mutationsOf(code: number, ...images: readonly (readonly number[])[]): Mutation[] {
  const present = code === eventCodes.updateRows ? [0b111, 0b111] : [0b111];
  const bytes = Buffer.from([2, 0, 3, ...present, ...images.flat()]);
  const mutations: Mutation[] = [];
  const to = { encoder: new RowEncoder(), take: (mutation: Mutation) => mutations.push(mutation) };
  readRowEvent(code, new ByteReader(bytes), shape, to);
  // The memory of an event is used again.
  bytes.fill(0xff);
  return mutations;
}

describe('rows that are written whole stay bytes until somebody asks for values', () => {
  test('new ones', () => {
    const mutations = mutationsOf(eventCodes.writeRows, image(1, 'é'), image(2, null));
    expect(mutations.map(({ encoded }) => encoded?.values)).toEqual([['1', 'é'], ['2', null]]); // prettier-ignore
    expect(mutations).toMatchObject([
      { kind: 'upsert', fresh: true, values: ['1', 'é'] },
      { values: ['2', null] },
    ]);
  });

  test('those that keep their key, with what they were', () => {
    const [mutation] = mutationsOf(eventCodes.updateRows, image(1, 'a'), image(1, null));
    expect(mutation?.encoded?.values).toEqual(['1', null]);
    expect(mutation).toMatchObject({ kind: 'upsert', values: ['1', null], before: ['1', 'a'] });
    expect(mutation?.fresh).toBeUndefined();
  });

  test('but not those that get another key', () => {
    const [mutation] = mutationsOf(eventCodes.updateRows, image(1, 'a'), image(2, 'a'));
    expect(mutation).toMatchObject({ kind: 'upsert', values: ['2', 'a'], before: ['1', 'a'], oldKey: ['1'] });
    expect(mutation?.encoded).toBeUndefined();
  });
});
