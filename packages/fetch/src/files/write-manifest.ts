import { Readable } from 'node:stream';
import type { FileRecord } from '@tsmolt/core';
import type { FilesRun, FilesTable } from './files-run.js';
import { manifestName } from './manifest-name.js';
import type { OpenedTables } from './open-tables.js';
import type { Manifest, ManifestTable } from './read-manifest.js';

/** Writes the manifest of a finished export: it is there only if all its files are. */
export async function writeManifest(run: FilesRun, { tables, source }: OpenedTables): Promise<void> {
  const { options, route, record, status } = run;
  const manifest: Manifest = {
    version: 1,
    fetch_id: options.fetchId,
    source: options.source.product,
    exported_at: new Date().toISOString(),
    cdc_cursor: source.cursor,
    compression: record.files.compression,
    tables: [],
  };
  for (const table of tables) {
    manifest.tables.push(describe(table, await status.files(options.fetchId, table.record.number)));
  }
  const bytes = Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
  await route.store.put(manifestName, Readable.from([bytes]), options.signal);
  options.logger.info(
    { file: manifestName, storage: route.store.description },
    'wrote the manifest of the export',
  );
}

function describe({ pair, record }: FilesTable, files: readonly FileRecord[]): ManifestTable {
  const { primaryKey } = pair.source;
  return {
    ...record.target,
    columns: pair.columns.map(({ source }) => ({ ...source, generated: false })),
    ...(primaryKey === undefined
      ? {}
      : { primary_key: { name: primaryKey.name, columns: [...primaryKey.columns] } }),
    format: record.format,
    rows: files.reduce((sum, file) => sum + (file.rows ?? 0), 0),
    files: files.map(({ name, shard, part, rows, bytes, sha256 }) => ({
      name,
      shard,
      part,
      rows: rows ?? 0,
      bytes,
      sha256: sha256 ?? '',
    })),
  };
}
