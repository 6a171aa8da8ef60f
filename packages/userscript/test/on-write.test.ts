import { TsmoltError } from '@tsmolt/core';
import type { Observation } from '@tsmolt/userscript';
import { describe, expect, it } from 'vitest';
import { openScript, readable, recordingTransaction, row, upsertScript, writeScript } from './scripts.js';

const first = row('orders', { id: '1', name: 'x' });

describe('onWrite', () => {
  it('gets every row with its action, its values, its key and what it was before', async () => {
    const script = await openScript(writeScript('await api.getTX().exec("seen", rows);'));
    const transaction = recordingTransaction();
    const before = row('orders', { id: '1', name: 'x' }, { before: ['1', 'old'] });
    await script.runOnWrite(
      [before, row('orders', { id: '2', region: 'eu' }, { kind: 'delete' })],
      transaction,
    );
    expect(JSON.parse(String((transaction.did[0] as string[])[1]))).toEqual([
      {
        action: 'upsert',
        data: { id: '1', name: 'x' },
        before: { id: '1', name: 'old' },
        meta: { schema: 'shop.public', table: 'orders' },
        pk: ['1'],
      },
      { action: 'delete', meta: { schema: 'shop.public', table: 'orders' }, pk: ['2'] },
    ]);
  });

  it('writes rows that it left alone as the same objects, and others as it made them', async () => {
    const script = await openScript(
      writeScript(`
        const [one, two, three] = rows;
        two.data.name = 'changed';
        await api.write([one, two, { ...three, meta: { ...three.meta, table: 'archive' } }]);
        await api.write([{ action: 'delete', meta: one.meta, pk: ['77'] }]);`),
    );
    const rows = ['1', '2', '3'].map((id) => row('orders', { id, name: 'x' }));
    const transaction = recordingTransaction();
    await script.runOnWrite(rows, transaction);
    expect(transaction.written[0]).toBe(rows[0]);
    expect(transaction.written.map(readable)).toEqual([
      ['upsert orders', { id: '1', name: 'x' }],
      ['upsert orders', { id: '2', name: 'changed' }],
      ['upsert archive', { id: '3', name: 'x' }],
      ['delete orders', { id: '77' }],
    ]);
  });

  it('knows the table that it writes to', async () => {
    const script = await openScript(
      writeScript('const tx = api.getTX(); await tx.exec(tx.schema() + " " + tx.table(), tx.columns());'),
    );
    const transaction = recordingTransaction();
    await script.runOnWrite([first], transaction);
    expect(transaction.did).toEqual([
      [
        '"shop"."public" "shop"."public"."orders"',
        '[{"name":"\\"id\\"","type":"INT8","primary":true,"ignored":false}]',
      ],
    ]);
  });

  it('binds values as texts, and reads answers with numbers as strings', async () => {
    const script = await openScript(
      writeScript(`
        const answer = await api.getTX().query('q', 1, true, null, undefined, { a: 1 }, 'x');
        for (const [n, big, at, bytes, flag, doc] of answer)
          await api.getTX().exec([n, big, at, bytes, flag, doc.a].map((v) => typeof v + ':' + v).join(' '));`),
    );
    const answer = [1.5, 12345678901234567890n, new Date(0), Buffer.from('ab'), true, { a: 1 }];
    const transaction = recordingTransaction({ query: () => [answer] });
    await script.runOnWrite([first], transaction);
    expect(transaction.did).toEqual([
      ['q', '1', 'true', null, null, '{"a":1}', 'x'],
      [
        'string:1.5 string:12345678901234567890 string:1970-01-01T00:00:00.000Z string:\\x6162 boolean:true string:1',
      ],
    ]);
  });

  it('waits for calls that the script did not wait for', async () => {
    const script = await openScript(writeScript('void api.write(rows); void api.getTX().exec("last");'));
    const transaction = recordingTransaction();
    expect(await script.runOnWrite([first], transaction)).toEqual({ received: 1, written: 1 });
    expect(transaction.did).toEqual(expect.arrayContaining(['write 1', ['last']]));
  });

  it('fails with the error of a call that nobody waited for', async () => {
    const script = await openScript(writeScript('void api.write(rows);'));
    const write = (): void => {
      throw new TsmoltError('TSM4011', { message: 'refused', advice: 'look' });
    };
    await expect(script.runOnWrite([first], recordingTransaction({ write }))).rejects.toMatchObject({
      code: 'TSM4011',
    });
  });

  it('fails with what the script threw, at its place', async () => {
    const script = await openScript(writeScript('\n  await null;\n  throw new Error("enough");'));
    await expect(script.runOnWrite([first], recordingTransaction())).rejects.toThrow(
      /script\.ts:4:\d+: onWrite of public\.orders: Error: enough/,
    );
  });

  it('does not fail with an error that the script dealt with', async () => {
    const script = await openScript(
      writeScript(`await api.write(rows).then(() => 1).catch(() => 2);
        try { await api.write(rows); } catch {}
        await Promise.allSettled([api.write(rows)]);`),
    );
    const write = (): void => {
      throw new Error('refused');
    };
    const result = await script.runOnWrite([first], recordingTransaction({ write }));
    expect(result).toEqual({ received: 1, written: 0 });
  });

  it("fails with the transaction's own error, where the script wraps it", async () => {
    const script = await openScript(
      writeScript('try { await api.write(rows); } catch (cause) { throw new Error("wrapped", { cause }); }'),
    );
    const write = (): void => {
      throw new TsmoltError('TSM2007', { message: 'lost', advice: 'wait' });
    };
    await expect(script.runOnWrite([first], recordingTransaction({ write }))).rejects.toMatchObject({
      code: 'TSM2007',
      kind: 'retry',
    });
  });

  it('shows the code of the server to the script', async () => {
    const script = await openScript(
      writeScript('await api.write(rows).catch((e) => api.getTX().exec(e.code + " " + e));'),
    );
    const write = (): void => {
      throw new TsmoltError('TSM4011', { message: 'twice', advice: 'look', serverCode: '23505' });
    };
    const transaction = recordingTransaction({ write });
    await script.runOnWrite([first], transaction);
    expect(transaction.did).toEqual([['23505 Error: twice (SQLSTATE 23505)']]);
  });

  it('a promise that nothing settles is an error at once, and the next run works', async () => {
    const script = await openScript(
      writeScript("if (rows[0].pk[0] === '1') await new Promise(() => {}); await api.write(rows);"),
    );
    await expect(script.runOnWrite([first], recordingTransaction())).rejects.toThrow(
      'waiting for something that will never happen',
    );
    const transaction = recordingTransaction();
    await script.runOnWrite([row('orders', { id: '2' })], transaction);
    expect(transaction.written).toHaveLength(1);
  });

  it('a loop after an answer is stopped', async () => {
    const script = await openScript(writeScript('await api.write(rows);\n while (true) {}'), {
      limits: { rowMs: 200 },
    });
    await expect(script.runOnWrite([first], recordingTransaction())).rejects.toThrow(
      /script\.ts:[23]:\d+: onWrite of public\.orders: stopped after 0\.2 s/,
    );
  });

  it('a loop that catches its own end is stopped', async () => {
    const script = await openScript(
      writeScript(`const endless = async () => { await null; while (true) {} };
        while (true) { try { await endless(); } catch {} }`),
      { limits: { rowMs: 200 } },
    );
    await expect(script.runOnWrite([first], recordingTransaction())).rejects.toThrow('stopped after 0.2 s');
  });

  it('runs wait for each other, so that getTX() is always the right one', async () => {
    const script = await openScript(
      writeScript('await api.getTX().query("one"); await api.getTX().exec("two", rows[0].pk[0]);'),
    );
    const transactions = [recordingTransaction(), recordingTransaction()] as const;
    await Promise.all([
      script.runOnWrite([row('orders', { id: '1' })], transactions[0]),
      script.runOnWrite([row('orders', { id: '2' })], transactions[1]),
    ]);
    expect(transactions.map(({ did }) => did)).toEqual([
      [['one'], ['two', '1']],
      [['one'], ['two', '2']],
    ]);
  });

  it('a transaction that a script kept is over after its run', async () => {
    const script = await openScript(`let kept;
      ${writeScript('if (kept) await kept.exec("late"); kept = api.getTX();')}`);
    await script.runOnWrite([first], recordingTransaction());
    const transaction = recordingTransaction();
    await expect(script.runOnWrite([first], transaction)).rejects.toThrow(
      'the transaction of this onWrite is over',
    );
    expect(transaction.did).toEqual([]);
  });

  it.each(['getTX()', 'write([])'])('%s belongs into onWrite', async (call) => {
    const script = await openScript(upsertScript(`api.${call}; return row;`));
    await expect(script.dispatchSchema([first])).rejects.toThrow('can only be used within onWrite');
  });

  it('is counted with the rows that it wrote, and closed with the script', async () => {
    const seen: Observation[] = [];
    const script = await openScript(writeScript('await api.write(rows.slice(1));'), {
      observe: (observation) => seen.push(observation),
    });
    expect(script.hasOnWrite({ schema: 'public', table: 'orders' })).toBe(true);
    expect(script.hasOnWrite({ schema: 'public', table: 'items' })).toBe(false);
    await script.runOnWrite([first, row('orders', { id: '2' })], recordingTransaction());
    expect(seen).toMatchObject([
      { function: 'onWrite', invocations: 1, processed: 1, filtered: 1, errors: 0 },
    ]);
    await script.close();
    await expect(script.runOnWrite([first], recordingTransaction())).rejects.toThrow('closed');
  });
});
