import { Secret, TsmoltError } from '@tsmolt/core';
import type { FileImporter, ImportFile, ImportRequest, TableName } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import { offered, useContractDatabase } from './contract-database.js';
import type { ContractFixture, OpenContractDatabase } from './contract-database.js';

export interface FileImporterExpectations {
  /** Puts a file where the server can read it. @returns its URL */
  readonly put: (name: string, content: string) => string;
}

/** What every `FileImporter` promises, against a server that reads the files by itself. */
export function fileImporterContract(
  name: string,
  open: OpenContractDatabase,
  expectations: FileImporterExpectations,
): void {
  describe(`${name} as FileImporter`, () => {
    const fixture = useContractDatabase(open);
    const importer: Importer = {
      file: (file, content) => ({
        name: file,
        url: new Secret(expectations.put(`${fixture.schema()}-${file}`, content)),
      }),
      run: (files, changes = {}) => importing(fixture, files, changes),
    };
    describe('importFiles', () => {
      importedRows(fixture, importer);
      refusedImports(fixture, importer);
    });
    describe('findJob and unvalidatedConstraints', () => {
      afterwards(fixture, importer);
    });
  });
}

interface Importer {
  readonly file: (name: string, content: string) => ImportFile;
  readonly run: (files: readonly ImportFile[], changes?: Partial<ImportRequest>) => Promise<Imported>;
}

interface Imported {
  readonly jobs: readonly string[];
  readonly progress: readonly number[];
}

const parts = (fixture: ContractFixture): FileImporter =>
  offered(offered(fixture.database().bulkTarget).importer);

const tableT = (fixture: ContractFixture): TableName => ({ schema: fixture.schema(), table: 't' });

async function importing(
  fixture: ContractFixture,
  files: readonly ImportFile[],
  changes: Partial<ImportRequest>,
): Promise<Imported> {
  const jobs: string[] = [];
  const progress: number[] = [];
  await parts(fixture).importFiles({
    table: tableT(fixture),
    columns: ['id', 'v'],
    format: 'csv',
    files,
    since: longAgo,
    signal: new AbortController().signal,
    onProgress: (fraction) => progress.push(fraction),
    onJob: (job) => Promise.resolve(void jobs.push(job)),
    ...changes,
  });
  return { jobs, progress };
}

const longAgo = new Date(0);

const createT = 'CREATE TABLE t (id int4 PRIMARY KEY, v text)';

const rowsOfT = async (fixture: ContractFixture): Promise<unknown[][]> =>
  (await fixture.sql<{ id: number; v: string | null }>('SELECT id, v FROM t ORDER BY id')).map(
    ({ id, v }) => [id, v],
  );

function importedRows(fixture: ContractFixture, { file, run }: Importer): void {
  test('takes all rows of all files, packed ones too, and tells how far it is', async () => {
    await fixture.sql(createT);
    const { jobs, progress } = await run([
      file('a.csv', '1,x\n2,\n3,""\n'),
      file('b.csv.gz', '4,"line one\nline ""two"", \\"\n'),
    ]);
    expect(await rowsOfT(fixture)).toEqual([
      [1, 'x'],
      [2, null],
      [3, ''],
      [4, 'line one\nline "two", \\'],
    ]);
    expect(jobs).toHaveLength(1);
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual(progress.toSorted((one, other) => one - other));
  });

  test('knows NULL by its mark where that is the format', async () => {
    await fixture.sql('CREATE TABLE t (v text)');
    await run([file('a.csv', '\\N\n""\n"\\N"\n')], { columns: ['v'], format: 'csv-marked-null' });
    const rows = await fixture.sql<{ v: string | null }>('SELECT v FROM t');
    expect(rows.map(({ v }) => v)).toEqual(expect.arrayContaining([null, '', '\\N']));
    expect(rows).toHaveLength(3);
  });

  test('adds to the rows that are there, in the order of columns that was asked for', async () => {
    await fixture.sql(createT, `INSERT INTO t VALUES (1, 'old')`);
    await run([file('a.csv', 'new,2\n')], { columns: ['v', 'id'] });
    expect(await rowsOfT(fixture)).toEqual([
      [1, 'old'],
      [2, 'new'],
    ]);
  });

  test('follows a job that was started before', async () => {
    await fixture.sql(createT);
    const files = [file('a.csv', '1,x\n')];
    const { jobs } = await run(files);
    const again = await run(files, { job: jobs[0] ?? '' });
    expect(again.jobs).toEqual(jobs);
    expect(await rowsOfT(fixture)).toEqual([[1, 'x']]);
  });

  test('an import that was told to stop before starts nothing', async () => {
    await fixture.sql(createT);
    const stopped = run([file('a.csv', '1,x\n')], { signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'TSM1005' });
    expect(await rowsOfT(fixture)).toEqual([]);
  });
}

