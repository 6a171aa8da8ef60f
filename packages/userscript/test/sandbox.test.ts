import { describe, expect, it } from 'vitest';
import {
  importApi,
  openScript,
  readable,
  row,
  upsertScript,
  writeScript,
  recordingTransaction,
} from './scripts.js';

/** What an expression is inside the sandbox. */
async function evaluated(expression: string): Promise<string | null | undefined> {
  const script = await openScript(upsertScript(`row.answer = String(${expression}); return row;`));
  const [outcome] = await script.dispatchSchema([row('orders', { id: '1' })]);
  return outcome?.[0]?.values[1];
}

describe('what a script cannot reach', () => {
  it('knows nothing of Node, of the network, of timers, or of the host', async () => {
    const names = [
      ...['process', 'require', 'module', 'global', 'Buffer', 'fetch', 'XMLHttpRequest', 'WebSocket'],
      ...['setTimeout', 'setInterval', 'setImmediate', 'Worker', 'crypto', 'WebAssembly', 'performance'],
      ...['std', 'os', 'scriptArgs', 'print', 'tsmoltHost', 'Deno', 'Bun', 'importScripts', '__dirname'],
    ];
    const types = names.map((name) => `${name}:' + typeof globalThis['${name}'] + '`).join(' ');
    expect(await evaluated(`'${types}'`)).toBe(names.map((name) => `${name}:undefined`).join(' '));
  });

  it('makes functions from text that see no more than itself', async () => {
    const inner = '"typeof process + typeof require + typeof tsmoltHost"';
    const undefinedThrice = 'undefinedundefinedundefined';
    expect(await evaluated(`Function('return ' + ${inner})()`)).toBe(undefinedThrice);
    expect(await evaluated(`(0, eval)(${inner})`)).toBe(undefinedThrice);
    expect(await evaluated(`console.log.constructor('return ' + ${inner})()`)).toBe(undefinedThrice);
    expect(await evaluated(`meta.constructor.constructor('return ' + ${inner})()`)).toBe(undefinedThrice);
  });

  it('imports nothing at run time', async () => {
    const script = await openScript(
      writeScript(`const name = 'node:' + 'fs';
      await import(name).then(() => { throw new Error('imported'); }, () => undefined);
      await api.write(rows);`),
    );
    const transaction = recordingTransaction();
    await script.runOnWrite([row('orders', { id: '1' })], transaction);
    expect(transaction.written).toHaveLength(1);
  });

  it('cannot pollute the prototypes of the program', async () => {
    const script = await openScript(
      upsertScript(`
        Object.prototype.polluted = 'yes';
        Array.prototype.polluted = 'yes';
        return JSON.parse('{"id":"1","__proto__":{"polluted":"yes"},"constructor":"c","toString":"t"}');`),
    );
    const [outcome] = await script.dispatchSchema([row('orders', { id: '1' })]);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect(([] as unknown as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(outcome?.[0]?.table.columns).toEqual(['id', '__proto__', 'constructor', 'toString']);
    expect(outcome?.[0]?.values).toEqual(['1', '{"polluted":"yes"}', 'c', 't']);
  });

  it('leaves a column named __proto__ alone', async () => {
    const script = await openScript(upsertScript('return { ...row, seen: row["__proto__"] };'));
    const columns = ['id', '__proto__'];
    const table = { name: { schema: 'public', table: 'orders' }, columns, key: [0] };
    const [outcome] = await script.dispatchSchema([{ kind: 'upsert', table, values: ['1', 'x'] }]);
    expect(outcome?.[0]?.table.columns).toEqual(['id', '__proto__', 'seen']);
    expect(outcome?.[0]?.values).toEqual(['1', 'x', 'x']);
  });

  it('does not break what it shares its globals with', async () => {
    const script = await openScript(
      `JSON.parse = JSON.stringify = Object.keys = Object.freeze = () => { throw new Error('replaced'); };
      globalThis.Function = undefined; delete globalThis.Object.defineProperty;
      ${upsertScript('row.note = "x"; return row;')}`,
    );
    const [outcome] = await script.dispatchSchema([row('orders', { id: '1' })]);
    expect(outcome?.map(readable)).toEqual([['upsert orders', { id: '1', note: 'x' }]]);
  });

  it.each([
    'Object.prototype.toJSON = () => 5',
    'Object.prototype.toJSON = () => ({ level: "constructor", message: "x" })',
  ])('spoils nothing but itself with %s', async (statement) => {
    const script = await openScript(upsertScript(`${statement}; console.log("x"); return { id: '2' };`));
    const dispatching = script.dispatchSchema([row('orders', { id: '1' })]);
    await expect(dispatching).rejects.toMatchObject({ code: 'TSM7006' });
  });

  it('does not touch what becomes of rows with another Array.prototype.push, or traps on all objects', async () => {
    const script = await openScript(
      upsertScript(`Array.prototype.push = () => 0;
        Object.prototype.get = Object.prototype.ownKeys = () => { throw new Error('trapped'); };
        return row.id === '1' ? { id: '2' } : row;`),
    );
    const rows = ['1', '3'].map((id) => row('orders', { id }));
    const outcomes = await script.dispatchSchema(rows);
    expect(outcomes.map(([made]) => made?.values)).toEqual([['2'], ['3']]);
    expect(outcomes[1]?.[0]).toBe(rows[1]);
  });

  it('does not look as if it had written when it spoiled what it says', async () => {
    const script = await openScript(
      `${importApi}
      api.configureTargetTables(['items'], { onWrite: async () => { Object.prototype.toJSON = () => 5; } });`,
    );
    const running = script.runOnWrite([row('items', { id: '1' })], recordingTransaction());
    await expect(running).rejects.toMatchObject({ code: 'TSM7006' });
    await expect(openScript('Object.prototype.toJSON = () => 5;')).rejects.toMatchObject({ code: 'TSM7006' });
  });

  it('cannot change the table of the rows that come after', async () => {
    const script = await openScript(upsertScript('meta.table = "other"; return row;'));
    const dispatched = script.dispatchSchema([row('orders', { id: '1' })]);
    await expect(dispatched).rejects.toThrow(
      /script\.ts:3:33: onRowUpsert of public\.orders \(id=1\): TypeError/,
    );
  });
});

describe('what a script may not use up', () => {
  const limits = { rowMs: 300, memoryBytes: 16 << 20 };
  const rows = ['1', '2', '3'].map((id) => row('orders', { id }));

  /** The message with which a script ends that does something at the row 2. */
  async function failure(body: string): Promise<string> {
    const script = await openScript(upsertScript(`if (row.id === '2') { ${body} } return row;`), { limits });
    const error: unknown = await script.dispatchSchema(rows).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'TSM7006', kind: 'operator' });
    return (error as Error).message;
  }

  it('a loop without an end is stopped at its row', async () => {
    expect(await failure('while (true) {}')).toMatch(
      /script\.ts:3:\d+: onRowUpsert of public\.orders \(id=2\): stopped after 0\.3 s of computing$/,
    );
  });

  it('a loop cannot catch its own end', async () => {
    expect(
      await failure('while (true) { try { while (true) {} } catch {} finally { continue; } }'),
    ).toContain('(id=2): stopped after 0.3 s');
  });

  it('a regular expression that takes for ever is stopped', async () => {
    expect(await failure(`/^(a+)+$/.test('a'.repeat(40) + '!')`)).toContain('(id=2)');
  });

  it('a loop inside the engine is ended with its thread', async () => {
    expect(await failure('Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)')).toMatch(
      /onRowUpsert of public\.orders \(id=\d\): stopped after 0\.3 s of computing, at this row or shortly after it$/,
    );
  });

  it('microtasks that follow each other without an end are stopped', async () => {
    const body = 'const again = () => Promise.resolve().then(again); again();';
    const script = await openScript(upsertScript(`${body} return row;`), { limits });
    await expect(script.dispatchSchema(rows)).rejects.toThrow(/stopped after 0\.3 s of computing/);
  });

  it('slow rows are not mistaken for one that does not end', async () => {
    const body = 'const until = Date.now() + 60; while (Date.now() < until) {} return row;';
    const script = await openScript(upsertScript(body), { limits });
    const many = Array.from({ length: 10 }, (_, index) => row('orders', { id: String(index) }));
    expect(await script.dispatchSchema(many)).toHaveLength(10);
  });

  it('memory without an end is refused', async () => {
    const script = await openScript(
      upsertScript(`const kept = []; while (true) kept.push(new Uint8Array(1 << 20));`),
      { limits: { ...limits, rowMs: 20_000 } },
    );
    await expect(script.dispatchSchema(rows)).rejects.toThrow('stopped at its memory limit of 16 MiB');
  });

  it('a result that is larger than the memory is refused', async () => {
    const body = `const text = 'x'.repeat(4 << 20); return { a: Array.from({ length: 100 }, (_, id) => ({ id: String(id), text })) };`;
    const script = await openScript(upsertScript(body), { limits: { ...limits, rowMs: 20_000 } });
    await expect(script.dispatchSchema(rows)).rejects.toThrow('stopped at its memory limit of 16 MiB');
  });

  it('recursion without an end is an error of the row', async () => {
    expect(await failure('const deeper = () => deeper() + 1; deeper();')).toMatch(/\(id=2\): .*stack/i);
  });

  it('a document nested too deep is an error of the row', async () => {
    expect(
      await failure('let deep = []; for (let i = 0; i < 100000; i++) deep = [deep]; row.deep = deep;'),
    ).toMatch(/\(id=2\): /);
  });

  it('a document that contains itself is an error of the row', async () => {
    expect(await failure('const ring = {}; ring.ring = ring; row.ring = ring;')).toMatch(/\(id=2\): /);
  });

  it('after it was stopped, every call says so', async () => {
    const script = await openScript(upsertScript('while (true) {}'), { limits });
    await expect(script.dispatchSchema(rows)).rejects.toThrow(/stopped after/);
    await expect(script.dispatchSchema(rows)).rejects.toThrow(/stopped after/);
  });

  it('a loop while the script is loaded is stopped', async () => {
    await expect(openScript('while (true) {}', { limits })).rejects.toThrow(
      /script\.ts:1:\d+: while the script was loaded: stopped after 0\.3 s/,
    );
  });

  it('logging without an end is cut off', async () => {
    const lines: string[] = [];
    const { createLogger } = await import('@tsmolt/core');
    const log = createLogger('trace', { write: (line) => lines.push(line) });
    const script = await openScript(
      upsertScript('for (let i = 0; i < 5000; i++) console.log("line", i); return row;'),
      { log },
    );
    await script.dispatchSchema([row('orders', { id: '1' })]);
    expect(lines).toHaveLength(1001);
    expect(lines.at(-1)).toContain('4000 more lines');
  });
});

