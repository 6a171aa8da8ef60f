import { nameFilter, TsmoltError } from '@tsmolt/core';
import type { Catalog, Database, ExportedFile, NameFilter, Table, TablePair } from '@tsmolt/core';
import { chosenTables, restoreTables } from '../continuation/restore-tables.js';
import { discover } from '../discover.js';
import type { FetchOptions } from '../options.js';
import { prepareTarget } from '../prepare-target.js';
import type { FilesRun, FilesTable } from './files-run.js';
import type { Manifest, ManifestTable } from './read-manifest.js';
import type { OpenedTables } from './open-tables.js';
import { recordTables } from './open-tables.js';
import { plainFiles } from './plain-files.js';

/** Files to load, and the tables that they are of. */
interface Found {
  readonly cursor: string;
  readonly tables: readonly { readonly table: Table; readonly files: readonly ExportedFile[] }[];
}

/**
 * The tables of an import of files that an export wrote before: by its manifest, or as the files lie there.
 *
 * @throws TsmoltError `TSM3005` when there is nothing to load
 */
export async function openImport(run: FilesRun): Promise<OpenedTables> {
  const { options, status, record } = run;
  const found = await findFiles(run);
  const withSource: FilesRun = { ...run, options: { ...options, source: filesAsSource(options, found) } };
  if (options.continuation !== undefined && record.state !== 'preparing') {
    const records = await status.tables(options.fetchId);
    const tables = chosenTables(await restoreTables(withSource.options, records), options.continuation);
    const unfinished = tables.filter((table) => table.record.state !== 'loaded');
    return { tables: unfinished, source: { cursor: record.cursor }, skipped: [] };
  }
  await status.clearRun(options.fetchId);
  const discovery = await discover(withSource.options);
  const pairs = await prepareTarget(withSource.options, discovery);
  const tables = await recordImport(withSource, found, pairs);
  await status.updateRun(options.fetchId, { state: 'running', cursor: found.cursor });
  return { tables, source: { cursor: found.cursor }, skipped: discovery.skipped };
}

async function recordImport(run: FilesRun, found: Found, pairs: readonly TablePair[]): Promise<FilesTable[]> {
  const tables = await recordTables(run, pairs, 'exported');
  for (const { record, pair } of tables) {
    const files = found.tables.find(({ table }) => table === pair.source)?.files ?? [];
    await run.status.addFiles(run.options.fetchId, record.number, files);
  }
  return tables;
}

async function findFiles(run: FilesRun): Promise<Found> {
  const { options, route } = run;
  // Loaded here, because what it checks the manifest with takes a tenth of a second to load.
  const { readManifest, tableOf } = await import('./read-manifest.js');
  const manifest = await readManifest(route.store);
  if (manifest !== undefined) {
    options.logger.info(
      { fetch_id: manifest.fetch_id, exported_at: manifest.exported_at, num_tables: manifest.tables.length },
      'found the manifest of an export',
    );
    return describedFiles(manifest, tableOf);
  }
  options.logger.warn(
    { storage: route.store.description },
    'there is no manifest: the files are loaded as they lie there, and nobody knows how many rows they should hold',
  );
  if (options.tableHandling === 'drop-on-target-and-recreate') throw needsManifest(run);
  return { cursor: '', tables: await plainFiles(route.store, await tablesToFill(options)) };
}

function describedFiles(manifest: Manifest, tableOf: (described: ManifestTable) => Table): Found {
  const tables = manifest.tables.map((described) => ({
    table: tableOf(described),
    files: described.files.map((file) => ({ ...file, range: 0 })),
  }));
  return { cursor: manifest.cdc_cursor, tables };
}

/** The order of fields in a plain file is that of the columns where it came from: the source's, where one is given. */
function tablesToFill(options: FetchOptions): Promise<Table[]> {
  const catalog = options.source.openSnapshot === undefined ? options.target.catalog : options.source.catalog;
  return catalog.tables(nameFilter({}));
}

/** The files in the place of a database: they offer a catalog and nothing else. */
function filesAsSource(options: FetchOptions, found: Found): Database {
  const catalog: Catalog = {
    tables: (filter: NameFilter) =>
      Promise.resolve(found.tables.map(({ table }) => table).filter((table) => filter.matches(table.name))),
  };
  return {
    url: options.source.url,
    product: 'intermediate files',
    catalog,
    close: () => Promise.resolve(),
  };
}

function needsManifest(run: FilesRun): TsmoltError {
  return new TsmoltError('TSM1001', {
    message: `${run.route.store.description} has no manifest that says what the tables look like`,
    advice: 'Create the tables and use --table-handling none or truncate-if-exists.',
  });
}
