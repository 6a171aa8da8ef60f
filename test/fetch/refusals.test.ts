import { runSql } from '@tsmolt/testkit';
import { describe, expect, test } from 'vitest';
import { tsmolt, tsmoltFetch } from '../support/tsmolt.js';
import type { Finished } from '../support/tsmolt.js';
import { twoDatabases } from '../support/two-databases.js';

const databases = twoDatabases();

function changed(url: string, change: (url: URL) => void): string {
  const copy = new URL(url);
  change(copy);
  return copy.href;
}

/** The one sentence and the one advice that a person reads. */
function lastWords(run: Finished): { code: unknown; message: string; advice: unknown } {
  expect(run.exitCode, run.failure).toBe(1);
  const { code, message, advice } = run.line(/^Error: /);
  return { code, message, advice };
}

/** Runs fetch as a user of the source who may read this one table. */
async function recreateAsReaderOf(table: string): Promise<{ user: string; run: Finished }> {
  const user = `reader_${new URL(databases.source).pathname.slice(1)}`;
  await runSql(
    databases.source,
    `CREATE ROLE ${user} LOGIN PASSWORD 'reader'`,
    `GRANT SELECT ON ${table} TO ${user}`,
  );
  try {
    const source = changed(databases.source, (url) => {
      url.username = user;
      url.password = 'reader';
    });
    const handling = ['--table-handling', 'drop-on-target-and-recreate'];
    return { user, run: await tsmoltFetch(source, databases.target, '--direct-copy', ...handling) };
  } finally {
    await runSql(databases.source, `DROP OWNED BY ${user}`, `DROP ROLE ${user}`);
  }
}

describe('connecting', () => {
  test('a wrong password names server and user', async () => {
    const run = await tsmoltFetch(
      changed(databases.source, (url) => (url.password = 'wrong')),
      databases.target,
      '--direct-copy',
    );
    expect(lastWords(run)).toEqual({
      code: 'TSM2003',
      message: expect.stringMatching(
        /^Error: source: .*127\.0\.0\.1:\d+, user "postgres", .*password authentication failed/,
      ),
      advice: expect.stringContaining('Check user and password'),
    });
  });

  test('an unknown host is named', async () => {
    const target = changed(databases.target, (url) => (url.hostname = 'no-such-host.invalid'));
    expect(lastWords(await tsmoltFetch(databases.source, target, '--direct-copy'))).toEqual({
      code: 'TSM2002',
      message: expect.stringMatching(/^Error: target: .*no-such-host\.invalid/),
      advice: expect.stringContaining('Check the host name'),
    });
  });

  test('a port where nobody listens is named', async () => {
    const target = changed(databases.target, (url) => (url.port = '1'));
    expect(lastWords(await tsmoltFetch(databases.source, target, '--direct-copy'))).toEqual({
      code: 'TSM2001',
      message: expect.stringMatching(/^Error: target: .*127\.0\.0\.1:1: .*ECONNREFUSED/),
      advice: expect.stringContaining('host and port'),
    });
  });

  test('a database that does not exist is named', async () => {
    const source = changed(databases.source, (url) => (url.pathname = '/nothing_here'));
    expect(lastWords(await tsmoltFetch(source, databases.target, '--direct-copy'))).toMatchObject({
      code: 'TSM2006',
      message: expect.stringContaining('database "nothing_here" does not exist'),
    });
  });

  test('an unencrypted connection is refused unless it is allowed', async () => {
    const args = [
      '--target',
      databases.target,
      '--direct-copy',
      '--non-interactive',
      '--metrics-listen-addr',
      '127.0.0.1:0',
    ];
    const disabled = changed(databases.source, (url) => url.searchParams.set('sslmode', 'disable'));
    expect(lastWords(await tsmolt('fetch', '--source', disabled, ...args))).toMatchObject({
      code: 'TSM2004',
      advice: expect.stringContaining('--allow-tls-mode-disable'),
    });
    const preferred = changed(databases.source, (url) => url.searchParams.set('sslmode', 'prefer'));
    expect(lastWords(await tsmolt('fetch', '--source', preferred, ...args))).toMatchObject({
      code: 'TSM2004',
      message: expect.stringContaining('the server does not offer TLS'),
    });
  });

  test('a mistyped parameter of the connection string is not ignored', async () => {
    const source = changed(databases.source, (url) => url.searchParams.set('sslmod', 'verify-full'));
    expect(lastWords(await tsmoltFetch(source, databases.target, '--direct-copy'))).toMatchObject({
      code: 'TSM1002',
      message: expect.stringContaining('unknown parameter sslmod'),
    });
  });
});

