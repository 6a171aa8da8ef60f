import { describe, expect, test } from 'vitest';
import { copyColumns, copyInto, csv, freshTable, protocols, rows, useStandIn } from './fixture.js';

const fixture = useStandIn();

describe('faults', () => {
  test.each(protocols)('a statement fails as often as ordered ($protocol)', async ({ send }) => {
    const client = await fixture.connect();
    fixture.standIn().faults.failNext({
      match: /SELECT 41/,
      sqlstate: '40001',
      message: 'restart transaction: made up',
      times: 2,
    });
    expect((await send(client, 'SELECT 40 AS n')).rows).toEqual([{ n: 40 }]);
    for (let i = 0; i < 2; i++) {
      await expect(send(client, 'SELECT 41 AS n')).rejects.toMatchObject({
        code: '40001',
        message: 'restart transaction: made up',
      });
    }
    expect((await send(client, 'SELECT 41 AS n')).rows).toEqual([{ n: 41 }]);
    expect(fixture.standIn().faults.pending).toBe(0);
  });

  test('a prepared statement fails when it is run again', async () => {
    const client = await fixture.connect();
    const query = { name: 'p', text: 'SELECT $1::INT4 AS n', values: [1] };
    expect((await client.query(query)).rows).toEqual([{ n: 1 }]);
    fixture.standIn().faults.failNext({ match: /INT4 AS n/ });
    await expect(client.query(query)).rejects.toMatchObject({ code: '40001' });
    expect((await client.query(query)).rows).toEqual([{ n: 1 }]);
  });

  test.each([
    { outcome: 'undone', sqlstate: '40001', left: [] },
    { outcome: 'kept', sqlstate: '40003', left: [['1']] },
  ] as const)('COMMIT fails and the work is $outcome', async ({ outcome, sqlstate, left }) => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT PRIMARY KEY');
    fixture.standIn().faults.failNext({ at: 'commit', match: /./, sqlstate, outcome });
    await client.query('BEGIN');
    await client.query(`INSERT INTO ${table} VALUES (1)`);
    await expect(client.query('COMMIT')).rejects.toMatchObject({ code: sqlstate });
    expect(await rows(client, `SELECT * FROM ${table}`)).toEqual(left);
  });

  test.each(protocols)('a statement succeeds and tells an error ($protocol)', async ({ send }) => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT PRIMARY KEY');
    fixture.standIn().faults.failNext({ match: /^INSERT/, sqlstate: '40003', outcome: 'kept' });
    await expect(send(client, `INSERT INTO ${table} VALUES (1)`)).rejects.toMatchObject({ code: '40003' });
    expect(await rows(client, `SELECT * FROM ${table}`)).toEqual([['1']]);
  });

  test.each([
    { outcome: 'undone', left: 0 },
    { outcome: 'kept', left: 5000 },
  ] as const)('COPY fails after its data were sent, and they are $outcome', async ({ outcome, left }) => {
    const client = await fixture.connect();
    const table = await freshTable(client, copyColumns);
    fixture.standIn().faults.failNext({
      at: 'copy-done',
      match: /COPY/,
      message: 'restart transaction: late',
      outcome,
    });
    const failing = copyInto(client, `COPY ${table} FROM STDIN CSV`, csv(5000));
    await expect(failing).rejects.toMatchObject({ code: '40001', message: 'restart transaction: late' });
    expect(await rows(client, `SELECT count(*)::INT4 FROM ${table}`)).toEqual([[left]]);
  });

  test('the connection breaks', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT PRIMARY KEY');
    fixture.standIn().faults.failNext({ match: /INSERT/, disconnect: true, outcome: 'kept' });
    await expect(client.query(`INSERT INTO ${table} VALUES (1)`)).rejects.toThrow(/terminated/);
    const other = await fixture.connect();
    expect(await rows(other, `SELECT * FROM ${table}`)).toEqual([['1']]);
  });

  test('crdb_internal.force_error', async () => {
    const client = await fixture.connect();
    await expect(client.query(`SELECT crdb_internal.force_error('23514', 'so it is')`)).rejects.toMatchObject(
      {
        code: '23514',
        message: 'so it is',
      },
    );
  });
});
