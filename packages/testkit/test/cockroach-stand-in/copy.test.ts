import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { describe, expect, test } from 'vitest';
import { copyColumns, copyInto, csv, freshTable, rows, sendExtended, useStandIn } from './fixture.js';

const fixture = useStandIn();

describe('COPY', () => {
  test('200k rows of CSV with quoted newlines arrive whole, and the speed is told', async ({ annotate }) => {
    const client = await fixture.connect();
    const direct = await fixture.connectTo(new URL(`/${fixture.database}`, fixture.postgresUrl()).href);
    const seconds: Record<string, number> = {};
    for (const [name, target] of Object.entries({ direct, standIn: client })) {
      const table = await freshTable(client, copyColumns);
      const started = performance.now();
      expect(
        await copyInto(target, `COPY ${table} (a, b, c, d, e, f) FROM STDIN WITH CSV`, csv(200_000)),
      ).toBe(200_000);
      seconds[name] = (performance.now() - started) / 1000;
      const sums = `SELECT count(*)::INT4, count(c)::INT4, sum(length(b))::INT8, count(DISTINCT d)::INT4, min(f) FROM ${table}`;
      expect(await rows(client, sums)).toEqual([
        [200_000, 0, String(lengthOfTexts(200_000)), 1, Buffer.from([0, 255])],
      ]);
    }
    await annotate(
      `seconds: direct ${seconds['direct']?.toFixed(2)}, stand-in ${seconds['standIn']?.toFixed(2)}`,
      'speed',
    );
  });

  test('out and in again, binary, with a slow reader', async () => {
    const client = await fixture.connect();
    const other = await fixture.connect();
    const [source, target] = [await freshTable(client, copyColumns), await freshTable(client, copyColumns)];
    await copyInto(client, `COPY ${source} FROM STDIN (FORMAT CSV)`, csv(20_000));
    const reader = client.query(copyTo(`COPY ${source} TO STDOUT WITH (FORMAT binary)`));
    const writer = other.query(copyFrom(`COPY ${target} FROM STDIN WITH BINARY`));
    await pipeline(
      reader,
      async function* (chunks: AsyncIterable<Buffer>) {
        let count = 0;
        for await (const chunk of chunks) {
          if (++count % 20 === 0) await delay(1);
          yield chunk;
        }
      },
      writer,
    );
    expect(
      await rows(client, `SELECT count(*)::INT4 FROM (TABLE ${source} EXCEPT TABLE ${target}) x`),
    ).toEqual([[0]]);
    const text = client.query(
      copyTo(`COPY (SELECT a FROM ${source} AS OF SYSTEM TIME '-1s' ORDER BY a LIMIT 3) TO STDOUT`),
    );
    expect(Buffer.concat(await text.toArray()).toString()).toBe('0\n1\n2\n');
  });

  test.each([
    { options: 'CSV FREEZE', code: '42601' },
    { options: `CSV WHERE a > 1`, code: '42601' },
    { options: '(FORMAT csv, FORCE_NULL (b))', code: '42601' },
    { options: `CSV QUOTE ''''`, code: '0A000' },
    { options: `CSV ENCODING 'latin1'`, code: '0A000' },
    { options: 'WITH (HEADER)', code: '0A000' },
    { options: '', code: '0A000', says: 'would corrupt column "f" of type bytea' },
  ])('refused: COPY ... FROM STDIN $options', async ({ options, code, says }) => {
    const client = await fixture.connect();
    const table = await freshTable(client, copyColumns);
    const failing = copyInto(client, `COPY ${table} FROM STDIN ${options}`, csv(1));
    await expect(failing).rejects.toMatchObject({
      code,
      message: expect.stringContaining(says ?? '') as string,
    });
    expect(await rows(client, 'SELECT 1')).toEqual([[1]]);
  });

  test.each(["WITH CSV NULL e'\\\\N'", `WITH (FORMAT csv, NULL '\\N')`])(
    'an empty string is quoted, whatever the mark of NULL: %s',
    async (options) => {
      const client = await fixture.connect();
      const table = await freshTable(client, 'a STRING');
      await client.query(`INSERT INTO ${table} VALUES (''), (NULL)`);
      const out = client.query(copyTo(`COPY (SELECT a FROM ${table} ORDER BY a) TO STDOUT ${options}`));
      expect(Buffer.concat(await out.toArray()).toString()).toBe('""\n\\N\n');
    },
  );

  test('text format is taken where CockroachDB reads it as PostgreSQL does', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, copyColumns);
    expect(await copyInto(client, `COPY ${table} (a, b) FROM STDIN`, ['1\tx\\ty\n2\t\\N\n'])).toBe(2);
  });

  test('in the extended protocol it is refused', async () => {
    const client = await fixture.connect();
    const sent = sendExtended(client, 'COPY x FROM STDIN CSV');
    await expect(sent).rejects.toMatchObject({
      code: 'XXUUU',
      message: 'CopyFrom not supported in extended protocol mode',
    });
  });
});

function lengthOfTexts(count: number): number {
  let sum = 0;
  for (let row = 0; row < count; row++) sum += `line one\nline "two" of ${row}, with a \\ and é`.length;
  return sum;
}