describe('what is there', () => {
  test('filters that let nothing through', async () => {
    await runSql(databases.source, 'CREATE TABLE t (id int PRIMARY KEY)');
    const run = await tsmoltFetch(
      databases.source,
      databases.target,
      '--direct-copy',
      '--table-filter',
      '^nothing$',
    );
    expect(lastWords(run)).toMatchObject({
      code: 'TSM3005',
      message: expect.stringContaining("tables '^nothing$'"),
    });
  });

  test('a filter that is no regular expression', async () => {
    const run = await tsmoltFetch(
      databases.source,
      databases.target,
      '--direct-copy',
      '--table-filter',
      '(open',
    );
    expect(lastWords(run)).toMatchObject({
      code: 'TSM1003',
      message: expect.stringContaining('--table-filter'),
    });
  });

  test('a table that is missing on the target', async () => {
    await runSql(databases.source, 'CREATE TABLE orders (id int PRIMARY KEY)');
    expect(lastWords(await tsmoltFetch(databases.source, databases.target, '--direct-copy'))).toEqual({
      code: 'TSM3003',
      message: 'Error: public.orders does not exist on the target',
      advice: expect.stringContaining('drop-on-target-and-recreate'),
    });
  });

  const mismatches = [
    { what: 'no primary key', source: '(id int)', target: '(id int)', tag: 'missing primary key', sentence: /has no primary key on the source/ },
    { what: 'another primary key', source: '(id int PRIMARY KEY, n int NOT NULL)', target: '(id int NOT NULL, n int PRIMARY KEY)', tag: 'primary key mismatch', sentence: /primary key \(id\) on the source and primary key \(n\)/ },
    { what: 'another type', source: '(id int PRIMARY KEY, v text)', target: '(id int PRIMARY KEY, v int)', tag: 'type mismatch', sentence: /public\.t\.v is text on the source and integer on the target/ },
    { what: 'a missing column', source: '(id int PRIMARY KEY, v text)', target: '(id int PRIMARY KEY)', tag: 'missing column on target', sentence: /public\.t\.v \(text\) does not exist on the target/ },
    { what: 'a stricter column', source: '(id int PRIMARY KEY, v text)', target: '(id int PRIMARY KEY, v text NOT NULL)', tag: 'nullability mismatch', sentence: /may be NULL on the source and is NOT NULL on the target/ },
    { what: 'another collation', source: '(id text PRIMARY KEY)', target: '(id text COLLATE "unicode" PRIMARY KEY)', tag: 'collation mismatch', sentence: /collated by default on the source and unicode on the target/ },
    { what: 'a column that only the target has and nothing fills', source: '(id int PRIMARY KEY)', target: '(id int PRIMARY KEY, v text NOT NULL)', tag: 'extraneous column on target', sentence: /public\.t\.v exists on the target only/ },
  ]; // prettier-ignore

  test.each(mismatches)(
    '$what stops the load before it starts',
    async ({ source, target, tag, sentence }) => {
      await runSql(databases.source, `CREATE TABLE t ${source}`);
      await runSql(databases.target, `CREATE TABLE t ${target}`);
      const run = await tsmoltFetch(
        databases.source,
        databases.target,
        '--direct-copy',
        '--table-handling',
        'truncate-if-exists',
      );
      expect(lastWords(run)).toMatchObject({
        code: 'TSM3003',
        message: expect.stringMatching(sentence),
        advice: expect.stringMatching(/\w+/),
      });
      expect(run.line(sentence)).toMatchObject({ mismatch_tag: tag, failable_mismatch: true });
    },
  );

  const tolerated: [string, string, string, string][] = [
    [
      'a column that only the target has',
      '(id int PRIMARY KEY)',
      '(id int PRIMARY KEY, v text)',
      'extraneous column on target',
    ],
    [
      'a laxer column',
      '(id int PRIMARY KEY, v text NOT NULL)',
      '(id int PRIMARY KEY, v text)',
      'nullability mismatch',
    ],
    [
      'a check that only the target has',
      '(id int PRIMARY KEY)',
      '(id int PRIMARY KEY CHECK (id > 0))',
      'constraint on target only',
    ],
  ];

  test.each(tolerated)('%s is said and the load goes on', async (_name, source, target, tag) => {
    await runSql(databases.source, `CREATE TABLE t ${source}`);
    await runSql(databases.target, `CREATE TABLE t ${target}`);
    const run = await tsmoltFetch(databases.source, databases.target, '--direct-copy');
    expect(run.exitCode, run.failure).toBe(0);
    expect(run.log.find((line) => line['mismatch_tag'] === tag)).toMatchObject({
      level: 'warn',
      failable_mismatch: false,
    });
  });

  test('a missing privilege names the table', async () => {
    await runSql(
      databases.source,
      'CREATE TABLE open_table (id int PRIMARY KEY)',
      'CREATE TABLE closed_table (id int PRIMARY KEY)',
    );
    const { user, run } = await recreateAsReaderOf('open_table');
    expect(lastWords(run)).toEqual({
      code: 'TSM3001',
      message: `Error: user "${user}" may not read public.closed_table on the source`,
      advice: expect.stringContaining('Grant SELECT'),
    });
  });

  test('rows that a policy would hide are an error, not a loss', async () => {
    await runSql(
      databases.source,
      'CREATE TABLE secrets (id int PRIMARY KEY)',
      'INSERT INTO secrets VALUES (1), (2)',
      'ALTER TABLE secrets ENABLE ROW LEVEL SECURITY',
      'CREATE POLICY odd ON secrets USING (id % 2 = 1)',
    );
    const { run } = await recreateAsReaderOf('secrets');
    expect(lastWords(run).message).toContain(
      'query would be affected by row-level security policy for table "secrets"',
    );
  });
});

