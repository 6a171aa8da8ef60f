import type { StagingStore } from '@tsmolt/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { offered, useContractDatabase } from './contract-database.js';
import type { ContractFixture, OpenContractDatabase } from './contract-database.js';

/** What every `TransactionSpill` of a staging schema promises. */
export function transactionSpillContract(name: string, open: OpenContractDatabase): void {
  describe(`${name} as TransactionSpill`, () => {
    const contract = useContractDatabase(open);
    const opened: StagingStore[] = [];
    let store: StagingStore | undefined;
    const openStore = async (): Promise<StagingStore> => {
      const { openStaging, applyTarget } = contract.database();
      const target = offered(applyTarget);
      const made = await offered(openStaging)({ schema: contract.schema(), create: false, target });
      opened.push(made);
      return made;
    };
    beforeEach(async () => {
      store = await openStore();
    });
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });
    const fixture = { ...contract, openStore, store: () => offered(store) };
    keptPieces(fixture);
    rolledBackParts(fixture);
    leftovers(fixture);
  });
}

interface SpillFixture extends ContractFixture {
  /** A store as another process would have it. */
  readonly openStore: () => Promise<StagingStore>;
  readonly store: () => StagingStore;
}

async function collected(pieces: AsyncIterable<Buffer>): Promise<string[]> {
  const found: string[] = [];
  for await (const piece of pieces) found.push(piece.toString('latin1'));
  return found;
}

const text = (value: string): Buffer => Buffer.from(value, 'latin1');

function keptPieces({ store, sql }: SpillFixture): void {
  test('gives back the pieces of each transaction, in their order', async () => {
    const spill = store().transactionSpill('stream');
    await spill.clear();
    const every = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    for (let piece = 0; piece < 12; piece++) {
      await spill.append('7', text(`${piece}${every}`));
      if (piece < 2) await spill.append('8', text(`other ${piece}`));
    }
    expect(await collected(spill.read('7'))).toEqual(
      Array.from({ length: 12 }, (_, piece) => `${piece}${every}`),
    );
    expect(await collected(spill.read('8'))).toEqual(['other 0', 'other 1']);
    expect(await collected(spill.read('9'))).toEqual([]);
  });

  test('takes pieces of half a megabyte', async () => {
    const spill = store().transactionSpill('stream');
    const piece = Buffer.alloc(512 * 1024, 'tsmolt');
    await spill.append('7', piece);
    const [read] = await collected(spill.read('7'));
    expect(read === piece.toString('latin1')).toBe(true);
  });

  test('forgets one transaction, or all of its stream', async () => {
    const [spill, other] = [store().transactionSpill('stream'), store().transactionSpill('other')];
    for (let piece = 0; piece < 230; piece++) await spill.append('7', text(String(piece)));
    await spill.append('8', text('stays'));
    await other.append('7', text("another's"));
    await spill.drop('7');
    expect(await collected(spill.read('7'))).toEqual([]);
    expect(await collected(spill.read('8'))).toEqual(['stays']);
    await spill.append('7', text('again'));
    expect(await collected(spill.read('7'))).toEqual(['again']);
    await spill.clear();
    expect(await collected(spill.read('8'))).toEqual([]);
    expect(await collected(other.read('7'))).toEqual(["another's"]);
    expect(await sql('SELECT stream FROM spilled_transactions')).toEqual([{ stream: 'other' }]);
  });
}

function rolledBackParts({ store, sql }: SpillFixture): void {
  test('knows which parts of a transaction were rolled back, up to its end', async () => {
    const spill = store().transactionSpill('stream');
    await spill.append('7', text('piece'));
    await spill.rollBack('7', [0, 12, 4_294_967_295]);
    await spill.rollBack('7', [13]);
    await spill.rollBack('8', [14]);
    expect(await spill.rolledBack('7', [0, 1, 13, 14, 4_294_967_295])).toEqual(
      new Set([0, 13, 4_294_967_295]),
    );
    expect(await spill.rolledBack('7', [])).toEqual(new Set());
    expect(await spill.rolledBack('9', [13])).toEqual(new Set());
    expect(await collected(spill.read('7'))).toEqual(['piece']);
    await spill.drop('7');
    expect(await spill.rolledBack('7', [13])).toEqual(new Set());
    await spill.drop('8');
    expect(await sql('SELECT stream FROM spilled_transactions')).toEqual([]);
  });

  test('does not take for committed what a crash has left of them', async () => {
    const spill = store().transactionSpill('stream');
    await spill.rollBack('7', [12]);
    await sql('DELETE FROM spilled_transactions');
    await spill.rollBack('7', [13]);
    await expect(spill.rolledBack('7', [12, 13])).rejects.toMatchObject({ kind: 'retry' });
  });
}

function leftovers({ store, openStore, sql }: SpillFixture): void {
  test('has nothing of an earlier process, and none of what that still writes', async () => {
    const earlier = store().transactionSpill('stream');
    await earlier.append('7', text('old'));
    const next = (await openStore()).transactionSpill('stream');
    expect(await collected(next.read('7'))).toEqual([]);
    await next.clear();
    expect(await sql('SELECT stream FROM spilled_transactions')).toEqual([]);
    await earlier.append('7', text('late'));
    await next.append('7', text('new'));
    await earlier.append('7', text('later'));
    expect(await collected(next.read('7'))).toEqual(['new']);
  });

  test('does not take for a whole transaction what a crash has left of one', async () => {
    const spill = store().transactionSpill('stream');
    await spill.append('7', text('1'));
    await spill.append('7', text('2'));
    await sql('DELETE FROM spilled_transactions WHERE piece = 0');
    await expect(collected(spill.read('7'))).rejects.toMatchObject({ kind: 'retry' });
    await sql('DELETE FROM spilled_transactions');
    await spill.append('7', text('3'));
    await expect(collected(spill.read('7'))).rejects.toMatchObject({ kind: 'retry' });
    await spill.clear();
    await spill.append('7', text('anew'));
    expect(await collected(spill.read('7'))).toEqual(['anew']);
  });

  test('gets its table where the staging schema is of an earlier version', async () => {
    await sql('DROP TABLE spilled_transactions');
    const spill = (await openStore()).transactionSpill('stream');
    await spill.append('7', text('a'));
    expect(await collected(spill.read('7'))).toEqual(['a']);
  });
}
