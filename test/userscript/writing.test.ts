import { runSql } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { arrives, rowsOf } from '../support/replication.js';
import { expireLeases } from '../support/replication-supervisor.js';
import { startReplicator } from '../support/replicator.js';
import { pairForTest, run, runToFailure, scriptFile } from './scripted-run.js';

test('deletes become marks, and the rows stay', async () => {
  const pair = await pairForTest();
  await pair.onSource('CREATE TABLE users (id int PRIMARY KEY, name text)');
  await pair.onTarget(
    'CREATE TABLE users (id int PRIMARY KEY, name text, deleted boolean NOT NULL DEFAULT false)',
  );
  const script = await scriptFile(
    `api.configureTargetTables(['users'], {
      async onWrite(rows) {
        const tx = api.getTX();
        await api.write(rows.filter((row) => row.action === 'upsert'));
        for (const row of rows)
          if (row.action === 'delete') await tx.exec('UPDATE ' + tx.table() + ' SET deleted = true WHERE id = $1', row.pk[0]);
      },
    });`,
  );
  await pair.onSource(`INSERT INTO users VALUES (1, 'a'), (2, 'b'), (3, 'c')`);
  await run(pair, script);
  await pair.onSource(
    'DELETE FROM users WHERE id = 2',
    `UPDATE users SET name = 'd' WHERE id = 3`,
    'UPDATE users SET id = 10 WHERE id = 1',
  );
  await run(pair, script);
  expect(await rowsOf(pair.target, 'users')).toEqual(['(10,a,f)', '(2,b,t)', '(3,d,f)']);
});

test('the row before the change, as the source had it, also where a handler gave it other columns', async () => {
  const pair = await pairForTest();
  await pair.onSource(
    'CREATE TABLE t (id int PRIMARY KEY, name text, secret text)',
    'ALTER TABLE t REPLICA IDENTITY FULL',
  );
  await pair.onTarget('CREATE TABLE t (id int PRIMARY KEY, title text)', 'CREATE TABLE seen (line text)');
  const script = await scriptFile(
    `api.configureTargetSchema('public', {
       onRowUpsert: ({ id, name }) => ({ id, title: name }),
       onRowDelete: (row) => row,
     });
     api.configureTargetTables(['t'], {
       async onWrite(rows) {
         for (const row of rows) await api.getTX().exec('INSERT INTO seen VALUES ($1)', row.action + JSON.stringify(row.before ?? null));
         await api.write(rows);
       },
     });`,
  );
  await pair.onSource(`INSERT INTO t VALUES (1, 'a', 's')`);
  await run(pair, script);
  await pair.onSource(`UPDATE t SET name = 'b'`);
  await run(pair, script);
  await pair.onSource('DELETE FROM t');
  await run(pair, script);
  const seen = await runSql<{ line: string }>(pair.target, 'SELECT line FROM seen ORDER BY line COLLATE "C"');
  expect(seen.map(({ line }) => line)).toEqual([
    'delete{"id":"1","name":"b","secret":"s"}',
    'upsertnull',
    'upsert{"id":"1","name":"a","secret":"s"}',
  ]);
  expect(await rowsOf(pair.target, 't')).toEqual([]);
});

test('answers are lists of values, whatever the columns are called', async () => {
  const pair = await pairForTest();
  await pair.onBoth('CREATE TABLE t (id int PRIMARY KEY, answer text)');
  const script = await scriptFile(
    `api.configureTargetTables(['t'], {
      async onWrite(rows) {
        const [answer] = await api.getTX().query(
          "SELECT max(1), max(2), 3 AS \\"1\\", date '2026-01-31', timestamptz '2026-01-01 00:00:00.123456Z', 0.1::float8, true, '{\\"a\\":[1]}'::jsonb, $1::int, NULL", 7);
        for (const row of rows) row.data.answer = JSON.stringify(answer);
        await api.write(rows);
      },
    });`,
  );
  await pair.onTarget(`ALTER DATABASE ${new URL(pair.target).pathname.slice(1)} SET timezone = 'UTC'`);
  await pair.onSource('INSERT INTO t VALUES (1)');
  await run(pair, script);
  const [row] = await runSql<{ answer: string }>(pair.target, 'SELECT answer FROM t');
  expect(JSON.parse(row?.answer ?? '')).toEqual([
    ...['1', '2', '3', '2026-01-31', '2026-01-01 00:00:00.123456+00', '0.1', true, { a: ['1'] }, '7', null],
  ]);
});

test('rows that the target refuses are set aside under savepoints, as in the manual’s recipe', async () => {
  const pair = await pairForTest();
  await pair.onSource('CREATE TABLE t (id int PRIMARY KEY, name text)');
  await pair.onTarget(
    'CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL)',
    'CREATE TABLE aside (op jsonb, reason text)',
  );
  const script = await scriptFile(
    `async function handle(rows) {
       const tx = api.getTX();
       await tx.exec('SAVEPOINT dlq_checkpoint');
       try { await api.write(rows); return; } catch (err) {
         if (!err.toString().includes('SQLSTATE 23502')) throw err;
         try { await tx.exec('ROLLBACK TO SAVEPOINT dlq_checkpoint'); } catch { await tx.exec('SAVEPOINT dlq_checkpoint'); }
       }
       for (const row of rows) {
         await tx.exec('SAVEPOINT dlq_checkpoint');
         try { await api.write([row]); } catch (err) {
           if (!err.toString().includes('SQLSTATE 23502')) throw err;
           await tx.exec('ROLLBACK TO SAVEPOINT dlq_checkpoint');
           await tx.exec('INSERT INTO ' + tx.schema() + '.aside VALUES ($1, $2)', JSON.stringify(row), err.toString());
           await tx.exec('RELEASE SAVEPOINT dlq_checkpoint');
         }
       }
     }
     api.configureTargetTables(['t'], { onWrite: handle });`,
  );
  await pair.onSource(`INSERT INTO t VALUES (1, 'a'), (2, NULL), (3, 'c'), (4, NULL)`);
  await run(pair, script);
  expect(await rowsOf(pair.target, 't')).toEqual(['(1,a)', '(3,c)']);
  const aside = await runSql<{ pk: string }>(
    pair.target,
    `SELECT op->'pk'->>0 AS pk FROM aside WHERE reason LIKE '%SQLSTATE 23502%' ORDER BY 1`,
  );
  expect(aside.map(({ pk }) => pk)).toEqual(['2', '4']);
});

