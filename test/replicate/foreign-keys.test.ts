import { sharedServer, startCockroachStandIn } from '@tsmolt/testkit';
import type { CockroachStandIn } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { differences, follow, slotPair, takeWaiting } from '../support/replication.js';
import type { SlotPair } from '../support/replication.js';

let standIn: CockroachStandIn;
beforeAll(async () => {
  standIn = await startCockroachStandIn({ postgresUrl: (await sharedServer('postgres18')).url });
});
afterAll(() => standIn.stop());

const targets = ['PostgreSQL', 'CockroachDB stand-in'] as const;

/** Each test has tables of its own in one pair of databases, and nothing must be left over for the next one. */
describe.each(targets)('tables that refer to each other, on %s', (target) => {
  let pair: SlotPair;
  beforeAll(async () => {
    pair = await slotPair(target === 'PostgreSQL' ? undefined : standIn);
  });
  afterAll(() => pair.drop());

  /** Rows that are not the same, and changes that were put off. */
  async function leftOver(
    tables: readonly string[],
    request: Parameters<typeof follow>[1] = {},
  ): Promise<string[]> {
    await follow(pair, request);
    const waiting = await takeWaiting(pair.target);
    return [...waiting, ...(await differences(pair, ...tables))];
  }

  test('parents and children in one transaction, whichever comes first', async () => {
    await pair.onBoth(
      `CREATE TABLE p1 (id int PRIMARY KEY, v text);
       CREATE TABLE c1 (id int PRIMARY KEY, p int NOT NULL REFERENCES p1 (id) , v text)`,
    );
    await pair.onSource('ALTER TABLE c1 ALTER CONSTRAINT c1_p_fkey DEFERRABLE INITIALLY DEFERRED');
    await pair.onSource(
      `INSERT INTO p1 VALUES (1, 'a'); INSERT INTO c1 VALUES (1, 1, 'x')`,
      `INSERT INTO c1 VALUES (2, 2, 'y'); INSERT INTO p1 VALUES (2, 'b'); INSERT INTO c1 VALUES (3, 2, 'z')`,
      `DELETE FROM p1 WHERE id = 1; UPDATE c1 SET p = 2 WHERE id = 1; INSERT INTO p1 VALUES (1, 'again')`,
      `DELETE FROM p1 WHERE id = 2; DELETE FROM c1`,
    );
    expect(await leftOver(['p1', 'c1'])).toEqual([]);
  });

  test('rows that point at each other in a circle, and at themselves', async () => {
    await pair.onBoth(
      `CREATE TABLE hen (id int PRIMARY KEY, egg int);
       CREATE TABLE egg (id int PRIMARY KEY, hen int NOT NULL REFERENCES hen (id));
       ALTER TABLE hen ADD FOREIGN KEY (egg) REFERENCES egg (id);
       CREATE TABLE staff (id int PRIMARY KEY, boss int REFERENCES staff (id))`,
    );
    await pair.onSource(
      `INSERT INTO hen VALUES (1, NULL); INSERT INTO egg VALUES (1, 1); UPDATE hen SET egg = 1`,
      `INSERT INTO staff VALUES (3, NULL), (2, 3), (1, 2), (9, 9)`,
      `UPDATE staff SET boss = NULL WHERE id = 2; DELETE FROM staff WHERE id = 3`,
    );
    expect(await leftOver(['hen', 'egg', 'staff'])).toEqual([]);
    await pair.onSource(
      `UPDATE hen SET egg = NULL; DELETE FROM egg; DELETE FROM hen`,
      'DELETE FROM staff WHERE id = 9; DELETE FROM staff WHERE id = 1',
    );
    expect(await leftOver(['hen', 'egg', 'staff'])).toEqual([]);
  });

  test('a parent with another key, whose children follow', async () => {
    await pair.onBoth(
      `CREATE TABLE p2 (id int PRIMARY KEY, v text);
       CREATE TABLE c2 (id int PRIMARY KEY, p int REFERENCES p2 (id))`,
    );
    await pair.onSource(
      'ALTER TABLE c2 DROP CONSTRAINT c2_p_fkey, ADD FOREIGN KEY (p) REFERENCES p2 (id) ON UPDATE CASCADE',
      `INSERT INTO p2 VALUES (1, 'a'), (2, 'b'); INSERT INTO c2 VALUES (1, 1), (2, 1), (3, 2)`,
    );
    expect(await leftOver(['p2', 'c2'])).toEqual([]);
    await pair.onSource('UPDATE p2 SET id = id + 10');
    expect(await leftOver(['p2', 'c2'])).toEqual([]);
    await pair.onSource('UPDATE p2 SET id = id + 10');
    expect(await leftOver(['p2', 'c2'], { collapseMutations: false })).toEqual([]);
  });

  test('a parent with another key and a second unique value, whose children follow', async () => {
    await pair.onBoth(
      `CREATE TABLE p3 (id int PRIMARY KEY, code text UNIQUE);
       CREATE TABLE c3 (id int PRIMARY KEY, p int REFERENCES p3 (id) ON UPDATE CASCADE)`,
    );
    await pair.onSource(`INSERT INTO p3 VALUES (1, 'a'); INSERT INTO c3 VALUES (1, 1)`);
    expect(await leftOver(['p3', 'c3'])).toEqual([]);
    await pair.onSource('UPDATE p3 SET id = 2');
    expect(await leftOver(['p3', 'c3'])).toEqual([]);
  });

  test('a parent with a key that has no exact text, whose children follow', async () => {
    await pair.onBoth(
      `CREATE TABLE p4 (id numeric PRIMARY KEY, v text);
       CREATE TABLE c4 (id int PRIMARY KEY, p numeric REFERENCES p4 (id))`,
    );
    await pair.onSource(
      'ALTER TABLE c4 DROP CONSTRAINT c4_p_fkey, ADD FOREIGN KEY (p) REFERENCES p4 (id) ON UPDATE CASCADE',
      `INSERT INTO p4 VALUES (1.0, 'a'), (2.5, 'b'); INSERT INTO c4 VALUES (1, 1), (2, 2.50)`,
    );
    expect(await leftOver(['p4', 'c4'])).toEqual([]);
    await pair.onSource('UPDATE p4 SET id = id + 10', 'UPDATE p4 SET id = 11.00 WHERE id = 11');
    expect(await leftOver(['p4', 'c4'])).toEqual([]);
  });

  test('rows that the target itself deletes with their parent', async () => {
    await pair.onBoth(
      `CREATE TABLE p5 (id int PRIMARY KEY, v text);
       CREATE TABLE c5 (id int PRIMARY KEY, p int REFERENCES p5 (id) ON DELETE CASCADE, v text);
       CREATE TABLE g5 (id int PRIMARY KEY, c int REFERENCES c5 (id) ON DELETE CASCADE)`,
    );
    await pair.onSource(
      `INSERT INTO p5 VALUES (1, 'a'), (2, 'b'), (3, 'c');
       INSERT INTO c5 VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'z'); INSERT INTO g5 VALUES (1, 1), (2, 3)`,
    );
    expect(await leftOver(['p5', 'c5', 'g5'])).toEqual([]);
    await pair.onSource(
      'DELETE FROM p5 WHERE id = 1',
      `DELETE FROM p5 WHERE id = 2; INSERT INTO p5 VALUES (2, 'again'); INSERT INTO c5 VALUES (3, 2, 'kept')`,
      `UPDATE c5 SET p = 3 WHERE id = 3; DELETE FROM p5 WHERE id = 2`,
    );
    expect(await leftOver(['p5', 'c5', 'g5'])).toEqual([]);
  });

  test('a parent that is deleted after its child was given to another one, where the target deletes children', async () => {
    await pair.onBoth(
      `CREATE TABLE p6 (id int PRIMARY KEY, code int UNIQUE);
       CREATE TABLE c6 (id int PRIMARY KEY, p int REFERENCES p6 (id) ON DELETE CASCADE, v text)`,
    );
    await pair.onSource(`INSERT INTO p6 VALUES (1, 1), (2, 2); INSERT INTO c6 VALUES (1, 1, 'x')`);
    expect(await leftOver(['p6', 'c6'])).toEqual([]);
    // The unique value of the parent that goes is taken by one that comes: put together, they are refused.
    await pair.onSource('UPDATE c6 SET p = 2; DELETE FROM p6 WHERE id = 1; INSERT INTO p6 VALUES (3, 1)');
    expect(await leftOver(['p6', 'c6'])).toEqual([]);
  });

  test('unique values that change hands', async () => {
    await pair.onBoth(
      `CREATE TABLE u1 (id int PRIMARY KEY, v int UNIQUE, note text);
       CREATE TABLE r1 (id int PRIMARY KEY, v int UNIQUE, note text);
       CREATE TABLE rc1 (id int PRIMARY KEY, r int REFERENCES r1 (id))`,
    );
    await pair.onSource(
      `INSERT INTO u1 VALUES (1, 1), (2, 2), (3, 3); INSERT INTO r1 VALUES (1, 1), (2, 2), (3, 3); INSERT INTO rc1 VALUES (1, 1)`,
    );
    expect(await leftOver(['u1', 'r1', 'rc1'])).toEqual([]);
    for (const table of ['u1', 'r1']) {
      await pair.onSource(
        // In three steps, in steps of several transactions, and by a row that goes and one that comes.
        `UPDATE ${table} SET v = 0 WHERE id = 1; UPDATE ${table} SET v = 1 WHERE id = 2; UPDATE ${table} SET v = 2 WHERE id = 1`,
        `UPDATE ${table} SET v = 9 WHERE id = 3`,
        `INSERT INTO ${table} VALUES (4, 3)`,
        `DELETE FROM ${table} WHERE id = 4`,
        `INSERT INTO ${table} VALUES (5, 3); UPDATE ${table} SET v = NULL WHERE id = 5; INSERT INTO ${table} VALUES (6, 3)`,
      );
    }
    expect(await leftOver(['u1', 'r1', 'rc1'])).toEqual([]);
  });

  test('unique values that are swapped by one statement', async () => {
    await pair.onBoth(`CREATE TABLE u2 (id int PRIMARY KEY, v int CONSTRAINT u2_v UNIQUE)`);
    await pair.onSource(
      'ALTER TABLE u2 DROP CONSTRAINT u2_v, ADD CONSTRAINT u2_v UNIQUE (v) DEFERRABLE',
      'INSERT INTO u2 SELECT i, i FROM generate_series(1, 9) i',
      'UPDATE u2 SET v = 10 - v',
      'UPDATE u2 SET v = v % 9 + 1',
    );
    expect(await leftOver(['u2'])).toEqual([]);
    await pair.onSource('UPDATE u2 SET v = 10 - v');
    expect(await leftOver(['u2'])).toEqual([]);
  });

  test('a composite key that refers to a composite key, in mixed case', async () => {
    await pair.onBoth(
      `CREATE TABLE "Order Line" ("Order" int, "Line" text, "Qty" int, PRIMARY KEY ("Line", "Order"));
       CREATE TABLE "shipMent" ("Id" uuid PRIMARY KEY, "order" int, line text, FOREIGN KEY ("order", line) REFERENCES "Order Line" ("Order", "Line"))`,
    );
    await pair.onSource(
      `INSERT INTO "Order Line" SELECT i, 'line "' || i, i FROM generate_series(1, 5) i;
       INSERT INTO "shipMent" SELECT gen_random_uuid(), "Order", "Line" FROM "Order Line" WHERE "Order" < 4`,
      `UPDATE "Order Line" SET "Line" = 'other' WHERE "Order" = 5`,
      `UPDATE "shipMent" SET "order" = 5, line = 'other' WHERE "order" = 3; DELETE FROM "Order Line" WHERE "Order" = 3`,
    );
    expect(await leftOver(['"Order Line"', '"shipMent"'])).toEqual([]);
  });
});