describe('what the target refuses', () => {
  test('a row that breaks a constraint is named, and nothing of its batch stays', async () => {
    await runSql(
      databases.source,
      'CREATE TABLE t (id int PRIMARY KEY, n int)',
      'INSERT INTO t SELECT i, i FROM generate_series(1, 100) i',
    );
    await runSql(databases.target, 'CREATE TABLE t (id int PRIMARY KEY, n int CHECK (n < 90))');
    const run = await tsmoltFetch(databases.source, databases.target, '--direct-copy');
    expect(lastWords(run)).toMatchObject({
      code: 'TSM4001',
      message: expect.stringMatching(/public\.t, shard 1.*t_n_check.*line 90/),
    });
    expect(await runSql(databases.target, 'SELECT count(*)::int AS rows FROM t')).toEqual([{ rows: 0 }]);
  });

  test('a trigger that swallows rows is found by the counts', async () => {
    await runSql(
      databases.source,
      'CREATE TABLE t (id int PRIMARY KEY)',
      'INSERT INTO t SELECT generate_series(1, 100)',
    );
    await runSql(
      databases.target,
      'CREATE TABLE t (id int PRIMARY KEY)',
      'CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.id % 10 = 0 THEN NULL ELSE NEW END; END $$',
      'CREATE TRIGGER swallow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION swallow()',
    );
    const run = await tsmoltFetch(databases.source, databases.target, '--direct-copy');
    expect(lastWords(run)).toEqual({
      code: 'TSM4004',
      message: expect.stringContaining('public.t, shard 1: the source sent 100 rows and the target took 90'),
      advice: expect.stringContaining('triggers'),
    });
  });

  test('a trigger that changes values is found by the checksum, with exit code 1', async () => {
    await runSql(
      databases.source,
      'CREATE TABLE t (id int PRIMARY KEY, v text)',
      `INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 100) i`,
    );
    await runSql(
      databases.target,
      'CREATE TABLE t (id int PRIMARY KEY, v text)',
      `CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 42 THEN NEW.v := 'v43'; END IF; RETURN NEW; END $$`,
      'CREATE TRIGGER spoil BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION spoil()',
    );
    const run = await tsmoltFetch(databases.source, databases.target, '--direct-copy', '--checksum');
    expect(lastWords(run)).toMatchObject({ code: 'TSM4005', message: expect.stringContaining('public.t') });
    expect(run.line('data import on target for table complete')).toMatchObject({
      num_rows: 100,
      checksum_equal: false,
    });
  });

  test('tables that others refer to are neither truncated nor dropped by cascade', async () => {
    await runSql(databases.source, 'CREATE TABLE parent (id int PRIMARY KEY)');
    await runSql(
      databases.target,
      'CREATE TABLE parent (id int PRIMARY KEY)',
      'INSERT INTO parent VALUES (1)',
      'CREATE TABLE child (id int PRIMARY KEY REFERENCES parent)',
      'INSERT INTO child VALUES (1)',
    );
    for (const handling of ['truncate-if-exists', 'drop-on-target-and-recreate']) {
      const run = await tsmoltFetch(
        databases.source,
        databases.target,
        '--direct-copy',
        '--table-handling',
        handling,
      );
      expect(lastWords(run)).toMatchObject({
        code: 'TSM3006',
        advice: expect.stringContaining('foreign keys'),
      });
    }
    expect(
      await runSql(
        databases.target,
        'SELECT (SELECT count(*)::int FROM parent) AS parents, (SELECT count(*)::int FROM child) AS children',
      ),
    ).toEqual([{ parents: 1, children: 1 }]);
  });
});

describe('use', () => {
  test('nothing that says how rows travel', async () => {
    expect(lastWords(await tsmoltFetch(databases.source, databases.target))).toMatchObject({
      code: 'TSM1001',
      advice: expect.stringContaining('--direct-copy'),
    });
  });

  test('a value that is no choice and a number that is none are wrong use: exit code 2', async () => {
    const choice = await tsmoltFetch(databases.source, databases.target, '--table-handling', 'destroy');
    expect(choice.exitCode).toBe(2);
    expect(choice.stderr).toContain(
      'Allowed choices are none, truncate-if-exists, drop-on-target-and-recreate',
    );
    const number = await tsmoltFetch(databases.source, databases.target, '--export-concurrency', 'many');
    expect(number.exitCode).toBe(2);
    expect(number.stderr).toContain('whole number');
  });
});
