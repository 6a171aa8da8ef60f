import type { ColumnView, Observation, ScriptRow } from '@tsmolt/userscript';
import { describe, expect, it } from 'vitest';
import { importApi, openScript, readable, row, upsertScript } from './scripts.js';

const orders = { name: { schema: 'public', table: 'orders' }, key: ['id'] };

/** The first row that a body makes of a row. */
async function made(body: string, from: ScriptRow): Promise<ScriptRow | undefined> {
  const script = await openScript(upsertScript(body));
  const [outcome] = await script.dispatchSchema([from]);
  return outcome?.[0];
}

describe('rows', () => {
  it('that are left alone come back as the same objects', async () => {
    const script = await openScript(upsertScript('void row.doc; return row;'));
    const doc = '{"a" : 1.50, "b":[1e2, "\\u00e4"]}';
    const views = ['text', 'json'] as const;
    const rows = Array.from({ length: 5000 }, (_, index) =>
      row('orders', { id: String(index), doc }, { views }),
    );
    const outcomes = await script.dispatchSchema(rows);
    expect(outcomes.every((outcome, index) => outcome.length === 1 && outcome[0] === rows[index])).toBe(true);
  });

  it('of schemas without handlers never reach the script', async () => {
    const script = await openScript(upsertScript('throw new Error("called");'));
    const elsewhere: ScriptRow = {
      kind: 'upsert',
      table: { name: { schema: 'other', table: 'orders' }, columns: ['id'], key: [0] },
      values: ['1'],
    };
    expect(await script.dispatchSchema([elsewhere])).toEqual([[elsewhere]]);
    expect(script.hasSchemaHandlers('other')).toBe(false);
    expect(script.hasSchemaHandlers('public')).toBe(true);
  });

  it('keep every character', async () => {
    const odd = '\u0000 \ud800 \u2028 "quoted" \\ 😀 ' + 'x'.repeat(100_000);
    expect(
      (await made('row.copy = row.note; return row;', row('orders', { id: '1', note: odd })))?.values,
    ).toEqual(['1', odd, odd]);
  });

  it('do not show columns that the source did not send, and do not get them', async () => {
    const partial = row('orders', { id: '1', a: 'x', b: 'y' }, { kind: 'update' });
    const sent: ScriptRow = { ...partial, values: ['1', undefined, 'y'] };
    const result = await made('return { ...row, seen: Object.keys(row).join() };', sent);
    expect(result && readable(result)).toEqual(['update orders', { id: '1', b: 'y', seen: 'id,b' }]);
  });

  it('are seen with the name of the schema that configureTargetSchema takes', async () => {
    const result = await made(
      'row.seen = meta.schema + "/" + meta.table; return row;',
      row('orders', { id: '1' }),
    );
    expect(result?.values[1]).toBe('shop.public/orders');
  });

  it('fan out to several tables, and to more than one row in each', async () => {
    const script = await openScript(
      upsertScript(
        'return { orders: [row], "public.history": [{ id: row.id, n: "1" }, { id: row.id, n: "2" }] };',
      ),
      { target: { tables: [orders, { name: { schema: 'public', table: 'history' }, key: ['id', 'n'] }] } },
    );
    const [outcome] = await script.dispatchSchema([row('orders', { id: '1' })]);
    expect(outcome?.map(readable)).toEqual([
      ['upsert orders', { id: '1' }],
      ['upsert history', { id: '1', n: '1' }],
      ['upsert history', { id: '1', n: '2' }],
    ]);
    expect(outcome?.[1]?.table.key).toEqual([0, 1]);
  });

  it('that go to no table are filtered out', async () => {
    expect(await made('return { orders: [] };', row('orders', { id: '1' }))).toBeUndefined();
  });

  it('are counted', async () => {
    const seen: Observation[] = [];
    const script = await openScript(upsertScript('return row.id === "1" ? null : row;'), {
      observe: (observation) => seen.push(observation),
    });
    await script.dispatchSchema(['1', '2', '3'].map((id) => row('orders', { id })));
    expect(seen).toMatchObject([
      {
        schema: 'public',
        table: '*',
        function: 'onRowUpsert',
        invocations: 3,
        processed: 2,
        filtered: 1,
      },
    ]);
  });
});

