import { ConnectionUrl } from '@tsmolt/core';
import { SessionPool } from '@tsmolt/pgwire';
import { sharedServer, startTcpProxy } from '@tsmolt/testkit';
import { expect, test } from 'vitest';

test('a connection that breaks while it is prepared is an error of whoever asked for it, and no more', async () => {
  const server = await sharedServer('postgres18');
  await using proxy = await startTcpProxy(Number(new URL(server.url).port));
  const through = new URL(server.url);
  through.port = String(proxy.port);
  const pool = new SessionPool({
    url: ConnectionUrl.parse(through.href, '--source'),
    config: { connectionString: through.href },
    maxConnections: 1,
    prepare: async (client) => {
      const asked = client.query('SELECT pg_sleep(60)');
      proxy.cut();
      await asked;
    },
  });
  await expect(pool.lease('trying')).rejects.toMatchObject({ kind: 'retry' });
  await pool.close();
});