function refusedImports(fixture: ContractFixture, { file, run }: Importer): void {
  test.each([
    { what: 'a number that is none', content: '2,b\nx,c\n', says: /: bad\.csv, row 2: / },
    { what: 'too many fields', content: '2,b,c\n', says: /: bad\.csv, row 1: expected 2 fields, got 3/ },
    { what: 'a key that is there already', content: '7,b\n', says: /key collides with an existing one/ },
    { what: 'a key twice', content: '2,b\n2,c\n', says: /duplicate key/ },
  ])('$what: nothing is imported, and the error says where', async ({ content, says }) => {
    await fixture.sql(createT, `INSERT INTO t VALUES (7, 'there')`);
    const failure = await run([file('good.csv', '3,a\n'), file('bad.csv', content)]).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(failure).toBeInstanceOf(TsmoltError);
    expect(failure).toMatchObject({
      code: 'TSM4009',
      kind: 'operator',
      message: expect.stringMatching(says) as string,
    });
    expect((failure as TsmoltError).message).not.toContain('://');
    expect(await rowsOfT(fixture)).toEqual([[7, 'there']]);
  });

  test('a file that is not there is named', async () => {
    await fixture.sql(createT);
    const there = file('a.csv', '');
    const missing = { name: 'gone.csv', url: new Secret(there.url.reveal().replace('a.csv', 'gone.csv')) };
    await expect(run([missing])).rejects.toMatchObject({
      message: expect.stringContaining('gone.csv') as string,
    });
  });

  test('a table that is not there is an error', async () => {
    await expect(run([file('a.csv', '1,x\n')])).rejects.toMatchObject({ code: 'TSM3002' });
  });
}

function afterwards(fixture: ContractFixture, { file, run }: Importer): void {
  test('findJob finds the job of exactly these files, in whatever order', async () => {
    await fixture.sql(createT);
    const [a, b] = [file('a.csv', '1,x\n'), file('b.csv', '2,y\n')];
    const { jobs } = await run([a, b]);
    const find = (...files: ImportFile[]): Promise<string | undefined> =>
      parts(fixture).findJob({ table: tableT(fixture), files, since: longAgo });
    expect(await find(b, a)).toBe(jobs[0]);
    expect(await find(a)).toBeUndefined();
  });

  test('findJob finds no job of an earlier run, whose files had the same names', async () => {
    await fixture.sql(createT);
    const files = [file('a.csv', '1,x\n')];
    await run(files);
    const since = new Date(Date.now() + 60_000);
    expect(await parts(fixture).findJob({ table: tableT(fixture), files, since })).toBeUndefined();
  });

  test('findJob does not find a job that has failed: its files may be imported again', async () => {
    await fixture.sql(createT);
    const files = [file('a.csv', 'x,x\n')];
    await expect(run(files)).rejects.toThrow('a.csv');
    expect(await parts(fixture).findJob({ table: tableT(fixture), files, since: longAgo })).toBeUndefined();
  });

  test('constraints that nobody vouches for are listed with the statement that checks them', async () => {
    await fixture.sql(
      'CREATE TABLE parent (id int4 PRIMARY KEY)',
      'CREATE TABLE t (id int4 PRIMARY KEY, v int4 REFERENCES parent (id), CHECK (id > 0))',
    );
    await run([file('a.csv', '1,5\n')]);
    const listed = await parts(fixture).unvalidatedConstraints([tableT(fixture)]);
    expect(listed).toHaveLength(2);
    await fixture.sql('INSERT INTO parent VALUES (5)', ...listed.map(({ statement }) => statement));
    expect(await parts(fixture).unvalidatedConstraints([tableT(fixture)])).toEqual([]);
  });
}