describe('values', () => {
  it.each([
    ['12.50', 'typeof row.v', 'string'],
    ['1', 'row.v + 1', '11'],
    ['x', '17', '17'],
    ['x', '12345678901234567890n', '12345678901234567890'],
    ['x', 'true', 'true'],
    ['x', 'new Date(0)', '1970-01-01T00:00:00.000Z'],
    ['x', '({ a: "1", b: [true, null, 2] })', '{"a":"1","b":[true,null,2]}'],
    ['x', 'null', null],
  ])('%s, then %s, is %s', async (value, expression, written) => {
    const result = await made(
      `return { id: row.id, v: ${expression} };`,
      row('orders', { id: '1', v: value }),
    );
    expect(result?.values[1]).toBe(written);
  });

  it.each(['NaN', 'Infinity', '() => 1', 'Symbol()', 'Promise.resolve(1)', '{ a: () => 1 }'])(
    '%s cannot be written',
    async (expression) => {
      await expect(made(`row.v = ${expression}; return row;`, row('orders', { id: '1' }))).rejects.toThrow(
        /onRowUpsert of public\.orders \(id=1\): TypeError: column "v"/,
      );
    },
  );

  async function viewed(view: ColumnView, text: string, body: string): Promise<string | null | undefined> {
    const from = row('orders', { id: '1', v: text }, { views: ['text', view] });
    const result = await made(`${body}; return { ...row, extra: 'x' };`, from);
    return result?.values[1];
  }

  it('booleans are booleans, and keep their spelling', async () => {
    expect(await viewed('boolean', 't', 'if (row.v !== true) throw new Error(typeof row.v)')).toBe('t');
    expect(await viewed('boolean', 't', 'row.v = !row.v')).toBe('false');
  });

  it('booleans are written as the target writes them', async () => {
    const script = await openScript(upsertScript('row.v = false; return row;'), {
      target: { booleans: ['1', '0'] },
    });
    const [outcome] = await script.dispatchSchema([row('orders', { id: '1' })]);
    expect(outcome?.[0]?.values).toEqual(['1', '0']);
  });

  it('documents show numbers as strings, and are written with numbers', async () => {
    const text = '{"n": 12345678901234567890, "s": "5", "list": [1.50, {"deep": 2}]}';
    expect(
      await viewed('json', text, 'if (row.v.n !== "12345678901234567890") throw new Error("digits")'),
    ).toBe(text);
    expect(await viewed('json', text, 'row.v.n = "7"; row.v.s = "6"')).toBe(
      '{"n":7,"s":"6","list":[1.50,{"deep":2}]}',
    );
    expect(await viewed('json', text, 'row.v = { ...row.v, list: [...row.v.list, { deep: "3" }] }')).toBe(
      '{"n":12345678901234567890,"s":"5","list":[1.50,{"deep":2},{"deep":3}]}',
    );
    expect(
      await viewed('json', '"just a text"', 'if (row.v !== \'"just a text"\') throw new Error(row.v)'),
    ).toBe('"just a text"');
  });

  it('arrays are lists, and are written as arrays', async () => {
    const text = String.raw`{a,"b c",NULL,"d\"e"}`;
    expect(
      await viewed('array', text, 'if (row.v.length !== 4 || row.v[2] !== null) throw new Error()'),
    ).toBe(text);
    expect(await viewed('array', text, 'row.v.push("f")')).toBe(String.raw`{"a","b c",NULL,"d\"e","f"}`);
    expect(await viewed('array', '{{1,2},{3,4}}', 'row.v[1][0] = "9"')).toBe('{{"1","2"},{"9","4"}}');
  });

  it('views of the target are used where the row has none', async () => {
    const script = await openScript(upsertScript('row.v.a = "x"; return row;'), {
      target: { tables: [{ ...orders, views: { v: 'json' } }] },
    });
    const [outcome] = await script.dispatchSchema([row('orders', { id: '1', v: '{"a":1}' })]);
    expect(outcome?.[0]?.values[1]).toBe('{"a":"x"}');
  });
});

