import { runSql, sharedServer } from '@tsmolt/testkit';
import { expect, test, vi } from 'vitest';
import { mysqlPair } from '../../support/mysql-replication.js';
import { expireLeases } from '../../support/replication-supervisor.js';
import { startReplicator } from '../../support/replicator.js';

test.each(['mysql', 'mariadb'] as const)(
  'a replicator takes over from a frozen one of the same --replicationProcessID: %s',
  async (server) => {
    await using pair = await mysqlPair(
      await sharedServer(server),
      'CREATE TABLE notes (id int PRIMARY KEY, v text)',
    );
    const arrives = async (id: number): Promise<void> => {
      await pair.onSource(`INSERT INTO notes VALUES (${id}, 'v')`);
      const look = (): Promise<unknown[]> => runSql(pair.target, `SELECT FROM notes WHERE id = ${id}`);
      await vi.waitFor(async () => expect(await look()).toHaveLength(1), { timeout: 30_000, interval: 20 });
    };
    const first = startReplicator(pair);
    try {
      await arrives(1);
      first.process.kill('SIGSTOP');
      await expireLeases(pair.target);
      const second = startReplicator(pair);
      try {
        await arrives(2);
        first.process.kill('SIGCONT');
        const { exitCode, stderr } = await first.finished;
        expect(exitCode, stderr).toBe(1);
        expect(stderr).toMatch(/TSM7003/);
        await arrives(3);
        second.process.kill('SIGTERM');
        expect((await second.finished).exitCode).toBe(0);
      } finally {
        second.process.kill('SIGKILL');
      }
    } finally {
      first.process.kill('SIGKILL');
    }
  },
);