test.each([
  ['is wrong', `await api.getTX().exec('UPDATE nowhere SET x = 1');`, /nowhere/],
  ['is not SQL', `await api.getTX().exec('nonsense');`, /nonsense/],
  ['ends the transaction', `await api.getTX().exec('COMMIT');`, /begin or end a transaction/],
  [
    'names no savepoint',
    `await api.getTX().exec('ROLLBACK TO SAVEPOINT none');`,
    /there is no savepoint none/,
  ],
])('a statement that %s is an error at its place, and nothing was written', async (_, statement, words) => {
  const pair = await pairForTest();
  await pair.onBoth('CREATE TABLE t (id int PRIMARY KEY)');
  const script = await scriptFile(`api.configureTargetTables(['t'], { async onWrite(rows) {
await api.write(rows);
${statement}
} });`);
  await pair.onSource('INSERT INTO t VALUES (1)');
  const failed = await runToFailure(pair, script);
  expect(failed.stderr).toMatch(/TSM7006.*script\.ts:4:\d+: onWrite of public\.t/s);
  expect(failed.stderr).toMatch(words);
  expect(await rowsOf(pair.target, 't')).toEqual([]);
});

test('a counter counts each row that was applied once, whenever the replicator is killed', async () => {
  const pair = await pairForTest();
  await pair.onBoth('CREATE TABLE t (id int PRIMARY KEY, body text)');
  await pair.onTarget(
    'CREATE TABLE counters (name text PRIMARY KEY, n int)',
    `INSERT INTO counters VALUES ('t', 0)`,
  );
  const script = await scriptFile(
    `api.configureTargetTables(['t'], {
      async onWrite(rows) {
        await api.write(rows);
        await api.getTX().exec('UPDATE counters SET n = n + $1 WHERE name = $2', rows.length, 't');
      },
    });`,
  );
  let next = 1;
  for (let round = 0; round < 4; round++) {
    const statements = Array.from(
      { length: 300 },
      () => `INSERT INTO t VALUES (${next}, repeat('x', ${next++ % 50}))`,
    );
    const running = startReplicator(pair, '--userscript', script.path, '--flushSize', '7');
    const writing = pair.onSource(...statements);
    // In the middle of it: some of this round has arrived.
    await arrives(pair.target, `SELECT 1 FROM t WHERE id > ${round * 300 + 50}`);
    running.process.kill('SIGKILL');
    await running.finished;
    await writing;
    await expireLeases(pair.target);
  }
  await run(pair, script);
  expect(await rowsOf(pair.target, 'counters')).toEqual(['(t,1200)']);
  const [counted] = await runSql<{ n: number }>(pair.target, 'SELECT count(*)::int AS n FROM t');
  expect(counted?.n).toBe(1200);
});

test('a transaction that is written in parts goes through the script part by part', async () => {
  const pair = await pairForTest();
  await pair.onBoth('CREATE TABLE t (id int PRIMARY KEY, body text)');
  await pair.onTarget('CREATE TABLE counters (calls int, n int)', 'INSERT INTO counters VALUES (0, 0)');
  const script = await scriptFile(
    `api.configureTargetTables(['t'], {
      onRowUpsert: (row) => (Number(row.id) % 10 === 0 ? null : { ...row, body: 'x' }),
      onRowDelete: (key) => key,
      async onWrite(rows) {
        await api.write(rows);
        await api.getTX().exec('UPDATE counters SET calls = calls + 1, n = n + $1', rows.length);
      },
    });`,
  );
  await pair.onSource(`INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i`);
  await run(pair, script);
  const [counted] = await runSql<{ n: number; calls: number }>(pair.target, 'SELECT n, calls FROM counters');
  expect(counted?.n).toBe(18_000);
  expect(counted?.calls).toBeGreaterThan(1);
  expect(await runSql(pair.target, `SELECT count(*)::int AS n FROM t WHERE body = 'x'`)).toEqual([
    { n: 18_000 },
  ]);
});

test('with --enableParallelApplies onWrite runs for one table after the other', async () => {
  const pair = await pairForTest();
  const names = ['a', 'b', 'c', 'd'];
  await pair.onBoth(...names.map((name) => `CREATE TABLE ${name} (id int PRIMARY KEY)`));
  await pair.onTarget('CREATE TABLE counters (n int)', 'INSERT INTO counters VALUES (0)');
  const script = await scriptFile(
    `api.configureTargetTables(${JSON.stringify(names)}, {
      async onWrite(rows) {
        await api.getTX().exec('UPDATE counters SET n = n + $1', rows.length);
        await api.write(rows);
      },
    });`,
  );
  await pair.onSource(names.map((name) => `INSERT INTO ${name} SELECT generate_series(1, 10)`).join('; '));
  const done = await run(pair, script, '--enableParallelApplies');
  expect(done.stdout).toContain('the userscript has onWrite: --enableParallelApplies has no effect');
  expect(await rowsOf(pair.target, 'counters')).toEqual(['(40)']);
});
