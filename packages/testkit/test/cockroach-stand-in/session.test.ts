import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { describe, expect, test } from 'vitest';
import { startCockroachStandIn } from '../../src/index.js';
import { rows, useStandIn } from './fixture.js';

const fixture = useStandIn();

describe('identity', () => {
  test('version() says CockroachDB, anywhere in an expression, under its own column name', async () => {
    const client = await fixture.connect();
    const { rows: found } = await client.query<{ version: string }>('SELECT version()');
    expect(found[0]?.version).toMatch(/^CockroachDB CCL (v\d+\.\d+\.\d+) /);
    expect(
      await rows(client, `SELECT 'version()', length(version()) > 10, pg_catalog.version() = version()`),
    ).toEqual([['version()', true, true]]);
    expect(await rows(client, 'SELECT version() LIKE $1', ['CockroachDB%'])).toEqual([[true]]);
    expect(await rows(client, 'SHOW crdb_version')).toEqual([[found[0]?.version]]);
  });

  test('ParameterStatus claims PostgreSQL 13 and tells crdb_version', async () => {
    const client = new Client({ connectionString: fixture.standIn().url });
    const parameters = new Map<string, string>();
    const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
    connection.on('parameterStatus', (message: { parameterName: string; parameterValue: string }) => {
      parameters.set(message.parameterName, message.parameterValue);
    });
    await client.connect();
    await client.query(`SET application_name = 'abc'`);
    await client.end();
    expect(parameters.get('server_version')).toBe('13.0.0');
    expect(parameters.get('crdb_version')).toMatch(/^CockroachDB /);
    expect(parameters.get('application_name')).toBe('abc');
  });

  test('another version on request', async () => {
    const other = await startCockroachStandIn({
      postgresUrl: fixture.postgresUrl(),
      database: fixture.database,
      version: 'CockroachDB CCL v26.2.0 (x, y)',
    });
    const client = await fixture.connectTo(other.url);
    expect(await rows(client, 'SELECT version()')).toEqual([['CockroachDB CCL v26.2.0 (x, y)']]);
    await client.end();
    await other.stop();
  });

  test('cluster_logical_timestamp() is an HLC and strictly increases', async () => {
    const client = await fixture.connect();
    const told: string[] = [];
    for (let i = 0; i < 200; i++) {
      told.push(String((await rows(client, 'SELECT cluster_logical_timestamp()'))[0]?.[0]));
    }
    expect(told[0]).toMatch(/^\d{19}\.\d{10}$/);
    expect(told).toEqual([...new Set(told)].toSorted());
  });

  test('a replication connection is refused', async () => {
    await expect(fixture.connect({ replication: 'database' } as ClientConfig)).rejects.toMatchObject({
      code: '0A000',
    });
  });

  test('a wrong password is refused by the server behind', async () => {
    await expect(fixture.connect({ connectionString: undefined, ...wrongLogin() })).rejects.toMatchObject({
      code: '28P01',
    });
  });

  function wrongLogin(): object {
    return {
      host: '127.0.0.1',
      port: fixture.standIn().port,
      user: 'postgres',
      password: 'wrong',
      database: fixture.database,
    };
  }
});

describe('session variables and cluster settings', () => {
  test('what only CockroachDB knows is kept for the session', async () => {
    const client = await fixture.connect();
    expect(await rows(client, 'SHOW copy_from_atomic_enabled')).toEqual([['on']]);
    await client.query('SET copy_from_retries_enabled = true; SET copy_from_atomic_enabled = false;');
    expect(await rows(client, 'SHOW copy_from_atomic_enabled')).toEqual([['off']]);
    expect(await rows(client, `SELECT current_setting('copy_from_atomic_enabled')`)).toEqual([['off']]);
    await client.query('RESET copy_from_atomic_enabled');
    expect((await client.query('SHOW copy_from_atomic_enabled')).rows).toEqual([
      { copy_from_atomic_enabled: 'on' },
    ]);
    await client.query('BEGIN');
    await client.query('SET LOCAL default_transaction_quality_of_service = background');
    expect(await rows(client, 'SHOW default_transaction_quality_of_service')).toEqual([['background']]);
    await client.query('COMMIT');
    expect(await rows(client, 'SHOW default_transaction_quality_of_service')).toEqual([['regular']]);
  });

  test('they can be given when connecting', async () => {
    const client = await fixture.connect({
      options: '-c default_int_size=4 -c statement_timeout=7s --cluster=abc-123',
    });
    expect(await rows(client, 'SHOW default_int_size')).toEqual([['4']]);
    expect(await rows(client, 'SHOW statement_timeout')).toEqual([['7s']]);
  });

  test('unknown and unsupported variables are errors', async () => {
    const client = await fixture.connect();
    await expect(client.query('SET nonsense_variable = 1')).rejects.toMatchObject({ code: '42704' });
    await expect(client.query('SET session_replication_role = replica')).rejects.toMatchObject({
      code: '0A000',
    });
  });

  test('cluster settings', async () => {
    const client = await fixture.connect();
    expect(await rows(client, 'SHOW CLUSTER SETTING kv.rangefeed.enabled')).toEqual([[false]]);
    await client.query('SET CLUSTER SETTING kv.rangefeed.enabled = true');
    const other = await fixture.connect();
    expect(await rows(other, 'SHOW CLUSTER SETTING kv.rangefeed.enabled')).toEqual([[true]]);
    expect((await client.query('SHOW CLUSTER SETTING version')).rows).toEqual([{ version: '25.4' }]);
    await client.query(`RESET CLUSTER SETTING kv.rangefeed.enabled`);
    await expect(client.query('SHOW CLUSTER SETTING no.such')).rejects.toThrow('unknown setting');
  });
});
