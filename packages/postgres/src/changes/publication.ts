import { displayName, TsmoltError } from '@tsmolt/core';
import type { TableName } from '@tsmolt/core';
import { quoteIdentifier, quoteTable } from '@tsmolt/pgwire';
import type { SessionPool } from '@tsmolt/pgwire';
import { publicationQuery, publishedTablesQuery } from './queries.js';

interface PublicationColumns {
  readonly pubinsert: boolean;
  readonly pubupdate: boolean;
  readonly pubdelete: boolean;
  readonly pubtruncate?: boolean;
  /** From version 13 on. */
  readonly pubviaroot?: boolean;
}

interface PublishedTable {
  readonly schemaname: string;
  readonly tablename: string;
  /** From version 15 on: all columns that are published. */
  readonly attnames?: readonly string[] | null;
  readonly rowfilter?: string | null;
}

/** A table that should be in the publication. */
export interface Publishable {
  readonly name: TableName;
  readonly partitioned: boolean;
  /** Without generated ones. */
  readonly columns: readonly string[];
}

export interface Publication {
  readonly warnings: readonly string[];
  readonly publishes: (table: TableName) => boolean;
  /** The columns of a table that are published, where not all are. */
  readonly columnsOf: (table: TableName) => readonly string[] | undefined;
}

/**
 * @throws TsmoltError `TSM5002` where the publication does not exist, or lacks a table or a kind of change; `TSM5006` where
 *   changes would come under the names of partitions
 */
export async function readPublication(
  pool: SessionPool,
  name: string,
  tables: readonly Publishable[],
): Promise<Publication> {
  const [publication, published] = await pool.use(`reading publication ${name}`, async (client) => {
    const found = await client.query<{ publication: PublicationColumns }>(publicationQuery, [name]);
    const names = [tables.map((table) => table.name.schema), tables.map((table) => table.name.table)];
    const { rows } = await client.query<{ published: PublishedTable }>(publishedTablesQuery, [
      name,
      ...names,
    ]);
    return [found.rows[0]?.publication, rows.map((row) => row.published)] as const;
  });
  if (publication === undefined) throw missing(name, tables);
  refuseUnpublishedKinds(name, publication);
  refusePartitionNames(name, publication, tables);
  const byTable = new Map(published.map((table) => [keyOf(table.schemaname, table.tablename), table]));
  const entryOf = ({ schema, table }: TableName): PublishedTable | undefined =>
    byTable.get(keyOf(schema, table));
  const unpublished = tables.filter((table) => entryOf(table.name) === undefined);
  if (unpublished.length === tables.length) throw withoutTables(name, unpublished);
  return {
    publishes: (table) => entryOf(table) !== undefined,
    warnings: [
      ...(unpublished.length > 0 ? [unpublishedWarning(name, unpublished)] : []),
      ...(publication.pubtruncate === false ? [`publication ${name} does not publish TRUNCATE: a table that is emptied by it keeps its rows on the target`] : []), // prettier-ignore
      ...tables.flatMap((table) => tableWarnings(name, table, entryOf(table.name))),
    ],
    columnsOf: (table) => entryOf(table)?.attnames ?? undefined,
  };
}

function keyOf(schema: string, table: string): string {
  return JSON.stringify([schema, table]);
}

function missing(name: string, tables: readonly Publishable[]): TsmoltError {
  const list = tables.map((table) => quoteTable(table.name)).join(', ');
  return new TsmoltError('TSM5002', {
    message: `there is no publication ${name} in the source database`,
    advice:
      `CREATE PUBLICATION ${quoteIdentifier(name)} FOR TABLE ${list} on the source, before the slot is created: a slot ` +
      'does not know publications that are younger than the changes it gives out.',
  });
}

function refuseUnpublishedKinds(name: string, publication: PublicationColumns): void {
  const left = [
    publication.pubinsert ? '' : 'INSERT',
    publication.pubupdate ? '' : 'UPDATE',
    publication.pubdelete ? '' : 'DELETE',
  ].filter((kind) => kind !== '');
  if (left.length === 0) return;
  throw new TsmoltError('TSM5002', {
    message: `publication ${name} does not publish ${left.join(' and ')}: such changes would be missing on the target`,
    advice: `ALTER PUBLICATION ${quoteIdentifier(name)} SET (publish = 'insert, update, delete, truncate') on the source.`,
  });
}

function refusePartitionNames(
  name: string,
  publication: PublicationColumns,
  tables: readonly Publishable[],
): void {
  const partitioned = tables.filter((table) => table.partitioned).map((table) => displayName(table.name));
  if (partitioned.length === 0 || publication.pubviaroot === true) return;
  const possible = publication.pubviaroot !== undefined;
  throw new TsmoltError('TSM5006', {
    message: `${partitioned.join(', ')}: publication ${name} gives out changes of partitioned tables under the names of their partitions`,
    advice: possible
      ? `ALTER PUBLICATION ${quoteIdentifier(name)} SET (publish_via_partition_root = true) on the source.`
      : 'Partitioned tables can be replicated from version 13 on: leave them out, or upgrade the source.',
  });
}

/** Which tables are replicated the publication decides; but nobody should have to guess which are not. */
function unpublishedWarning(name: string, unpublished: readonly Publishable[]): string {
  const list = unpublished.map((table) => displayName(table.name)).join(', ');
  return `not replicated, because publication ${name} does not have them: ${list}`;
}

function withoutTables(name: string, unpublished: readonly Publishable[]): TsmoltError {
  const list = unpublished.map((table) => quoteTable(table.name)).join(', ');
  return new TsmoltError('TSM5002', {
    message: `publication ${name} lacks ${unpublished.map((table) => displayName(table.name)).join(', ')}`,
    advice:
      `ALTER PUBLICATION ${quoteIdentifier(name)} ADD TABLE ${list} on the source; changes that were made before are not in ` +
      'the stream, so fetch these tables afterwards. Or leave them out of the replication.',
  });
}

function tableWarnings(name: string, table: Publishable, entry: PublishedTable | undefined): string[] {
  if (entry === undefined) return [];
  const place = displayName(table.name);
  const warnings: string[] = [];
  if (typeof entry.rowfilter === 'string') {
    warnings.push(
      `publication ${name} gives out only those rows of ${place} for which ${entry.rowfilter}: others are missing on the target`,
    );
  }
  const left = table.columns.filter((column) => entry.attnames?.includes(column) === false);
  if (left.length > 0) {
    warnings.push(`publication ${name} leaves out columns of ${place}: ${left.join(', ')}`);
  }
  if (table.partitioned) {
    warnings.push(
      `${place} is partitioned: TRUNCATE of a single partition, DETACH and ATTACH PARTITION are not in the stream`,
    );
  }
  return warnings;
}
