import { expect, test } from 'vitest';
import { MessageIntake } from './message-intake.js';
import { PgoutputDecoder } from './pgoutput.js';
import { StreamedTables } from './streamed-tables.js';
import { StreamedTransactions } from './streamed-transactions.js';

interface Scene {
  readonly intake: MessageIntake;
  /** What happened, in order. */
  readonly told: string[];
  /** Lets the write to the spill end that is under way. */
  readonly written: (failure?: Error) => Promise<void>;
  readonly end: AbortController;
}

function scene(): Scene {
  const told: string[] = [];
  const end = new AbortController();
  let settle: (failure?: Error) => void = () => undefined;
  const pending = (): Promise<void> =>
    new Promise((resolve, reject) => {
      settle = (failure) => (failure === undefined ? resolve() : reject(failure));
    });
  const decoder = new PgoutputDecoder({
    tables: new StreamedTables([], { types: new Map(), readAt: 0n, others: undefined }),
    from: 0n,
    emit: (event) => void told.push(event.kind),
  });
  const transactions = new StreamedTransactions({
    spill: { append: pending, drop: pending, clear: pending, rollBack: pending, rolledBack: () => Promise.resolve(new Set()), read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }) }) },
    decode: (bytes, offset) => void told.push(bytes.toString('latin1', offset)),
    ready: () => undefined,
    signal: end.signal,
  }); // prettier-ignore
  const intake = new MessageIntake({
    decoder,
    transactions,
    tap: { pause: () => void told.push('pause'), resume: () => void told.push('resume') },
    fail: (failure) => void told.push(String(failure)),
    signal: end.signal,
  });
  const written = async (failure?: Error): Promise<void> => {
    settle(failure);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { intake, told, written, end };
}

const block = [Buffer.from('S\0\0\0\u0007\u0001'), Buffer.from('I\0\0\0\u0007row'), Buffer.from('E')];

function give({ intake }: Scene, ...messages: readonly Buffer[]): void {
  for (const message of messages) {
    intake.message(message, 0);
  }
}

test('what comes while a piece is written waits for it, keepalives too', async () => {
  const one = scene();
  one.intake.heartbeat(1n, 1);
  give(one, ...block, Buffer.from('B1'));
  one.intake.heartbeat(2n, 2);
  expect(one.told).toEqual(['heartbeat', 'pause']);
  give(one, ...block, Buffer.from('B2'));
  await one.written();
  expect(one.told).toEqual(['heartbeat', 'pause', 'B1', 'heartbeat']);
  await one.written();
  expect(one.told.slice(4)).toEqual(['B2', 'resume']);
});

test('within a block the server has not come as far as it says', () => {
  const one = scene();
  give(one, ...block.slice(0, 2));
  one.intake.heartbeat(2n, 2);
  expect(one.told).toEqual([]);
});

test('behind a piece that could not be written nothing is taken any more', async () => {
  const one = scene();
  give(one, ...block, Buffer.from('B1'));
  await one.written(new Error('full'));
  give(one, Buffer.from('B2'));
  one.intake.heartbeat(2n, 2);
  expect(one.told).toEqual(['pause', 'Error: full']);
});

test('nor behind the end', async () => {
  const one = scene();
  give(one, ...block, Buffer.from('B1'));
  one.end.abort();
  await one.written();
  expect(one.told).toEqual(['pause']);
});
