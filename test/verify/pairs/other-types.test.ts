import { seededRandom, sharedServer, startCockroachStandIn } from '@tsmolt/testkit';
import type { CockroachStandIn } from '@tsmolt/testkit';
import { fetch } from 'tsmolt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compared, differences } from './compared.js';
import { asPostgres, asMysql } from './columns.js';
import { withDatabases } from './pair-databases.js';
import type { Product } from './pair-databases.js';
import * as make from './random-values.js';
import type { RandomText } from './random-values.js';
import { changeRows } from './change-rows.js';

const seed = Number(process.env['TSMOLT_TEST_SEED'] ?? 1);
const rowCount = 100;

let standIn: CockroachStandIn;
beforeAll(async () => {
  standIn = await startCockroachStandIn({ postgresUrl: (await sharedServer('postgres18')).url });
});
afterAll(() => standIn.stop());

interface Counterpart {
  readonly type: string;
  /** What somebody has declared on the target, which is not what fetch would have made. */
  readonly target: string;
  readonly value: RandomText;
  readonly changedAs?: string;
}

const flag: RandomText = (random) => random.pick(['0', '1']);
const mood: RandomText = (random) => random.pick(['sad', 'ok', 'so so']);
const letters = make.text(5);

/** Types that both families have under one name. */
const shared: readonly Counterpart[] = [
  { type: 'smallint', target: 'bigint', value: make.wholeNumber(16) },
  { type: 'bigint', target: 'numeric', value: make.wholeNumber(64) },
  { type: 'int', target: 'numeric(12,2)', value: make.wholeNumber(32) },
  { type: 'int', target: 'text', value: make.wholeNumber(32) },
  { type: 'decimal(12,2)', target: 'numeric', value: make.decimal(10, 2) },
  { type: 'decimal(12,2)', target: 'numeric(20,5)', value: make.decimal(10, 2) },
  { type: 'double precision', target: 'numeric', value: make.float(15, 20), changedAs: 'float8' },
  { type: 'varchar(5)', target: 'text', value: letters },
  { type: 'varchar(5)', target: 'varchar(9)', value: letters },
  { type: 'varchar(200)', target: 'json', value: make.document(1) },
  { type: 'varchar(200)', target: 'jsonb', value: make.document(1) },
  { type: 'varchar(36)', target: 'uuid', value: (random) => make.uuid(random).toUpperCase() },
  { type: 'varchar(20)', target: 'varbit', value: make.bits(12, false) },
  { type: 'varchar(9)', target: 'mood', value: mood },
  { type: 'date', target: 'timestamp', value: make.date },
  { type: 'date', target: 'text', value: make.date },
  { type: 'time(3)', target: 'time', value: make.time(3) },
]; // prettier-ignore

const postgres: readonly Counterpart[] = [
  ...shared,
  { type: 'numeric', target: 'text', value: make.decimal(20, 20) },
  { type: 'real', target: 'double precision', value: make.float(6, 30), changedAs: 'float4' },
  { type: 'char(5)', target: 'text', value: letters, changedAs: 'bpchar' },
  { type: 'char(5)', target: 'varchar(9)', value: letters, changedAs: 'bpchar' },
  { type: 'varchar(5)', target: 'char(9)', value: letters },
  { type: 'timestamp(3)', target: 'timestamp', value: make.moment(3) },
  { type: 'timestamptz(0)', target: 'timestamptz', value: (random) => `${make.moment(0)(random)}+00` },
  { type: 'json', target: 'jsonb', value: make.document(2) },
  { type: 'uuid', target: 'text', value: make.uuid },
  { type: 'boolean', target: 'text', value: flag },
  { type: 'bit(8)', target: 'varbit', value: make.bits(8, true) },
  { type: 'int[]', target: 'bigint[]', value: make.array(make.wholeNumber(32), false) },
  { type: 'varchar(5)[]', target: 'text[]', value: make.array(letters, false) },
  { type: 'numeric(12,2)[]', target: 'numeric[]', value: make.array(make.decimal(9, 2), false) },
  { type: 'int[]', target: 'text', value: make.array(make.wholeNumber(32), false) },
];

const mysql: readonly Counterpart[] = [
  ...shared,
  { type: 'tinyint', target: 'boolean', value: flag },
  { type: 'tinyint(1)', target: 'boolean', value: flag },
  { type: 'tinyint unsigned', target: 'int', value: make.wholeNumber(8, true) },
  { type: 'bigint unsigned', target: 'numeric(30,4)', value: make.wholeNumber(64, true) },
  { type: 'float', target: 'double precision', value: make.float(6, 30), changedAs: 'float4' },
  { type: 'char(5)', target: 'varchar(9)', value: letters, changedAs: 'bpchar' },
  { type: 'datetime(3)', target: 'timestamp', value: make.moment(3) },
  { type: 'datetime', target: 'text', value: make.moment(0) },
  { type: 'timestamp(2) NULL', target: 'timestamptz', value: make.instant(2) },
  { type: 'time(6)', target: 'interval', value: make.time(6) },
  { type: 'year', target: 'int', value: (random) => String(1901 + random.below(255)) },
  { type: `enum('sad', 'ok', 'so so')`, target: 'text', value: mood },
  { type: 'json', target: 'text', value: make.document(2), changedAs: 'json' },
];

const routes: readonly (readonly [Product, Product, readonly Counterpart[]])[] = [
  ['PostgreSQL 18', 'PostgreSQL 18', postgres],
  ['PostgreSQL 18', 'CockroachDB stand-in', postgres],
  ['MySQL', 'PostgreSQL 18', mysql],
  ['MySQL', 'CockroachDB stand-in', mysql],
  ['MariaDB', 'PostgreSQL 18', mysql],
];

describe.each(routes)('from %s to %s', (from, to, counterparts) => {
  test(`columns of other types than fetch would make are equal, and the smallest changes are found (TSMOLT_TEST_SEED=${seed})`, async () => {
    const random = seededRandom(seed);
    const columns = counterparts
      .filter(({ target }) => to !== 'CockroachDB stand-in' || target !== 'json')
      .map((counterpart, index) => ({ ...counterpart, name: `c${index + 1}` }));
    const literal = from === 'PostgreSQL 18' ? asPostgres : asMysql;
    const rows = Array.from({ length: rowCount }, (_, row) => {
      const values = columns.map(({ value }) => (random.below(12) === 0 ? 'NULL' : literal(value(random))));
      return `(${[row + 1, ...values].join(', ')})`;
    });
    const declared = (type: 'type' | 'target'): string =>
      columns.map((column) => `${column.name} ${column[type]}`).join(', ');
    await withDatabases([from, to], standIn, async (source, target) => {
      await source.run([
        `CREATE TABLE every_type (id int PRIMARY KEY, ${declared('type')})`,
        `INSERT INTO every_type VALUES ${rows.join(', ')}`,
      ]);
      await target.run([
        `CREATE TYPE mood AS ENUM ('ok', 'sad', 'so so')`,
        `CREATE TABLE every_type (id int PRIMARY KEY, ${declared('target')})`,
      ]);
      await fetch({
        source: source.url,
        target: target.url,
        directCopy: true,
        allowTlsModeDisable: true,
      });
      expect(differences(await compared(source, target), columns)).toEqual([]);
      const changed = await changeRows(target, columns, seed + 1);
      expect(differences(await compared(source, target), columns)).toEqual(changed);
    });
  });
});
