import { describe, expect, test } from 'vitest';
import type { TransactionSpill } from '@tsmolt/core';
import { StreamedTransactions } from './streamed-transactions.js';

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

const start = (transaction: number): Buffer =>
  Buffer.concat([Buffer.from('S'), int32(transaction), Buffer.of(1)]);
const stop = Buffer.from('E');
const abort = (transaction: number, subtransaction: number): Buffer =>
  Buffer.concat([Buffer.from('A'), int32(transaction), int32(subtransaction)]);
/** Flags, then commit, end and time, eight bytes each. */
const commit = (transaction: number): Buffer =>
  Buffer.concat([Buffer.from('c'), int32(transaction), Buffer.from('fcccccccceeeeeeeetttttttt')]);
/** A message of a streamed block. */
const message = (transaction: number, text: string): Buffer =>
  Buffer.concat([Buffer.from(text.slice(0, 1)), int32(transaction), Buffer.from(text.slice(1))]);

class MemorySpill implements TransactionSpill {
  readonly pieces = new Map<string, Uint8Array[]>();
  /** The numbers of each call. */
  readonly noted: (readonly number[])[] = [];
  /** How many numbers were asked for at a time. */
  readonly asked: number[] = [];

  append(transaction: string, piece: Uint8Array): Promise<void> {
    this.pieces.set(transaction, [...(this.pieces.get(transaction) ?? []), piece]);
    return Promise.resolve();
  }

  async *read(transaction: string): AsyncIterable<Buffer> {
    for (const piece of this.pieces.get(transaction) ?? []) yield await Promise.resolve(Buffer.from(piece));
  }

  rollBack(_transaction: string, parts: readonly number[]): Promise<void> {
    this.noted.push(parts);
    return Promise.resolve();
  }

  rolledBack(_transaction: string, among: readonly number[]): Promise<ReadonlySet<number>> {
    this.asked.push(among.length);
    const all = new Set(this.noted.flat());
    return Promise.resolve(new Set(among.filter((part) => all.has(part))));
  }

  drop(transaction: string): Promise<void> {
    this.pieces.delete(transaction);
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this.pieces.clear();
    return Promise.resolve();
  }
}

interface Taken {
  readonly decoded: string[];
  readonly spill: MemorySpill;
}

/** @param ready asked behind each message that is decoded from the spill */
async function taken(
  messages: readonly Buffer[],
  ready: () => Promise<void> | undefined = () => undefined,
  signal = new AbortController().signal,
): Promise<Taken> {
  const decoded: string[] = [];
  const spill = new MemorySpill();
  const decode = (bytes: Buffer, offset: number): void =>
    void decoded.push(bytes.toString('latin1', offset).replace('\0\0\0\u0007', '<7>'));
  const transactions = new StreamedTransactions({ spill, decode, ready, signal });
  // As in a stream, a message does not lie where its bytes begin, and they are used for something else afterwards.
  for (const one of messages) {
    const bytes = Buffer.concat([Buffer.alloc(3), one]);
    const work = transactions.take(bytes, 3);
    bytes.fill(0);
    await work;
  }
  return { decoded, spill };
}

const begun = 'Bcccccccctttttttt<7>';
const committed = 'Cfcccccccceeeeeeeetttttttt';

describe('a streamed transaction', () => {
  test('comes when it is committed, as one that was not streamed', async () => {
    const { decoded, spill } = await taken([
      start(7), message(7, 'Rshape'), message(7, 'Irow'), stop, Buffer.from('Bother'), Buffer.from('Cother'),
      start(7), message(7, 'Uagain'), stop, commit(7),
    ]); // prettier-ignore
    expect(decoded).toEqual(['Bother', 'Cother', begun, 'Rshape', 'Irow', 'Uagain', committed]);
    expect(spill.pieces.size).toBe(0);
  });

  test('leaves out the subtransactions that were rolled back, and only those', async () => {
    const { decoded, spill } = await taken([
      start(7), message(7, 'Rone'), message(8, 'Ino'), stop, abort(7, 8),
      start(7), message(7, 'Rtwo'), message(9, 'Iyes'), stop, commit(7),
    ]); // prettier-ignore
    expect(decoded).toEqual([begun, 'Rone', 'Rtwo', 'Iyes', committed]);
    expect(spill.asked).toEqual([]);
  });

  test('keeps only the latest numbers of rolled-back subtransactions in memory, however many there are', async () => {
    const many = Array.from({ length: 2500 }, (_, index) => index + 100);
    const { decoded, spill } = await taken([
      start(7), message(7, 'Iyes'), stop,
      ...many.flatMap((part) => [start(7), message(part, 'Ino'), stop, abort(7, part)]),
      start(7), message(5000, 'Ialso'), stop, commit(7),
    ]); // prettier-ignore
    expect(decoded).toEqual([begun, 'Iyes', 'Ialso', committed]);
    expect(spill.noted.map(({ length }) => length)).toEqual([1000, 1000]);
    expect(new Set(spill.asked)).toEqual(new Set([1]));
  });

  test('that is rolled back leaves nothing', async () => {
    const { decoded, spill } = await taken([
      start(7), message(7, 'Rshape'), stop, start(5), message(5, 'Iother'), stop, abort(7, 8), abort(7, 7), abort(4, 4),
    ]); // prettier-ignore
    expect(decoded).toEqual([]);
    expect([...spill.pieces.keys()]).toEqual(['5']);
  });

  test('is kept without what no event is made of: an origin, which has no transaction, and messages', async () => {
    const { decoded } = await taken([
      start(7), Buffer.from('O12345678name'), message(7, 'Mtext'), message(7, 'Irow'), stop, commit(7),
    ]); // prettier-ignore
    expect(decoded).toEqual([begun, 'Irow', committed]);
  });

  test('of which nothing came cannot be committed', async () => {
    await expect(taken([commit(7)])).rejects.toMatchObject({ code: 'TSM5006' });
  });

  test('waits for its reader, and ends where that has gone', async () => {
    const gone = new AbortController();
    let asked = 0;
    const ready = (): Promise<void> => {
      asked++;
      if (asked === 2) gone.abort();
      return Promise.resolve();
    };
    const rows = ['I1', 'I2', 'I3'].map((text) => message(7, text));
    const { decoded } = await taken([start(7), ...rows, stop, commit(7)], ready, gone.signal);
    expect(decoded).toEqual([begun, 'I1', 'I2']);
  });
});
