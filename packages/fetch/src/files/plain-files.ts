import { TsmoltError } from '@tsmolt/core';
import type { ExportedFile, ObjectStore, Table } from '@tsmolt/core';
import { parsePartName, tableFolder } from './part-names.js';

/** Files of one table. */
export interface PlainTable {
  readonly table: Table;
  readonly files: readonly ExportedFile[];
}

/**
 * Files as the reference leaves them: a folder for each table, in it `[shard_NN_]part_NNNNNNNN.csv[.gz]`.
 *
 * @param tables those that may be filled
 * @throws TsmoltError `TSM3003` for a folder of files of no table: its rows would be left out in silence
 */
export async function plainFiles(store: ObjectStore, tables: readonly Table[]): Promise<PlainTable[]> {
  const folders = new Map<string, ExportedFile[]>();
  for (const key of await store.list('')) {
    const place = parsePartName(key);
    const end = key.lastIndexOf('/');
    if (place === undefined || end < 0) continue;
    const files = folders.get(key.slice(0, end)) ?? [];
    folders.set(key.slice(0, end), [...files, { ...place, range: 0, name: key, bytes: 0 }]);
  }
  return [...folders].map(([folder, files]) => {
    const table = tables.find((candidate) => tableFolder(candidate.name) === folder);
    if (table === undefined) throw unknownFolder(store, folder, files.length);
    return { table: fillable(table), files };
  });
}

/** Rows have no fields for columns that are computed. */
function fillable(table: Table): Table {
  return { ...table, columns: table.columns.filter((column) => !column.generated) };
}

function unknownFolder(store: ObjectStore, folder: string, files: number): TsmoltError {
  return new TsmoltError('TSM3003', {
    message: `${folder} in ${store.description} has ${files} files, and there is no table of that name`,
    advice: 'Create the table, or remove the folder from the path.',
  });
}
