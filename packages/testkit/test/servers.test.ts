import { readFile } from 'node:fs/promises';
import { createConnection } from 'mysql2/promise';
import type { RowDataPacket } from 'mysql2/promise';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import {
  createDatabase,
  s3Credentials,
  sharedServer,
  startMariadb,
  startMysql,
  startPostgres15,
  startPostgres18,
  startS3,
  startTcpProxy,
} from '../src/index.js';
import { pathExists } from '../src/servers/path-exists.js';

async function postgresQuery(url: string, sql: string): Promise<unknown[][]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

async function mysqlQuery(url: string, sql: string): Promise<unknown[][]> {
  const connection = await createConnection({ uri: url, rowsAsArray: true });
  try {
    const [rows] = await connection.query<RowDataPacket[][]>(sql);
    return Array.isArray(rows) ? rows : [];
  } finally {
    await connection.end();
  }
}

const databases = [
  { name: 'PostgreSQL 18', start: startPostgres18, version: /^18\./, query: postgresQuery },
  { name: 'PostgreSQL 15', start: startPostgres15, version: /^15\./, query: postgresQuery },
  { name: 'MySQL 9.7', start: startMysql, version: /^9\.7\./, query: mysqlQuery },
  { name: 'MariaDB 10.11', start: startMariadb, version: /^10\.11\..*MariaDB/, query: mysqlQuery },
];

test.each(databases)(
  '$name keeps its data over a crash and a restart, and leaves nothing',
  async (database) => {
    const { start, query, version } = database;
    const server = await start({ own: true });
    try {
      expect(server.version).toMatch(version);
      const { url, drop } = await createDatabase(server);
      await query(url, 'CREATE TABLE kept (id int PRIMARY KEY)');
      await query(url, 'INSERT INTO kept VALUES (1)');
      await server.kill();
      await expect(query(url, 'SELECT 1')).rejects.toThrow();
      await server.start();
      expect(await query(url, 'SELECT id FROM kept')).toEqual([[1]]);
      await server.restart();
      expect(await query(url, 'SELECT id FROM kept')).toEqual([[1]]);
      await drop();
      await expect(query(url, 'SELECT 1')).rejects.toThrow();
    } finally {
      await server.stop();
    }
    expect(await pathExists(server.dataDirectory ?? '')).toBe(false);
    await expect(server.start()).rejects.toThrow('its data are gone');
  },
);

test('S3 keeps its objects over a crash', async () => {
  const server = await startS3({ own: true, buckets: ['bucket'] });
  try {
    const object = `${server.url}/bucket/key`;
    expect(s3Credentials.accessKeyId).not.toBe('');
    const put = await fetch(object, { method: 'PUT', body: 'text' });
    expect(put.status).toBe(200);
    await server.kill();
    await expect(fetch(object)).rejects.toThrow();
    await server.start();
    expect(await (await fetch(object)).text()).toBe('text');
  } finally {
    await server.stop();
  }
});

describe('settings', () => {
  test('PostgreSQL decodes logically, skips fsync, takes other settings', async () => {
    const server = await startPostgres18({ settings: { work_mem: '5MB' } });
    try {
      const sql =
        "SELECT current_setting('wal_level'), current_setting('fsync'), current_setting('work_mem')";
      expect(await postgresQuery(server.url, sql)).toEqual([['logical', 'off', '5MB']]);
    } finally {
      await server.stop();
    }
  });

  test('PostgreSQL demands the password', async () => {
    const { url } = await sharedServer('postgres18');
    await expect(postgresQuery(url.replace(':password@', ':wrong@'), 'SELECT 1')).rejects.toThrow(
      'password authentication failed',
    );
  });

  test('a database with a logical slot in it can be dropped', async () => {
    const server = await sharedServer('postgres18');
    const { url, name, drop } = await createDatabase(server);
    await postgresQuery(url, `SELECT pg_create_logical_replication_slot('slot_${name}', 'pgoutput')`);
    await drop();
    await expect(postgresQuery(url, 'SELECT 1')).rejects.toThrow('does not exist');
  });

  test('MySQL writes a full row-format binlog with GTIDs', async () => {
    const { url } = await sharedServer('mysql');
    const sql =
      'SELECT @@gtid_mode, @@enforce_gtid_consistency, @@binlog_format, @@binlog_row_metadata, @@log_bin, @@server_id > 1';
    expect(await mysqlQuery(url, sql)).toEqual([['ON', 'ON', 'ROW', 'FULL', 1, 1]]);
  });

  test('MariaDB writes a full row-format binlog with strict GTIDs', async () => {
    const { url } = await sharedServer('mariadb');
    const sql =
      'SELECT @@gtid_strict_mode, @@binlog_format, @@binlog_row_metadata, @@log_bin, @@server_id > 1';
    expect(await mysqlQuery(url, sql)).toEqual([[1, 'ROW', 'FULL', 1, 1]]);
  });
});

