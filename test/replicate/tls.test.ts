import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, createTlsFiles, runSql, sharedServer, startPostgres18 } from '@tsmolt/testkit';
import type { RunningServer, TestDatabase } from '@tsmolt/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { arrives, follow, rowsOf, startFollowing } from '../support/replication.js';
import type { Stream } from '../support/replicator.js';

let server: RunningServer;
let folder = '';
/** Of an authority that the server does not have its certificate from. */
let strangersCa = '';
beforeAll(async () => {
  // It takes connections without TLS too: that the stream is encrypted is then no merit of the server.
  server = await startPostgres18({ tls: true });
  folder = await mkdtemp(join(tmpdir(), 'tsmolt-tls-'));
  strangersCa = (await createTlsFiles(folder, 'postgres')).caFile;
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

let source: TestDatabase;
let target: TestDatabase;
beforeEach(async () => {
  source = await createDatabase(server);
  target = await createDatabase(await sharedServer('postgres18'));
  const table = 'CREATE TABLE t (id int PRIMARY KEY, v text)';
  await runSql(target.url, table);
  await runSql(
    source.url,
    table,
    'CREATE PUBLICATION molt_fetch FOR ALL TABLES',
    `SELECT pg_create_logical_replication_slot('${source.name}', 'pgoutput')`,
    `INSERT INTO t VALUES (1, 'over TLS')`,
  );
});
afterEach(async () => {
  await source.drop();
  await target.drop();
});

/** The stream from the source under another connection string. */
function streamOf(parameters: Readonly<Record<string, string>>, host = '127.0.0.1'): Stream {
  const url = new URL(source.url);
  url.hostname = host;
  url.search = new URLSearchParams(parameters).toString();
  return {
    command: 'pglogical',
    source: url.href,
    target: target.url,
    from: ['--slotName', source.name, '--publicationName', 'molt_fetch'],
  };
}

const trusted = (): string => server.tls?.caFile ?? '';

/** What the server says about the sessions in the source's database: this one, the stream's, and all others. */
async function encrypted(): Promise<unknown> {
  const [row] = await runSql(
    source.url,
    `SELECT bool_and(s.ssl) FILTER (WHERE a.pid = pg_backend_pid()) AS own,
       bool_and(s.ssl) FILTER (WHERE a.backend_type = 'walsender') AS stream,
       bool_and(s.ssl) FILTER (WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()) AS others
     FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) WHERE a.datname = current_database()`,
  );
  return row;
}

describe('the stream is encrypted, and so is every session beside it', () => {
  test.each([
    ['sslmode=require', '127.0.0.1', () => ({ sslmode: 'require' })],
    ['sslmode=verify-ca', '127.0.0.1', () => ({ sslmode: 'verify-ca', sslrootcert: trusted() })],
    ['sslmode=verify-full', '127.0.0.1', () => ({ sslmode: 'verify-full', sslrootcert: trusted() })],
    // 0.0.0.0 reaches this machine as well, and no certificate is for it.
    ['sslmode=verify-ca', '0.0.0.0', () => ({ sslmode: 'verify-ca', sslrootcert: trusted() })],
  ])('%s, host %s', async (_, host, parameters) => {
    const following = startFollowing(streamOf(parameters(), host));
    await arrives(target.url, 'SELECT FROM t WHERE id = 1');
    expect(await encrypted()).toEqual({ own: false, stream: true, others: true });
    await runSql(source.url, `UPDATE t SET v = 'changed'`);
    await arrives(target.url, `SELECT FROM t WHERE v = 'changed'`);
    expect(await following.drain()).toMatchObject({ changes: 2 });
  });
});

describe('a server that is not the one that was meant gives nothing out', () => {
  test.each([
    ['verify-ca', 'another authority', () => strangersCa, '127.0.0.1'],
    ['verify-full', 'another authority', () => strangersCa, '127.0.0.1'],
    ['require', 'another authority', () => strangersCa, '127.0.0.1'],
    ['verify-full', 'a host that the certificate is not for', trusted, '0.0.0.0'],
  ])('sslmode=%s, %s', async (sslmode, _, sslrootcert, host) => {
    const stream = streamOf({ sslmode, sslrootcert: sslrootcert() }, host);
    await expect(follow(stream)).rejects.toMatchObject({ code: 'TSM2005', kind: 'operator' });
    expect(await rowsOf(target.url, 't')).toEqual([]);
    // What was not read is still there for the right connection string.
    await follow(streamOf({ sslmode: 'verify-full', sslrootcert: trusted() }));
    expect(await rowsOf(target.url, 't')).toEqual(['(1,"over TLS")']);
  });
});
