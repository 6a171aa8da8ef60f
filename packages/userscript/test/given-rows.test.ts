import type { ScriptRow } from '@tsmolt/userscript';
import { describe, expect, it } from 'vitest';
import { openScript, readable, row, upsertScript } from './scripts.js';

const given = row('orders', { id: '1', n: '5', note: null });

async function outcomeOf(body: string, from: ScriptRow = given): Promise<readonly ScriptRow[]> {
  const script = await openScript(upsertScript(body));
  const [outcome = []] = await script.dispatchSchema([from]);
  return outcome;
}

describe('a row that still says what it said is the same object', () => {
  it.each([
    ['returned at once', 'return row;'],
    [
      'looked at',
      'if (row.n !== "5" || row.note !== null || row.missing !== undefined) throw 1; return row;',
    ],
    ['listed', 'if (Object.keys(row).join() !== "id,n,note" || !("n" in row)) throw 1; return row;'],
    [
      'walked through',
      'let seen = ""; for (const k in row) seen += k; if (seen !== "idnnote") throw 1; return row;',
    ],
    ['printed', 'if (JSON.stringify(row) !== \'{"id":"1","n":"5","note":null}\') throw 1; return row;'],
    ['given the value that it had', 'row.n = "5"; return row;'],
    ['changed and changed back', 'row.n = "6"; row.n = "5"; delete row.note; row.note = null; return row;'],
    ['frozen', 'return Object.freeze(row);'],
    [
      'frozen after a look',
      'void row.n; Object.freeze(row); if (!Object.isFrozen(row)) throw 1; return row;',
    ],
    [
      'given another prototype',
      'Object.setPrototypeOf(row, { more: "x" }); if (row.more !== "x") throw 1; return row;',
    ],
    ['described', 'if (Object.getOwnPropertyDescriptor(row, "n").value !== "5") throw 1; return row;'],
    [
      'asked for what it owns',
      'if (!Object.hasOwn(row, "n") || row.hasOwnProperty("x")) throw 1; return row;',
    ],
    [
      'given a getter that says the same',
      'Object.defineProperty(row, "n", { get: () => "5", enumerable: true }); return row;',
    ],
  ])('%s', async (_, body) => {
    const [same, ...others] = await outcomeOf(body);
    expect(same).toBe(given);
    expect(others).toEqual([]);
  });
});

describe('a row that says something else', () => {
  it.each([
    ['mutated in place', 'row.n = "6"; return row;', { id: '1', n: '6', note: null }],
    ['set to null', 'row.n = null; return row;', { id: '1', n: null, note: null }],
    ['set to a number', 'row.n = 7; return row;', { id: '1', n: '7', note: null }],
    ['set to undefined', 'row.n = undefined; return row;', { id: '1', note: null }],
    ['without a column', 'delete row.n; return row;', { id: '1', note: null }],
    ['with another column', 'row.more = "x"; return row;', { id: '1', n: '5', note: null, more: 'x' }],
    ['with a column for another', 'delete row.n; row.m = "5"; return row;', { id: '1', note: null, m: '5' }],
    [
      'a hidden column',
      'Object.defineProperty(row, "n", { enumerable: false }); return row;',
      { id: '1', note: null },
    ],
    [
      'with a getter',
      'Object.defineProperty(row, "n", { get: () => "8" }); return row;',
      { id: '1', n: '8', note: null },
    ],
    ['assigned to', 'return Object.assign(row, { n: "9" });', { id: '1', n: '9', note: null }],
    [
      'changed after it was sealed',
      'Object.seal(row); row.n = "4"; return row;',
      { id: '1', n: '4', note: null },
    ],
    [
      'changed in a child',
      'const child = Object.create(row); child.id = row.id; child.n = "3"; return child;',
      { id: '1', n: '3' },
    ],
    ['a copy', 'return { ...row };', { id: '1', n: '5', note: null }],
    [
      'a copy with another order',
      'const { n, ...rest } = row; return { ...rest, n };',
      { id: '1', note: null, n: '5' },
    ],
  ])('%s', async (_, body, values) => {
    const [made] = await outcomeOf(body);
    expect(made).not.toBe(given);
    expect(made && readable(made)).toEqual(['upsert orders', values]);
  });

  it('cannot be changed once it is frozen', async () => {
    await expect(outcomeOf('Object.freeze(row); row.n = "6"; return row;')).rejects.toThrow('TypeError');
  });

  it('shares its shape with those that were left alone, so that they are written together', async () => {
    const [made] = await outcomeOf('row.n = "6"; return row;');
    expect(made?.table).toBe(given.table);
  });

  it('is built of what a script keeps of earlier rows', async () => {
    const script = await openScript(
      upsertScript('globalThis.kept ??= row; return { id: row.id, n: kept.n, note: kept.note };'),
    );
    const rows = ['5', '6', '7'].map((n) => row('orders', { id: n, n, note: n }));
    const outcomes = await script.dispatchSchema(rows);
    expect(outcomes.map(([made]) => made?.values)).toEqual([
      ['5', '5', '5'],
      ['6', '5', '5'],
      ['7', '5', '5'],
    ]);
  });
});

it('the same row goes to two tables, whether it was looked at or not', async () => {
  for (const look of ['', 'void row.n;', 'row.n = "6";']) {
    const outcome = await outcomeOf(`${look} return { orders: [row], history: [row, row] };`);
    const n = look.includes('=') ? '6' : '5';
    expect(outcome.map(readable)).toEqual(
      ['orders', 'history', 'history'].map((table) => [`upsert ${table}`, { id: '1', n, note: null }]),
    );
  }
});

it('a row of which only some columns came goes elsewhere with these', async () => {
  const update: ScriptRow = { ...given, kind: 'update', values: ['1', undefined, 'x'] };
  const [made] = await outcomeOf('return { history: [row] };', update);
  expect(made && readable(made)).toEqual(['update history', { id: '1', note: 'x' }]);
});