describe('TLS', () => {
  test('PostgreSQL with TLS alone refuses plain connections and proves who it is', async () => {
    const server = await startPostgres18({ tls: 'required' });
    try {
      const sql = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
      expect(await postgresQuery(server.url, sql)).toEqual([[true]]);
      const plain = server.url.replace(/\?.*$/, '');
      await expect(postgresQuery(plain, sql)).rejects.toThrow('no encryption');
    } finally {
      await server.stop();
    }
  });

  test('PostgreSQL takes a client certificate instead of a password', async () => {
    const server = await startPostgres15({ tls: true, hba: ['hostssl all postgres 127.0.0.1/32 cert'] });
    try {
      expect(server.tls).toBeDefined();
      const { caFile = '', clientCertificateFile = '', clientKeyFile = '' } = server.tls ?? {};
      const client = new Client({
        connectionString: server.url,
        ssl: {
          ca: await readFile(caFile),
          cert: await readFile(clientCertificateFile),
          key: await readFile(clientKeyFile),
        },
      });
      await client.connect();
      await client.end();
    } finally {
      await server.stop();
    }
  });

  test.each([
    { name: 'MySQL', start: startMysql },
    { name: 'MariaDB', start: startMariadb },
  ])('$name with TLS alone refuses plain connections and proves who it is', async ({ start }) => {
    const server = await start({ tls: 'required' });
    try {
      const plain = server.url.replace(/\?.*$/, '');
      await expect(mysqlQuery(plain, 'SELECT 1')).rejects.toThrow();
      const ca = await readFile(server.tls?.caFile ?? '', 'utf8');
      const connection = await createConnection({ uri: plain, ssl: { ca, verifyIdentity: true } });
      await connection.query('SELECT 1');
      await connection.end();
    } finally {
      await server.stop();
    }
  });
});

test('a shared server is started once', async () => {
  const [one, other] = await Promise.all([sharedServer('postgres15'), sharedServer('postgres15')]);
  expect(one).toEqual(other);
});

test('a proxy cuts, refuses and accepts', async () => {
  const server = await sharedServer('postgres18');
  const proxy = await startTcpProxy(Number(new URL(server.url).port));
  try {
    const url = new URL(server.url);
    url.port = String(proxy.port);
    const client = new Client({ connectionString: url.href });
    client.on('error', () => undefined);
    await client.connect();
    expect(proxy.bytesForwarded).toBeGreaterThan(100);
    const sleeping = client.query('SELECT pg_sleep(60)');
    proxy.cut();
    await expect(sleeping).rejects.toThrow();
    proxy.refuse();
    await expect(postgresQuery(url.href, 'SELECT 1')).rejects.toThrow();
    proxy.accept();
    expect(await postgresQuery(url.href, 'SELECT 1')).toEqual([[1]]);
  } finally {
    await proxy.close();
  }
});

test('a server that somebody else started is used and left alone', async () => {
  const { url, version } = await sharedServer('postgres18');
  process.env['TSMOLT_TEST_POSTGRES_URL'] = url;
  try {
    const server = await startPostgres18();
    expect(server).toMatchObject({ url, version, dataDirectory: undefined });
    await expect(server.kill()).rejects.toThrow('TSMOLT_TEST_POSTGRES_URL');
    await server.stop();
    expect(await postgresQuery(url, 'SELECT 1')).toEqual([[1]]);
  } finally {
    delete process.env['TSMOLT_TEST_POSTGRES_URL'];
  }
});