describe('rows that got another key', () => {
  const rekeyed = row('orders', { id: '2', name: 'x' }, { kind: 'update', oldKey: ['1'] });

  it('stay one change where the script leaves them alone', async () => {
    const script = await openScript(upsertScript('return row;'));
    expect((await script.dispatchSchema([rekeyed]))[0]?.[0]).toBe(rekeyed);
  });

  it('stay one change where the script renames the table and the key', async () => {
    const script = await openScript(
      `${importApi}
      const renamed = ({ id, ...others }) => ({ orders_v2: [{ order_id: id, ...others }] });
      api.configureTargetSchema('public', { onRowUpsert: renamed, onRowDelete: renamed });`,
      {
        target: { tables: [{ name: { schema: 'public', table: 'orders_v2' }, key: ['order_id'] }] },
      },
    );
    const [outcome] = await script.dispatchSchema([rekeyed]);
    expect(outcome).toMatchObject([
      {
        kind: 'update',
        table: { name: { table: 'orders_v2' }, columns: ['order_id', 'name'] },
        oldKey: ['1'],
      },
    ]);
  });

  it('leave one table and come to another where the script sends them there', async () => {
    const script = await openScript(`${importApi}
      const route = (row) => ({ [Number(row.id) < 2 ? 'low' : 'high']: [row] });
      api.configureTargetSchema('public', { onRowUpsert: route, onRowDelete: route });`);
    const [outcome] = await script.dispatchSchema([rekeyed]);
    expect(outcome?.map(readable)).toEqual([
      ['delete low', { id: '1' }],
      ['update high', { id: '2', name: 'x' }],
    ]);
    expect(outcome?.[1]).not.toHaveProperty('oldKey');
  });
});

describe('what handlers return wrongly', () => {
  it.each([
    ['', 'onRowUpsert returned nothing'],
    ['return 5;', 'onRowUpsert returned a number, not a row'],
    ['return [row];', 'onRowUpsert returned a list, not a row'],
    ['return Promise.resolve(row);', 'only onWrite may be async'],
    ['for (const name in row) delete row[name]; return row;', 'without any column'],
    ['return { id: row.id, v: "x", tables: () => 1 };', 'column "tables": a function cannot be written'],
  ])('%s', async (body, message) => {
    await expect(made(body, row('orders', { id: '1' }))).rejects.toThrow(message);
  });

  it('a table that the target does not have', async () => {
    const script = await openScript(upsertScript('return { Orders: [row] };'), {
      target: { tables: [orders] },
    });
    await expect(script.dispatchSchema([row('orders', { id: '1' })])).rejects.toThrow(
      /script\.ts: onRowUpsert of public\.orders \(id=1\): the script sends rows to Orders, and the target has no such/,
    );
  });

  it('a row without its key', async () => {
    const script = await openScript(upsertScript('return { name: "x" };'), { target: { tables: [orders] } });
    await expect(script.dispatchSchema([row('orders', { id: '1' })])).rejects.toThrow(
      'without id, which identifies',
    );
  });

  it('routes and broken keys at the level of tables', async () => {
    const script = await openScript(`${importApi}
      api.configureTargetTables(['orders'], { onRowUpsert: (row) => ({ other: [row] }), onRowDelete: () => ['1', '2'] });`);
    const upsert = row('orders', { id: '1' });
    await expect(script.dispatchTables([upsert])).rejects.toThrow('only configureTargetSchema can send rows');
    await expect(script.dispatchTables([{ ...upsert, kind: 'delete' }])).rejects.toThrow(
      'must return 1 values',
    );
  });

  it('an error names the place in an imported function, and no value but the key', async () => {
    const secret = 'hunter2';
    const script = await openScript(
      upsertScript(`
    const inner = (value) =>
      value.name.first.length;
    return inner(row);`),
    );
    const failing = script.dispatchSchema([
      row('orders', { id: '1', name: secret }),
      row('orders', { id: '2', region: 'eu', pass: secret }, { key: ['region', 'id'] }),
    ]);
    await expect(failing).rejects.toThrow(
      /script\.ts:5:\d+: onRowUpsert of public\.orders \(id=1\): TypeError: cannot read property/,
    );
    await expect(failing).rejects.not.toThrow(secret);
  });
});
