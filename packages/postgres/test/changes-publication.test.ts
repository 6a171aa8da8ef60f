import type { ChangeSource } from '@tsmolt/core';
import { sharedServer } from '@tsmolt/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { streamedDatabase } from './change-streams.js';
import type { StreamedDatabase } from './change-streams.js';

async function chosenTables(server: 'postgres15' | 'postgres18'): Promise<StreamedDatabase> {
  const db = await streamedDatabase(
    await sharedServer(server),
    'CREATE TABLE t (id int PRIMARY KEY, v text)',
    'CREATE TABLE u (id int PRIMARY KEY, v text NOT NULL)',
    'ALTER TABLE u REPLICA IDENTITY FULL',
    'CREATE PUBLICATION chosen FOR TABLE t, u',
  );
  onTestFinished(db.close);
  return db;
}

/** Reads until the stream ends by itself. */
async function ended(source: ChangeSource): Promise<unknown> {
  try {
    for await (const chunk of source.changes(undefined, new AbortController().signal)) void chunk;
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

test.each([
  ['public.t', ['ALTER PUBLICATION chosen DROP TABLE t']],
  ['public.t', ['ALTER PUBLICATION chosen DROP TABLE t', 'ALTER PUBLICATION chosen ADD TABLE t']],
  ['public.t', ['ALTER PUBLICATION chosen SET TABLE t WHERE (id > 5), u']],
  ['altered', [`ALTER PUBLICATION chosen SET (publish = 'insert')`]],
])('a publication that is altered ends the stream, which says %s: %s', async (words, statements) => {
  const db = await chosenTables('postgres18');
  const stream = ended(await db.open(['t', 'u'], { publication: 'chosen' }));
  await db.sql(...statements);
  expect(await stream).toMatchObject({
    code: 'TSM5002',
    message: expect.stringContaining(words) as string,
  });
});

test.each(['postgres18', 'postgres15'] as const)(
  'on %s, another key that changes do not tell ends it; what concerns none of its tables does not',
  async (server) => {
    const db = await chosenTables(server);
    const stream = ended(await db.open(['t', 'u'], { publication: 'chosen' }));
    await db.sql(
      'CREATE TABLE other (id int PRIMARY KEY)',
      'ALTER PUBLICATION chosen ADD TABLE other',
      'DROP TABLE t',
      'ALTER TABLE u RENAME id TO number',
      'ALTER TABLE u ADD UNIQUE (v)',
      'ALTER TABLE u DROP CONSTRAINT u_pkey',
    );
    expect(await stream).toMatchObject({
      code: 'TSM7005',
      message: expect.stringMatching(/by \(id\) .* the key \(v\)/) as string,
    });
  },
);

test('so does a key that is dropped, where changes do not tell it', async () => {
  const db = await chosenTables('postgres18');
  const stream = ended(await db.open(['u'], { publication: 'chosen' }));
  await db.sql('ALTER TABLE u DROP CONSTRAINT u_pkey');
  expect(await stream).toMatchObject({
    code: 'TSM5003',
    message: expect.stringContaining('public.u') as string,
  });
});
