import { displayName, TsmoltError } from '@tsmolt/core';
import type { LeftOutTables, TableName } from '@tsmolt/core';
import type { SessionPool } from '@tsmolt/pgwire';
import type { ClientBase } from 'pg';
import { readServer } from './log-end.js';
import { positionNumber } from './log-position.js';
import type { PublishedColumn } from './published-relation.js';
import { PublicationWatch } from './publication-watch.js';
import type { WatchedTable } from './publication-watch.js';
import { readPublication } from './publication.js';
import type { Publication } from './publication.js';
import { partitionsQuery, typeNamesQuery, wantedTablesQuery } from './queries.js';
import { mapKey, StreamedTables, withoutIdentity } from './streamed-tables.js';

interface WantedRow extends TableName {
  readonly oid: string;
  readonly partitioned: boolean;
  readonly columns: readonly (PublishedColumn & { readonly generated: boolean })[];
  /** `relreplident` of the tables that hold rows; n also where what it names is not there. */
  readonly identities: readonly string[];
  readonly key: readonly string[];
}

export interface Wanted {
  readonly tables: readonly TableName[];
  readonly others: readonly TableName[] | undefined;
  readonly leftOut: LeftOutTables | undefined;
  readonly publication: string;
  readonly shapes: string | undefined;
}

export interface WantedTables {
  readonly tables: StreamedTables;
  readonly watch: PublicationWatch;
  readonly warnings: readonly string[];
}

/**
 * Looks up the wanted tables in catalog and publication.
 *
 * @throws TsmoltError `TSM3002` for one that does not exist, `TSM5003` for one without identity, and what
 *   `readPublication` throws
 */
export async function readWantedTables(
  pool: SessionPool,
  versionNumber: number,
  { tables, others, leftOut, publication, shapes }: Wanted,
): Promise<WantedTables> {
  const [found, types, readAt, partitions] = await pool.use(
    'reading the tables to replicate',
    async (client) => {
      const { log_end } = await readServer(client);
      const names = [tables.map(({ schema }) => schema), tables.map(({ table }) => table)];
      const described = await client.query<WantedRow>(wantedTablesQuery(versionNumber), names);
      const named = await client.query<{ oid: string; name: string }>(typeNamesQuery);
      const typeNames = new Map(named.rows.map(({ oid, name }) => [Number(oid), name]));
      return [
        described.rows,
        typeNames,
        positionNumber(log_end),
        await readPartitions(client, described.rows),
      ] as const;
    },
  );
  refuseMissing(tables, found);
  const watch = await PublicationWatch.begin({ pool, versionNumber, publication });
  const published = await readPublication(pool, publication, found.map(publishable));
  const rows = found.filter((row) => published.publishes(row));
  refuseWithoutIdentity(rows);
  const unpublished = found.filter((row) => !published.publishes(row));
  await watch.watch(rows.map(watched));
  return {
    watch,
    tables: new StreamedTables(
      rows.map((row) => {
        const names = published.columnsOf(row);
        // From version 18 on a publication may send what the table computes.
        const sent = versionNumber >= 180_000 && names !== undefined ? row.columns : writable(row);
        const columns = sent.filter(({ name }) => names === undefined || names.includes(name));
        const generated = row.columns.filter((column) => column.generated).map(({ name }) => name);
        const { key, partitioned } = row;
        return { oid: Number(row.oid), name: nameOf(row), columns, generated, key, partitioned };
      }),
      { types, readAt, partitions, others: others && [...others, ...unpublished], leftOut, shapes },
    ),
    warnings: [
      ...published.warnings,
      ...(versionNumber >= 180_000 ? generatedWarning(rows, published, publication) : []),
      ...xmlWarning(rows, types),
    ],
  };
}

/** Roots by their partitions. */
async function readPartitions(
  client: ClientBase,
  rows: readonly WantedRow[],
): Promise<ReadonlyMap<string, TableName>> {
  const roots = new Map(rows.filter((row) => row.partitioned).map((row) => [row.oid, nameOf(row)]));
  if (roots.size === 0) return new Map();
  const found = await client.query<TableName & { root: string }>(partitionsQuery, [[...roots.keys()]]);
  return new Map(
    found.rows.flatMap(({ root, schema, table }) => {
      const name = roots.get(root);
      return name === undefined ? [] : [[mapKey({ schema, table }), name] as const];
    }),
  );
}

function watched(row: WantedRow): WatchedTable {
  const byCatalog = row.partitioned || row.identities.includes('f');
  return { oid: Number(row.oid), name: nameOf(row), ...(byCatalog ? { catalogKey: row.key } : {}) };
}

function nameOf({ schema, table }: WantedRow): TableName {
  return { schema, table };
}

function writable(row: WantedRow): PublishedColumn[] {
  return row.columns.filter(({ generated }) => !generated);
}

function publishable(row: WantedRow): {
  readonly name: TableName;
  readonly partitioned: boolean;
  readonly columns: readonly string[];
} {
  return {
    name: nameOf(row),
    partitioned: row.partitioned,
    columns: writable(row).map(({ name }) => name),
  };
}

function refuseMissing(wanted: readonly TableName[], found: readonly WantedRow[]): void {
  const there = new Set(found.map((row) => displayName(row)));
  const missing = wanted.map(displayName).filter((name) => !there.has(name));
  if (missing.length === 0) return;
  throw new TsmoltError('TSM3002', {
    message: `the source has no table ${missing.join(', ')}`,
    advice: 'Check whether it was dropped or renamed since the fetch, or leave it out of the replication.',
  });
}

/** Such a table would also refuse UPDATE and DELETE on the source itself, once it is published. */
function refuseWithoutIdentity(rows: readonly WantedRow[]): void {
  const nothing = rows.filter(({ identities }) => identities.includes('n'));
  if (nothing.length > 0)
    throw withoutIdentity(nothing.map(nameOf), 'no primary key and no other replica identity');
  const wholeRow = rows.filter(({ identities, key }) => identities.includes('f') && key.length === 0);
  if (wholeRow.length > 0) {
    throw withoutIdentity(
      wholeRow.map(nameOf),
      'with REPLICA IDENTITY FULL and no key, nothing tells which of two equal rows a change means',
    );
  }
}

function xmlWarning(rows: readonly WantedRow[], types: ReadonlyMap<number, string>): string[] {
  const names = rows
    .filter(({ columns }) => columns.some(({ typeOid }) => types.get(typeOid) === 'xml'))
    .map((row) => displayName(row));
  if (names.length === 0) return [];
  return [
    `${names.join(', ')}: the stream leaves the declaration <?xml version="1.0"?> out of xml values, which fetch keeps`,
  ];
}

/** From version 18 on the source itself refuses to change such rows, once the table is in a publication. */
function generatedWarning(rows: readonly WantedRow[], published: Publication, publication: string): string[] {
  const names = rows
    .filter(({ identities }) => identities.includes('f'))
    .filter((row) =>
      row.columns.some(
        ({ generated, name }) => generated && published.columnsOf(row)?.includes(name) !== true,
      ),
    )
    .map((row) => displayName(row));
  if (names.length === 0) return [];
  return [
    `${names.join(', ')}: with REPLICA IDENTITY FULL and a generated column that publication ${publication} does not ` +
      'publish, PostgreSQL refuses UPDATE and DELETE on the source',
  ];
}