describe('what a script throws', () => {
  it.each([
    ['"a text"', 'threw a string, not an Error: a text'],
    ['17', 'threw a number, not an Error: 17'],
    ['null', 'threw null, not an Error'],
    ['undefined', 'threw undefined, not an Error'],
    ['Symbol("s")', 'threw symbol, not an Error'],
    ['{ get stack() { throw 1; }, toString() { throw 2; } }', 'threw an object, not an Error'],
    ['Object.defineProperty(new Error("x"), "message", { get() { throw 1; } })', 'threw something'],
    ['new RangeError("too far")', 'RangeError: too far'],
  ])('%s is told as what it is', async (thrown, told) => {
    const script = await openScript(upsertScript(`throw ${thrown};`));
    await expect(script.dispatchSchema([row('orders', { id: '1' })])).rejects.toThrow(told);
  });

  it('an error while the script is loaded names the place', async () => {
    await expect(openScript('const x = 1;\n\n  null.y;')).rejects.toThrow(
      /script\.ts:3:\d+: while the script was loaded: TypeError/,
    );
    await expect(openScript('throw "words";')).rejects.toThrow('threw a string, not an Error: words');
  });

  it('a script that threw goes on with the next batch', async () => {
    const script = await openScript(upsertScript('if (row.id === "2") throw new Error("no"); return row;'));
    await expect(script.dispatchSchema([row('orders', { id: '2' })])).rejects.toThrow('no');
    const next = row('orders', { id: '3' });
    expect(await script.dispatchSchema([next])).toEqual([[next]]);
  });
});
