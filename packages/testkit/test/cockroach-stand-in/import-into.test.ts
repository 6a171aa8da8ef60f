import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  azuriteAccount, s3Credentials, startAzurite, startCockroachStandIn, startS3,
} from '../../src/index.js'; // prettier-ignore
import { useFileServer } from './files.js';
import { freshTable, rows, sendExtended, useStandIn } from './fixture.js';

const fixture = useStandIn();
const files = useFileServer();

const succeeded = { status: 'succeeded', fraction_completed: 1 };

describe('IMPORT INTO reads CSV as CockroachDB does', () => {
  test.each([
    {
      what: 'NULL is an empty field without quotes',
      csv: '1,,""\n2,x,"a ""b"""\n',
      options: '',
      found: [
        [1, null, ''],
        [2, 'x', 'a "b"'],
      ],
    },
    {
      what: 'nullif',
      csv: '1,\\N,\n2,"\\N",y\n',
      options: `WITH nullif = '\\N'`,
      found: [
        [1, null, ''],
        [2, '\\N', 'y'],
      ],
    },
    {
      what: 'allow_quoted_null',
      csv: '1,"",\n',
      options: 'WITH allow_quoted_null',
      found: [[1, null, null]],
    },
    {
      what: 'empty lines are no rows',
      csv: '\n1,a,b\n\r\n\n2,c,d',
      options: '',
      found: [
        [1, 'a', 'b'],
        [2, 'c', 'd'],
      ],
    },
    { what: 'a comma too many at the end', csv: '1,a,b,\n', options: '', found: [[1, 'a', 'b']] },
    {
      what: 'line breaks and backslashes in quotes',
      csv: '1,"x\r\ny\\",\t\r\n2,"","z"\r\n',
      options: '',
      found: [
        [1, 'x\r\ny\\', '\t'],
        [2, '', 'z'],
      ],
    },
    { what: 'a stray quote', csv: '1,a"b,"c"d"\n', options: '', found: [[1, 'a"b', 'c"d']] },
    {
      what: 'delimiter, skip, comment and row_limit',
      csv: 'a;b;c\n# no row\n1;x;y\n2;x;y\n',
      options: `WITH delimiter = ';', skip = '1', comment = '#', row_limit = '1'`,
      found: [[1, 'x', 'y']],
    },
  ])('$what', async ({ csv, options, found }) => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT4 PRIMARY KEY, b STRING, c STRING');
    const result = await client.query(
      `IMPORT INTO ${table} (a, b, c) CSV DATA ('${files.put('f.csv', csv)}') ${options}`,
    );
    expect(result.rows).toMatchObject([{ ...succeeded, rows: String(found.length) }]);
    expect(await rows(client, `SELECT * FROM ${table} ORDER BY a`)).toEqual(found);
  });

  test('several files, packed ones among them, beside the rows that are there', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, `a INT4 PRIMARY KEY, b BYTES, c STRING DEFAULT 'left out'`);
    await client.query(`INSERT INTO ${table} VALUES (0)`);
    const urls = [
      files.put('one.csv', '1,\\x6869\n'),
      files.put('two.csv.gz', '2,raw\n'),
      files.put('three', '3,\n'),
    ];
    const list = urls.map((url) => `'${url}'`).join(', ');
    const { rows: told, fields } = await client.query(
      `IMPORT INTO ${fixture.database}.public.${table} (a, b) CSV DATA (${list})`,
    );
    expect(told).toMatchObject([succeeded]);
    expect(fields.map(({ name }) => name)).toEqual([
      'job_id',
      'status',
      'fraction_completed',
      'rows',
      'index_entries',
      'bytes',
    ]);
    expect(await rows(client, `SELECT a, convert_from(b, 'utf8'), c FROM ${table} ORDER BY a`)).toEqual([
      [0, null, 'left out'],
      [1, 'hi', 'left out'],
      [2, 'raw', 'left out'],
      [3, null, 'left out'],
    ]);
  });

  test('from S3, and no secret stays in jobs or in the log', async () => {
    await using s3 = await startS3({ own: true });
    const client = new S3Client({
      endpoint: s3.url,
      forcePathStyle: true,
      region: s3Credentials.region,
      credentials: s3Credentials,
    });
    await client.send(new CreateBucketCommand({ Bucket: 'files' }));
    await client.send(new PutObjectCommand({ Bucket: 'files', Key: 'a/part 1.csv', Body: '1\n2\n' }));
    const logFile = join(await mkdtemp(join(tmpdir(), 'stand-in-')), 'log');
    const standIn = await startCockroachStandIn({
      postgresUrl: fixture.postgresUrl(),
      database: fixture.database,
      logFile,
    });
    const session = await fixture.connectTo(standIn.url);
    const table = await freshTable(session, 'a INT4 PRIMARY KEY');
    const parameters = `AWS_ENDPOINT=${encodeURIComponent(s3.url)}&AWS_ACCESS_KEY_ID=S3RVER&AWS_SECRET_ACCESS_KEY=S3RVER`;
    const imported = await session.query(
      `IMPORT INTO ${table} CSV DATA ('s3://files/a/part%201.csv?${parameters}')`,
    );
    expect(imported.rows).toMatchObject([{ ...succeeded, rows: '2' }]);
    const [job] = await rows(session, `SELECT description FROM [SHOW JOBS (SELECT job_id FROM [SHOW JOBS])]`);
    expect(String(job)).toContain('AWS_SECRET_ACCESS_KEY=redacted');
    expect(await readFile(logFile, 'utf8')).toContain('AWS_SECRET_ACCESS_KEY=redacted');
    expect(await readFile(logFile, 'utf8')).not.toContain('AWS_SECRET_ACCESS_KEY=S3RVER');
    await session.end();
    await standIn.stop();
  });
});

