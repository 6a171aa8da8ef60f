import { createEdgeTable, runSql, sharedServer } from '@tsmolt/testkit';
import { readToEnd, StrictReplica } from '@tsmolt/testkit/contracts';
import { expect, test } from 'vitest';
import { openStream, streamedDatabase } from './change-streams.js';

test.each(['postgres18', 'postgres15'] as const)(
  'every value of every type comes from %s as the text that an export has',
  async (name) => {
    const server = await sharedServer(name);
    const db = await streamedDatabase(server);
    const [version] = await runSql<{ server_version_num: string }>(db.url, 'SHOW server_version_num');
    const edges = await createEdgeTable(db.url, Number(version?.server_version_num));
    const copies = edges.map((edge) => ({ ...edge, copy: `copy_of_${edge.table}` }));
    for (const { table, copy } of copies)
      await db.sql(`CREATE TABLE edge.${copy} (LIKE edge.${table} INCLUDING ALL)`);
    const tables = copies.map(({ schema, copy }) => ({ schema, table: copy }));
    const source = await openStream(db.database, { slot: db.name, publication: db.name, tables });
    const from = await source.currentPosition();
    for (const { table, copy } of copies)
      await db.sql(`INSERT INTO edge.${copy} SELECT * FROM edge.${table}`);
    const replica = new StrictReplica();
    replica.apply(await readToEnd(source, from));
    await source.close();
    // The stream has no way to ask for the declaration of an xml document: what openChanges warns of.
    const same = copies.filter(({ type }) => !type.startsWith('xml'));
    expect(same.length).toBeGreaterThan(50);
    for (const { copy, type, rows } of same) {
      expect(replica.rows(copy), type).toEqual(await db.rows('edge', copy));
      expect(replica.rows(copy), type).toHaveLength(rows);
    }
    await db.close();
  },
  300_000,
);
