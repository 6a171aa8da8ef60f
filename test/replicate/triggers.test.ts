import { expect, onTestFinished, test } from 'vitest';
import { follow, rowsOf, slotPair } from '../support/replication.js';

test('triggers of the target act as for any other writer, and find tables without their schema', async () => {
  const pair = await slotPair();
  onTestFinished(pair.drop);
  await pair.onBoth('CREATE TABLE t (id int PRIMARY KEY, v text)');
  await pair.onTarget(
    'CREATE TABLE seen (id int, what text)',
    `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO seen VALUES (NEW.id, TG_OP); RETURN NEW; END'`,
    'CREATE TRIGGER noted AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note()',
  );
  await pair.onSource(`INSERT INTO t SELECT i, 'x' FROM generate_series(1, 30) i`);
  await follow(pair);
  await pair.onSource(`UPDATE t SET v = 'y' WHERE id = 1`);
  await follow(pair);
  expect((await rowsOf(pair.target, 'seen')).filter((row) => /INSERT/.test(row))).toHaveLength(30);
  expect(await rowsOf(pair.target, 'seen')).toContain('(1,UPDATE)');
});
