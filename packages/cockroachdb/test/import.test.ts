import { inspect } from 'node:util';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Secret } from '@tsmolt/core';
import type { FileImporter, ImportFile, ImportRequest } from '@tsmolt/core';
import { connectSql, runSql, s3Credentials, startFileServer, startS3 } from '@tsmolt/testkit';
import type { FileServer } from '@tsmolt/testkit';
import { fileImporterContract } from '@tsmolt/testkit/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStandIn } from './open-stand-in.js';
import type { OpenedStandIn } from './open-stand-in.js';

let files: FileServer;
beforeAll(async () => {
  files = await startFileServer();
});
afterAll(() => files.stop());

fileImporterContract('CockroachDB (stand-in)', openStandIn, {
  put: (name, content) => files.put(name, content),
});

describe('IMPORT INTO on the stand-in', () => {
  let opened: OpenedStandIn;
  let table: string;
  let count = 0;
  beforeAll(async () => {
    opened = await openStandIn();
  });
  beforeEach(async () => {
    table = `t${++count}`;
    await runSql(opened.url, `CREATE TABLE ${table} (id INT4 PRIMARY KEY, v STRING)`);
  });
  afterAll(() => opened.close());

  const importer = (database = opened.database): FileImporter => {
    const found = database.bulkTarget?.importer;
    if (found === undefined) throw new Error('the adapter has no importer');
    return found;
  };
  const file = (content = '1,x\n2,y\n'): ImportFile => ({
    name: 'part_0001.csv',
    url: new Secret(files.put(`${table}/part_0001.csv`, content)),
  });
  const request = (changes: Partial<ImportRequest> = {}): ImportRequest => ({
    table: { schema: 'public', table },
    columns: ['id', 'v'],
    format: 'csv',
    files: [file()],
    since: new Date(0),
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onJob: () => Promise.resolve(),
    ...changes,
  });
  const rowCount = async (): Promise<number> => (await runSql(opened.url, `SELECT id FROM ${table}`)).length;
  const jobsOfTable = (): Promise<unknown[]> =>
    runSql(opened.url, `SELECT job_id, status FROM [SHOW JOBS] WHERE description LIKE '%.${table}(%'`);

  test('reads from S3, and neither errors nor jobs tell the secret', async () => {
    await using s3 = await startS3({ own: true });
    const client = new S3Client({
      endpoint: s3.url,
      forcePathStyle: true,
      region: s3Credentials.region,
      credentials: s3Credentials,
    });
    await client.send(new CreateBucketCommand({ Bucket: 'files' }));
    await client.send(new PutObjectCommand({ Bucket: 'files', Key: 'good.csv', Body: '1,x\n' }));
    await client.send(new PutObjectCommand({ Bucket: 'files', Key: 'bad.csv', Body: 'x,x\n' }));
    const parameters = `AWS_ENDPOINT=${encodeURIComponent(s3.url)}&AWS_ACCESS_KEY_ID=S3RVER&AWS_SECRET_ACCESS_KEY=S3RVER`;
    const at = (name: string): ImportFile => ({ name, url: new Secret(`s3://files/${name}?${parameters}`) });
    await importer().importFiles(request({ files: [at('good.csv')] }));
    expect(await rowCount()).toBe(1);
    expect(await importer().findJob(request({ files: [at('good.csv')] }))).toMatch(/^\d+$/);
    const failing = importer().importFiles(request({ files: [at('bad.csv')] }));
    await expect(failing).rejects.toMatchObject({
      message: expect.stringMatching(/^importing public\.\w+: bad\.csv, row 1: parse "id"(?!.*S3RVER)/),
    });
  });

  test('the signal cancels the job, and its end is waited for', async () => {
    const controller = new AbortController();
    const hold = opened.standIn.holdJob(new RegExp(`\\.${table}\\(`));
    const importing = importer().importFiles(request({ signal: controller.signal }));
    await hold.reached;
    controller.abort();
    await expect(importing).rejects.toMatchObject({ code: 'TSM1005' });
    expect(await jobsOfTable()).toMatchObject([{ status: 'canceled' }]);
    expect(await rowCount()).toBe(0);
  });

  test('a job that somebody else cancelled is an error that says so', async () => {
    const hold = opened.standIn.holdJob(new RegExp(`\\.${table}\\(`));
    const importing = importer().importFiles(
      request({
        onJob: async (job) => {
          await hold.reached;
          await runSql(opened.url, `CANCEL JOB ${job}`);
        },
      }),
    );
    await expect(importing).rejects.toMatchObject({
      code: 'TSM4009',
      message: expect.stringContaining('cancelled'),
    });
  });

  test.each([
    { what: 'the connection breaks', fault: { disconnect: true } },
    { what: 'the server does not know (40003)', fault: { sqlstate: '40003' } },
  ])(
    '$what after the job was accepted: the job is found, and nothing is imported twice',
    async ({ fault }) => {
      opened.standIn.faults.failNext({ match: /^IMPORT/, outcome: 'kept', ...fault });
      await importer().importFiles(request());
      expect(await rowCount()).toBe(2);
      expect(await jobsOfTable()).toHaveLength(1);
    },
  );

  test.each([
    { what: 'the connection breaks', fault: { disconnect: true } },
    { what: 'a conflict (40001)', fault: { sqlstate: '40001' } },
  ])('$what before: it is started again', async ({ fault }) => {
    opened.standIn.faults.failNext({ match: /^IMPORT/, outcome: 'undone', ...fault });
    await importer().importFiles(request());
    expect(await rowCount()).toBe(2);
    expect(await jobsOfTable()).toHaveLength(1);
  });

  test('a connection that breaks while the job runs does not matter', async () => {
    opened.standIn.faults.failNext({ match: /FROM \[SHOW JOB \d/, disconnect: true, times: 2 });
    await importer().importFiles(request());
    expect(await rowCount()).toBe(2);
  });

  test('another process finds the job of one that died, and follows it', async () => {
    const hold = opened.standIn.holdJob(new RegExp(`\\.${table}\\(`));
    const started = importer().importFiles(request());
    await hold.reached;
    const other = importer(await opened.openAgain());
    const job = await other.findJob(request());
    const [listed] = await jobsOfTable();
    expect(listed).toMatchObject({ job_id: job, status: 'running' });
    const following = other.importFiles(request({ job: job ?? '' }));
    hold.release();
    await Promise.all([started, following]);
    expect(await rowCount()).toBe(2);
  });

  test('a table that another import works on', async () => {
    const hold = opened.standIn.holdJob(new RegExp(`\\.${table}\\(`));
    const first = importer().importFiles(request());
    await hold.reached;
    await expect(importer().importFiles(request())).rejects.toMatchObject({
      code: 'TSM4009',
      message: expect.stringContaining('offline'),
      advice: expect.stringContaining('SHOW JOBS'),
    });
    hold.release();
    await first;
  });

  test('a job that fails midway leaves nothing, and its words are told', async () => {
    opened.standIn.faults.failNext({ at: 'job', match: /./, message: 'out of disk space on node 2' });
    await expect(importer().importFiles(request())).rejects.toMatchObject({
      code: 'TSM4009',
      message: expect.stringContaining('out of disk space on node 2'),
    });
    expect(await rowCount()).toBe(0);
  });

  test('a server that repeats the statement in its error does not make us tell the secrets in it', async () => {
    const message = `at or near "x": syntax error: source SQL: DATA ('s3://b/f.csv?AWS_SECRET_ACCESS_KEY=hidden')`;
    opened.standIn.faults.failNext({ match: /^IMPORT/, sqlstate: '42601', message });
    const failure: unknown = await importer()
      .importFiles(request())
      .catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ message: expect.stringContaining(`source SQL: DATA ('f.csv')`) });
    expect(inspect(failure, { depth: 9 })).not.toContain('hidden');
  });

  test('a job that cannot be noted is undone', async () => {
    opened.standIn.holdJob(new RegExp(`\\.${table}\\(`));
    const onJob = (): Promise<void> => Promise.reject(new Error('no place to note it'));
    await expect(importer().importFiles(request({ onJob }))).rejects.toThrow('no place to note it');
    expect(await jobsOfTable()).toMatchObject([{ status: 'canceled' }]);
    expect(await rowCount()).toBe(0);
  });

  test('a job that cannot be asked for any more is no reason to import again', async () => {
    opened.standIn.faults.failNext({ match: /FROM \[SHOW JOB \d/, sqlstate: '42501', message: 'not you' });
    await expect(importer().importFiles(request())).rejects.toMatchObject({
      code: 'TSM4007',
      kind: 'operator',
    });
  });

  test('a job that the cluster has forgotten', async () => {
    await expect(importer().importFiles(request({ job: '17' }))).rejects.toMatchObject({ code: 'TSM4007' });
  });

  test('a paused job waits for a person', async () => {
    const hold = opened.standIn.holdJob(new RegExp(`\\.${table}\\(`));
    const importing = importer().importFiles(request());
    await hold.reached;
    const client = await connectSql(opened.url);
    const { rows } = await client.query<{ job_id: string }>(
      `SELECT job_id FROM [SHOW JOBS] WHERE description LIKE '%.${table}(%'`,
    );
    await client.query(`PAUSE JOB ${rows[0]?.job_id}`);
    await expect.poll(() => jobsOfTable()).toMatchObject([{ status: 'paused' }]);
    await client.query(`RESUME JOB ${rows[0]?.job_id}`);
    await client.end();
    await importing;
    expect(await rowCount()).toBe(2);
  });
});
