import { seededRandom, sharedServer, startCockroachStandIn } from '@tsmolt/testkit';
import type { CockroachStandIn } from '@tsmolt/testkit';
import { fetch } from 'tsmolt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeRows } from './change-rows.js';
import { mysqlColumns, postgresColumns, valueAt } from './columns.js';
import type { TypedColumn } from './columns.js';
import { compared, differences } from './compared.js';
import { versions, withDatabases } from './pair-databases.js';
import type { Product } from './pair-databases.js';

const seed = Number(process.env['TSMOLT_TEST_SEED'] ?? 1);
const rowCount = process.env['TSMOLT_TEST_LONG'] === '1' ? 2000 : 150;

let standIn: CockroachStandIn;
beforeAll(async () => {
  standIn = await startCockroachStandIn({ postgresUrl: (await sharedServer('postgres18')).url });
});
afterAll(() => standIn.stop());

const sources: readonly Product[] = ['PostgreSQL 15', 'PostgreSQL 18', 'MySQL', 'MariaDB'];
const targets: readonly Product[] = ['PostgreSQL 15', 'PostgreSQL 18', 'CockroachDB stand-in'];
const pairs = sources.flatMap((from) => targets.map((to) => [from, to] as const));

describe.each(pairs)('from %s to %s', (from, to) => {
  test(`values of every type are equal; the smallest changes are found and nothing else (TSMOLT_TEST_SEED=${seed})`, async () => {
    await withDatabases([from, to], standIn, async (source, target) => {
      const columns = columnsOf(from, to);
      await source.run(filled(columns, from));
      await fetch({
        source: source.url,
        target: target.url,
        directCopy: true,
        tableHandling: 'drop-on-target-and-recreate',
        // It ends with an error where the servers hash equal rows to other numbers, which verify would but be slower by.
        checksum: true,
        allowTlsModeDisable: true,
      });
      expect(differences(await compared(source, target), columns)).toEqual([]);
      expect(differences(await compared(target, source), columns)).toEqual([]);
      await target.run(rewritten(columns));
      expect(differences(await compared(source, target), columns)).toEqual([]);
      const changed = await changeRows(target, columns, seed + 1);
      const report = await compared(source, target);
      expect(differences(report, columns)).toEqual(changed);
      expect(report.tables[0]?.counts).toMatchObject({
        truthRows: rowCount,
        success: rowCount - changed.length,
        mismatch: changed.length,
        missing: 0,
        extraneous: 0,
      });
    });
  });
});

function columnsOf(from: Product, to: Product): TypedColumn[] {
  const all =
    from === 'MySQL' || from === 'MariaDB'
      ? mysqlColumns(from === 'MySQL' ? 'mysql' : 'mariadb')
      : postgresColumns(Math.min(versions[from], versions[to]));
  const leftOut = refused[to];
  return all.filter(({ type }) => !emoji.test(type) && leftOut?.test(type) !== true);
}

/** Types with values that fetch cannot move. CockroachDB has no JSON as it was written, and so no zero character in it. */
const refused: Partial<Record<Product, RegExp>> = {
  'CockroachDB stand-in': /^(jsonpath|edge\.pair(\[\])?|edge\.nest|json)$/,
};

/** MySQL's catalog shows question marks in the place of such labels. */
const emoji = /^enum.*😀/u;

/** One table with a column of every type. */
function filled(columns: readonly TypedColumn[], from: Product): string[] {
  const random = seededRandom(seed);
  const isMysql = from === 'MySQL' || from === 'MariaDB';
  const rows = Array.from(
    { length: rowCount },
    (_, row) => `(${[row + 1, ...columns.map((column) => valueAt(column, row, random))].join(', ')})`,
  );
  const declared = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
  return [
    ...(isMysql ? [] : ['CREATE SCHEMA edge']),
    ...columns.flatMap(({ setup }) => setup),
    `CREATE TABLE every_type (id int PRIMARY KEY, ${declared})`,
    `INSERT INTO every_type VALUES ${rows.join(', ')}`,
  ];
}

/** Writes values in another way that means the same. */
function rewritten(columns: readonly TypedColumn[]): string[] {
  return columns.flatMap(({ name, type }) => {
    const how = otherSpelling[type];
    return how === undefined ? [] : [`UPDATE every_type SET ${how(name)}`];
  });
}

const otherSpelling: Readonly<Record<string, (name: string) => string>> = {
  real: (name) => `${name} = 0 WHERE ${name} = 0`,
  'double precision': (name) => `${name} = 0 WHERE ${name} = 0`,
  numeric: (name) => `${name} = ${name} * 1.0`,
  json: (name) => `${name} = (' ' || ${name}::text || ' ')::json`,
};