describe('IMPORT INTO from other clouds', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('gs:// at the emulator that STORAGE_EMULATOR_HOST names', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT4 PRIMARY KEY');
    const url = files.put('storage/v1/b/bucket/o/a%2Ff.csv.gz', '1\n2\n');
    vi.stubEnv('STORAGE_EMULATOR_HOST', new URL(url).origin);
    const imported = await client.query(
      `IMPORT INTO ${table} CSV DATA ('gs://bucket/a/f.csv.gz?AUTH=implicit')`,
    );
    expect(imported.rows).toMatchObject([{ ...succeeded, rows: '2' }]);
  });

  test('azure-blob:// at Azurite', async () => {
    await using azurite = await startAzurite();
    const { name, key } = azuriteAccount;
    const container = new BlobServiceClient(
      azurite.url,
      new StorageSharedKeyCredential(name, key),
    ).getContainerClient('files');
    await container.create();
    await container.getBlockBlobClient('a/f 1.csv').upload('1\n2\n', 4);
    vi.stubEnv('AZURE_ENDPOINT', azurite.url);
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT4 PRIMARY KEY');
    const parameters = `AZURE_ACCOUNT_NAME=${name}&AZURE_ACCOUNT_KEY=${encodeURIComponent(key)}`;
    const imported = await client.query(
      `IMPORT INTO ${table} CSV DATA ('azure-blob://files/a/f%201.csv?${parameters}')`,
    );
    expect(imported.rows).toMatchObject([{ ...succeeded, rows: '2' }]);
  });
});

describe('IMPORT INTO is all or nothing', () => {
  test.each([
    {
      what: 'too many fields',
      csv: '1,a\n2,b,c\n',
      says: /f\.csv: error parsing row 2: expected 2 fields, got 3 \(row: 2,b,c\)/,
    },
    {
      what: 'a bad value',
      csv: '1,"a\nb"\nx,b\n',
      says: /f\.csv: error parsing row 2: parse "a" as INTEGER: could not parse "x" .*\(row: x,b\)/,
    },
    {
      what: 'NULL in a key',
      csv: ',a\n',
      says: /error parsing row 1: null value in column "a".*\(row: ,a\)/,
    },
    {
      what: 'a key that is there already',
      csv: '1,a\n7,b\n',
      says: /checking for key collisions: ingested key collides with an existing one: \/Table\/\d+\/1\/7\/0/,
    },
    { what: 'a key twice', csv: '1,a\n1,b\n', says: /duplicate key in primary index: \/Table\/\d+\/1\/1\/0/ },
    { what: 'another unique key twice', csv: '1,a\n2,a\n', says: /duplicate key in index: / },
  ])('$what', async ({ csv, says }) => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT4 PRIMARY KEY, b STRING UNIQUE');
    await client.query(`INSERT INTO ${table} VALUES (7, 'there')`);
    const urls = `'${files.put('first.csv', '3,c\n')}', '${files.put('f.csv', csv)}'`;
    await expect(client.query(`IMPORT INTO ${table} (a, b) CSV DATA (${urls})`)).rejects.toThrow(says);
    expect(await rows(client, `SELECT * FROM ${table}`)).toEqual([[7, 'there']]);
  });

  test('a file that is not there', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT4 PRIMARY KEY');
    const url = files.put('there.csv', '').replace('there', 'nowhere');
    await expect(client.query(`IMPORT INTO ${table} CSV DATA ('${url}')`)).rejects.toThrow(
      /nowhere\.csv: .*404/,
    );
  });
});

