import { expect, onTestFinished, test } from 'vitest';
import { follow, recordedLog, rowsOf, slotPair } from '../support/replication.js';

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

test('rows that a trigger of the target leaves out are warned of; a rule that rows cannot pass is named', async () => {
  const pair = await slotPair();
  onTestFinished(pair.drop);
  await pair.onBoth('CREATE TABLE t (id int PRIMARY KEY, v text)', 'CREATE TABLE ruled (id int PRIMARY KEY)');
  await pair.onTarget(
    `CREATE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
    'CREATE TRIGGER left_out BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.id > 2) EXECUTE FUNCTION leave_out()',
    'CREATE RULE nothing AS ON UPDATE TO ruled DO INSTEAD NOTHING',
  );
  await pair.onSource('INSERT INTO t SELECT generate_series(1, 5)');
  const { logger, lines } = recordedLog();
  await follow(pair, { logger });
  expect(lines).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      target: expect.stringContaining('"t"') as string,
      proposed: 5,
      left_out: 3,
    }),
  );
  await pair.onSource('INSERT INTO ruled VALUES (1)');
  await expect(follow(pair)).rejects.toMatchObject({
    code: 'TSM7005',
    message: expect.stringContaining('public.ruled') as string,
    advice: expect.stringContaining('rule') as string,
  });
});
