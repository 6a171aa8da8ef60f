import { connectSql, runSql, startTcpProxy } from '@tsmolt/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { arrives, slotPair, startFollowing } from '../support/replication.js';
import type { SlotPair } from '../support/replication.js';

let pair: SlotPair;

beforeEach(async () => {
  pair = await slotPair();
  await pair.onBoth('CREATE TABLE t (id int PRIMARY KEY, v text)');
  await pair.onTarget(
    'CREATE TABLE writes (id int, verb text)',
    `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO public.writes VALUES (NEW.id, TG_OP); RETURN NEW; END $$`,
    'CREATE TRIGGER note AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note()',
    // COMMIT waits for whoever holds the lock, as it would for a disk or a standby.
    `CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       PERFORM pg_advisory_xact_lock(77); RETURN NULL; END $$`,
    `CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
       FOR EACH ROW EXECUTE FUNCTION wait()`,
  );
});
afterEach(() => pair.drop());

test('a COMMIT that happens after its connection was lost, and after the replicator went on, is not repeated', async () => {
  const proxy = await startTcpProxy(Number(new URL(pair.target).port));
  const target = new URL(pair.target);
  target.port = String(proxy.port);
  const holder = await connectSql(pair.target);
  const following = startFollowing({ ...pair, target: target.href });
  await following.said(/no checkpoint yet/);
  await holder.query('SELECT pg_advisory_lock(77)');
  await pair.onSource(`INSERT INTO t VALUES (1, 'a')`);
  await arrives(pair.target, `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`);
  proxy.cut();
  await arrives(pair.target, `SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted`);
  await holder.end();
  await pair.onSource(`INSERT INTO t VALUES (2, 'b')`);
  await arrives(pair.target, 'SELECT FROM t WHERE id = 2');
  await following.drain();
  await proxy.close();
  expect(await runSql(pair.target, 'SELECT * FROM writes ORDER BY id')).toEqual([
    { id: 1, verb: 'INSERT' },
    { id: 2, verb: 'INSERT' },
  ]);
});