describe('IMPORT INTO is refused', () => {
  test.each([
    {
      sql: `IMPORT INTO nowhere CSV DATA ('http://h/f')`,
      code: '42P01',
      says: 'relation "nowhere" does not exist',
    },
    {
      sql: `IMPORT INTO t CSV DATA ('http://h/f') WITH header`,
      code: 'XXUUU',
      says: 'invalid option "header" specified for CSV import format',
    },
    {
      sql: `IMPORT INTO t CSV DATA ('http://h/f') WITH delimiter = 'ab'`,
      code: '42601',
      says: 'invalid comma value',
    },
    {
      sql: `IMPORT INTO t CSV DATA ('http://h/f') WITH skip = '-1'`,
      code: 'XXUUU',
      says: 'skip must be >= 0',
    },
    {
      sql: `IMPORT INTO t (a, double) CSV DATA ('http://h/f')`,
      code: '55000',
      says: 'cannot write directly to computed column "double"',
    },
    { sql: `IMPORT INTO t (b) CSV DATA ('http://h/f')`, code: 'XXUUU', says: 'violated by column "a"' },
    { sql: `IMPORT INTO t (x) CSV DATA ('http://h/f')`, code: '42703', says: 'column "x" does not exist' },
    { sql: `IMPORT INTO t CSV DATA ('ftp://h/f')`, code: 'XXUUU', says: 'unsupported storage scheme: "ftp"' },
    { sql: `IMPORT INTO t CSV DATA ('s3://b/*.csv')`, code: '0A000', says: 'stand-in' },
    { sql: `IMPORT INTO t CSV FILES ('http://h/f')`, code: '42601', says: 'syntax error' },
    {
      sql: `SELECT 1; IMPORT INTO t CSV DATA ('http://h/f')`,
      code: 'XXUUU',
      says: 'inside a multi-statement transaction',
    },
  ])('$sql', async ({ sql, code, says }) => {
    const client = await fixture.connect();
    const table = await freshTable(
      client,
      'a INT4 PRIMARY KEY, b STRING, double INT4 GENERATED ALWAYS AS (a * 2) STORED',
    );
    const refusal = { code, message: expect.stringContaining(says) as string };
    await expect(client.query(sql.replace('INTO t ', `INTO ${table} `))).rejects.toMatchObject(refusal);
  });

  test('in a transaction and in the extended protocol', async () => {
    const client = await fixture.connect();
    const table = await freshTable(client, 'a INT4 PRIMARY KEY');
    const sql = `IMPORT INTO ${table} CSV DATA ('http://h/f')`;
    await client.query('BEGIN');
    await expect(client.query(sql)).rejects.toThrow('inside a multi-statement transaction');
    await client.query('ROLLBACK');
    await expect(sendExtended(client, sql)).rejects.toThrow('stand-in');
  });
});

test('afterwards foreign keys and checks are not valid until somebody validates them', async () => {
  const client = await fixture.connect();
  const parent = await freshTable(client, 'id INT4 PRIMARY KEY');
  const table = await freshTable(
    client,
    `a INT4 PRIMARY KEY CHECK (a > 0), p INT4 REFERENCES ${parent} (id)`,
  );
  const url = files.put('f.csv', '-1,5\n2,6\n');
  await client.query(`IMPORT INTO ${table} CSV DATA ('${url}')`);
  const validity = async (): Promise<unknown[][]> =>
    rows(
      client,
      `SELECT constraint_type, validated FROM [SHOW CONSTRAINTS FROM ${table}] ORDER BY constraint_type`,
    );
  expect(await validity()).toEqual([
    ['CHECK', false],
    ['FOREIGN KEY', false],
    ['PRIMARY KEY', true],
  ]);
  const validate = `ALTER TABLE ${table} VALIDATE CONSTRAINT ${table}_p_fkey`;
  await expect(client.query(validate)).rejects.toMatchObject({ code: '23503' });
  await expect(client.query(`INSERT INTO ${table} VALUES (-2)`)).rejects.toMatchObject({ code: '23514' });
  await client.query(`INSERT INTO ${parent} VALUES (5), (6)`);
  await client.query(validate);
  await client.query(`DELETE FROM ${table} WHERE a < 0`);
  await client.query(`ALTER TABLE ${table} VALIDATE CONSTRAINT ${table}_a_check`);
  expect(await validity()).toEqual([
    ['CHECK', true],
    ['FOREIGN KEY', true],
    ['PRIMARY KEY', true],
  ]);
});
