import { testScript } from '@tsmolt/userscript';
import type { TestedStep, TestOptions } from '@tsmolt/userscript';
import { describe, expect, it } from 'vitest';
import { importApi, recipe, upsertScript, writeScripts } from './scripts.js';

async function* lines(texts: readonly (string | object)[]): AsyncGenerator<string> {
  for (const text of texts) yield typeof text === 'string' ? text : JSON.stringify(text);
}

async function tested(
  file: string,
  events: readonly (string | object)[],
  options?: TestOptions,
): Promise<TestedStep[]> {
  const steps: TestedStep[] = [];
  for await (const step of testScript(file, lines(events), options)) steps.push(step);
  return steps;
}

function change(table: string, id: string, values: object = {}, kind = 'upsert'): object {
  return { table: { schema: 'public', table }, kind, key: { id }, values: { id, ...values } };
}

describe('a script is tested with recorded changes', () => {
  it('and says what it would write, filter out and log, by the line of the change', async () => {
    const file = await writeScripts({
      'script.ts': upsertScript(
        'console.debug("row", row.id); if (row.id === "2") return null; return { copies: [row, { ...row, id: "9" }] };',
      ),
    });
    const steps = await tested(file, [change('orders', '1'), '', change('orders', '2')]);
    const copies = { schema: 'public', table: 'copies' };
    expect(steps).toEqual([
      { did: 'log', level: 'debug', message: 'row 1' },
      { did: 'log', level: 'debug', message: 'row 2' },
      { did: 'filter', line: 3, table: 'orders' },
      {
        did: 'write',
        line: 1,
        row: { table: copies, kind: 'upsert', key: { id: '1' }, values: { id: '1' } },
      },
      {
        did: 'write',
        line: 1,
        row: { table: copies, kind: 'upsert', key: { id: '9' }, values: { id: '9' } },
      },
    ]);
  });

  it('and what statements onWrite would run', async () => {
    const events = [change('orders', '1', { customer_id: '7' }), change('orders', '2', { customer_id: '8' })];
    const answer = (_: string, [id]: readonly (string | null)[]): string[][] => (id === '7' ? [['7']] : []);
    const steps = await tested(recipe('check-parents'), events, { target: { database: 'shop' }, answer });
    expect(steps.map((step) => (step.did === 'query' || step.did === 'exec' ? step.sql : step.did))).toEqual([
      'SELECT id FROM customers WHERE id = $1',
      'write',
      'UPDATE customers SET num_orders = num_orders + 1 WHERE id = $1',
      'SELECT id FROM customers WHERE id = $1',
    ]);
  });

  it('in batches', async () => {
    const file = await writeScripts({
      'script.ts': `${importApi}
        api.configureTargetTables(['orders'], { onWrite: async (rows) => { await api.getTX().exec('n', rows.length); } });`,
    });
    const events = ['1', '2', '3'].map((id) => change('orders', id));
    const steps = await tested(file, events, { batchSize: 2 });
    expect(steps).toMatchObject([
      { did: 'exec', line: 1, values: ['2'] },
      { did: 'exec', line: 3, values: ['1'] },
    ]);
  });

  it.each([
    ['{', 'is no JSON'],
    [{ table: 'orders' }, '"table" is no object'],
    [{ ...change('orders', '1'), kind: 'insert' }, '"kind" is not'],
    [{ ...change('orders', '1'), key: {} }, '"key" has no columns'],
    [change('orders', '1', { price: 2.5 }), '"values" is no object of texts in quotes and nulls'],
  ])('%j is refused with file and line', async (line, message) => {
    const file = await writeScripts({ 'script.ts': upsertScript('return row;') });
    const options = { eventsName: 'recorded.jsonl' };
    await expect(tested(file, [change('orders', '1'), line], options)).rejects.toThrow(
      `recorded.jsonl:2: ${message}`,
    );
  });
});
