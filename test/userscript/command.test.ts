import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tsmolt } from '../support/tsmolt.js';
import { scriptFile } from './scripted-run.js';

async function folderForTest(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'userscript-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function eventsFile(...lines: readonly (string | object)[]): Promise<string> {
  const path = join(await folderForTest(), 'events.jsonl');
  await writeFile(
    path,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return path;
}

const order = (id: string): object => ({
  table: { schema: 'public', table: 'orders' },
  kind: 'upsert',
  key: { id },
  values: { total: '9.50' },
});

describe('tsmolt userscript test', () => {
  test('prints what a script would do, one JSON object a line', async () => {
    const script = await scriptFile(
      `api.configureTargetSchema('public', {
         onRowUpsert(row) { console.log('row', row.id); return row.id === '2' ? null : { archive: [{ id: row.id, total: 1 }] }; },
         onRowDelete: (row) => row,
       });
       api.configureTargetTables(['archive'], {
         async onWrite(rows) { await api.getTX().exec('SELECT $1', rows.length); await api.write(rows); },
       });`,
    );
    const done = await tsmolt(
      'userscript',
      'test',
      script.path,
      '--events',
      await eventsFile(order('1'), '', order('2')),
    );
    expect(done.exitCode, done.stderr).toBe(0);
    expect(
      done.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { did: 'log', level: 'info', message: 'row 1' },
      { did: 'log', level: 'info', message: 'row 2' },
      { did: 'filter', line: 3, table: 'orders' },
      { did: 'exec', line: 1, sql: 'SELECT $1', values: ['1'] },
      {
        did: 'write',
        line: 1,
        row: {
          table: { schema: 'public', table: 'archive' },
          kind: 'upsert',
          values: { id: '1', total: '1' },
          key: { id: '1' },
        },
      },
    ]);
  });

  test('a script that fails ends it with 1, and the place', async () => {
    const script = await scriptFile(
      `api.configureTargetSchema('public', { onRowUpsert(row) {\nthrow new Error('no'); }, onRowDelete: (row) => row });`,
    );
    const done = await tsmolt('userscript', 'test', script.path, '--events', await eventsFile(order('1')));
    expect(done.exitCode).toBe(1);
    expect(done.stderr).toMatch(
      /TSM7006: .+script\.ts:3:\d+: onRowUpsert of public\.orders \(id=1\): Error: no/,
    );
  });

  test.each([
    [
      'events that are not there',
      2,
      ['--events', '/nowhere/events.jsonl'],
      /TSM1001: --events \/nowhere\/events\.jsonl cannot be read/,
    ],
    ['no events', 2, [], /required option '--events <file>'/],
  ])('%s: %i', async (_, code, args, words) => {
    const script = await scriptFile('');
    const done = await tsmolt('userscript', 'test', script.path, ...args);
    expect(done.stderr).toMatch(words);
    expect(done.exitCode).toBe(code);
  });

  test('a script that is not there, and a line that is no change, by name', async () => {
    const events = await eventsFile(order('1'), 'nonsense');
    const missing = await tsmolt('userscript', 'test', '/nowhere/script.ts', '--events', events);
    expect(missing.exitCode).toBe(1);
    expect(missing.stderr).toContain('TSM1006: there is no userscript /nowhere/script.ts');
    const script = await scriptFile('');
    const done = await tsmolt('userscript', 'test', script.path, '--events', events);
    expect(done.exitCode).toBe(1);
    expect(done.stderr).toContain(`TSM1006: ${events}:2: is no JSON`);
  });

  test('help shows a recorded change and the exit codes', async () => {
    const done = await tsmolt('userscript', '--help');
    expect(done.exitCode).toBe(0);
    expect(done.stdout).toContain('"kind":"upsert"');
    expect(done.stdout).toContain('Exit codes: 0 done, 1 the script failed, 2 wrong use.');
    const own = await tsmolt('userscript', 'test', '--help');
    expect(own.stdout).toContain('--events <file>');
    expect(own.stdout).toContain('"kind":"upsert"');
  });
});

describe('tsmolt userscript types', () => {
  test('writes the types, and leaves a tsconfig.json alone', async () => {
    const folder = await folderForTest();
    const first = await tsmolt('userscript', 'types', folder);
    expect(first.exitCode, first.stderr).toBe(0);
    expect(first.stdout.trimEnd().split('\n')).toEqual([
      join(folder, 'replicator@v2.d.ts'),
      join(folder, 'tsconfig.json'),
    ]);
    expect(await readFile(join(folder, 'replicator@v2.d.ts'), 'utf8')).toContain(
      "declare module 'replicator@v2'",
    );
    await writeFile(join(folder, 'tsconfig.json'), '{}');
    const second = await tsmolt('userscript', 'types', folder);
    expect(second.stdout.trimEnd()).toBe(join(folder, 'replicator@v2.d.ts'));
    expect(await readFile(join(folder, 'tsconfig.json'), 'utf8')).toBe('{}');
  });

  test('a directory that cannot be written to: 1', async () => {
    const path = join(await folderForTest(), 'file');
    await writeFile(path, '');
    const done = await tsmolt('userscript', 'types', path);
    expect(done.exitCode).toBe(1);
    expect(done.stderr).toContain('TSM4006');
  });
});
