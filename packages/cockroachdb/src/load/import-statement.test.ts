import { Secret } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import { describesFiles, importStatement, mayBeInto } from './import-statement.js';

const file = (url: string): { name: string; url: Secret } => ({ name: 'f', url: new Secret(url) });
const request = {
  table: { schema: 'public', table: 'Or"ders' },
  columns: ['id', 'b c'],
  format: 'csv',
} as const;

test('the statement quotes names and URLs and does not wait', () => {
  const files = [file(`s3://b/it's.csv?AWS_SECRET_ACCESS_KEY=x`), file('http://h/2.csv.gz')];
  expect(importStatement({ ...request, files })).toBe(
    `IMPORT INTO "public"."Or""ders" ("id", "b c") CSV DATA ('s3://b/it''s.csv?AWS_SECRET_ACCESS_KEY=x', 'http://h/2.csv.gz') WITH detached`,
  );
});

test('the mark of NULL, and names that look like patterns', () => {
  const statement = importStatement({
    ...request,
    format: 'csv-marked-null',
    files: [file('s3://b/a*.csv')],
  });
  expect(statement).toMatch(/ WITH detached, nullif = '\\N', disable_glob_matching$/);
});

describe('the job of the same files', () => {
  const description = (data: string): string =>
    `IMPORT INTO d.public.t(id) CSV DATA (${data}) WITH OPTIONS (detached)`;

  test.each([
    [`'s3://b/a%20b.csv?AUTH=specified&AWS_SECRET_ACCESS_KEY=redacted', 'http://h:1/2.csv'`, true],
    [`'http://h:1/2.csv', 's3://b/a b.csv?AWS_SECRET_ACCESS_KEY=redacted'`, true],
    [`'http://other:2/2.csv', 's3://b/a%20b.csv'`, true],
    [`'http://h:1/2.csv'`, false],
    [`'http://h:1/x/2.csv', 's3://b/a%20b.csv'`, false],
    [`'s3://b/a%20b.csv', 'http://h:1/2.csv', 'http://h:1/3.csv'`, false],
    [`'s3://other/a%20b.csv', 'http://h:1/2.csv'`, false],
  ])('%s: %s', (data, same) => {
    const files = [file('s3://b/a%20b.csv?AWS_SECRET_ACCESS_KEY=s&AUTH=specified'), file('http://h:1/2.csv')];
    expect(describesFiles(description(data), files)).toBe(same);
  });

  test('quotes in URLs', () => {
    expect(describesFiles(description(`'http://h/it''s.csv'`), [file(`http://h/it's.csv`)])).toBe(true);
    expect(describesFiles(description(`e'http://h/it\\'s.csv'`), [file(`http://h/it's.csv`)])).toBe(true);
  });

  test.each([
    ['IMPORT INTO d.public.t(id) CSV DATA (', true],
    ['IMPORT INTO d.public."t"(id) CSV', true],
    ['IMPORT INTO d.public.other(id) CSV DATA (', false],
    ['IMPORT INTO d.public.a_name_that_the_list_cuts', true],
  ])('a listed description %j may be of table t: %s', (listed, possible) => {
    expect(mayBeInto(listed, 't')).toBe(possible);
  });
});
