import { sharedServer, startCockroachStandIn } from '@tsmolt/testkit';
import type { CockroachStandIn } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { differences, follow, rowsOf, slotPair, takeWaiting } from '../support/replication.js';
import type { SlotPair } from '../support/replication.js';

let standIn: CockroachStandIn;
beforeAll(async () => {
  standIn = await startCockroachStandIn({ postgresUrl: (await sharedServer('postgres18')).url });
});
afterAll(() => standIn.stop());

/** Table, type of the unique column, and two values of it. */
type Exchanged = readonly [table: string, type: string, one: string, two: string];

const columns: readonly Exchanged[] = [
  ['by_text', 'varchar(8) NOT NULL', `'1'`, `'2'`],
  ['by_number', 'smallint NOT NULL', '1', '2'],
  ['by_null', 'date', `'2026-01-01'`, `'2026-01-02'`],
  ['by_enum', 'colour NOT NULL', `'red'`, `'green'`],
];

/** The type of a parameter would be text. */
const exchange = ([table, type, one, two]: Exchanged): string =>
  `UPDATE ${table} SET code = (CASE id WHEN 1 THEN ${two} ELSE ${one} END)::${type.replace(' NOT NULL', '')}`;

describe.each(['PostgreSQL', 'CockroachDB stand-in'] as const)(
  'values that are exchanged, on %s',
  (target) => {
    /** On the source unique keys are checked at the end of a transaction; the target checks each row, and has children. */
    let pair: SlotPair;
    beforeAll(async () => {
      pair = await slotPair(target === 'PostgreSQL' ? undefined : standIn);
      await pair.onBoth(
        `CREATE TYPE colour AS ENUM ('red', 'green')`,
        ...columns.map(
          ([table, type]) => `CREATE TABLE ${table} (id int PRIMARY KEY, code ${type}, body text)`,
        ),
        'CREATE TABLE guests (id int PRIMARY KEY, seat int)',
      );
      for (const [table] of columns) {
        await pair.onSource(
          `ALTER TABLE ${table} ADD UNIQUE (code) DEFERRABLE INITIALLY DEFERRED`,
          `ALTER TABLE ${table} ALTER body SET STORAGE EXTERNAL`,
        );
        await pair.onTarget(
          `ALTER TABLE ${table} ADD UNIQUE (code)`,
          `ALTER TABLE guests ADD FOREIGN KEY (seat) REFERENCES ${table} ON DELETE CASCADE`,
        );
      }
    });
    afterAll(() => pair.drop());

    test('two rows that others refer to exchange a unique value; one has a long value that is not sent', async () => {
      const exchangeable = columns.slice(0, -1);
      await pair.onSource(
        ...columns.map(
          ([table, , one, two]) =>
            `INSERT INTO ${table} VALUES (1, ${one}, 'short'), (2, ${two}, repeat('long ', 2000))`,
        ),
        'INSERT INTO guests VALUES (1, 1), (2, 2)',
      );
      await follow(pair);
      await pair.onSource(...exchangeable.map(exchange));
      expect(await follow(pair)).toMatchObject({ waiting: 0 });
      expect(await differences(pair, 'guests', ...exchangeable.map(([table]) => table))).toEqual([]);
      expect(await rowsOf(pair.target, 'guests')).toEqual(['(1,1)', '(2,2)']);
    });

    test('what cannot be exchanged waits, says why, and loses nothing', async () => {
      await pair.onSource(...columns.slice(-1).map(exchange));
      expect(await follow(pair)).toMatchObject({ waiting: 2 });
      expect(await rowsOf(pair.target, '(SELECT id, code FROM by_enum)')).toEqual(['(1,red)', '(2,green)']);
      const explained = expect.stringMatching(
        /duplicate key.*\(rows can exchange values of a unique key where/,
      ) as string;
      expect(await takeWaiting(pair.target)).toEqual([explained, explained]);
    });
  },
);
