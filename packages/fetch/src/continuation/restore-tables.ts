import { displayName, loadOrder, nameFilter, TsmoltError } from '@tsmolt/core';
import type { Column, ColumnPair, Table, TableName, TablePair, TableRecord } from '@tsmolt/core';
import type { FilesTable } from '../files/files-run.js';
import { parsePartName } from '../files/part-names.js';
import type { Continuation, FetchOptions } from '../options.js';

/**
 * The tables of a run as they were when it began, found again in both catalogs.
 *
 * @throws TsmoltError `TSM3002` when a table or column of them is gone
 */
export async function restoreTables(
  options: FetchOptions,
  records: readonly TableRecord[],
): Promise<FilesTable[]> {
  const everything = nameFilter({});
  const [sources, targets] = await Promise.all([
    options.source.catalog.tables(everything),
    options.mode === 'export-only' ? [] : options.target.catalog.tables(everything),
  ]);
  const pairs = records.map((record): TablePair => {
    const source = tableOf(sources, record.source, 'source');
    const target = options.mode === 'export-only' ? source : tableOf(targets, record.target, 'target');
    return {
      source,
      target,
      columns: columnsOf(record, source, target),
      ...(record.filter === undefined ? {} : { filter: record.filter }),
    };
  });
  return withReferences(records, pairs);
}

/** Puts records and pairs together, in the same order. */
export function withReferences(records: readonly TableRecord[], pairs: readonly TablePair[]): FilesTable[] {
  const { selfReferencing } = loadOrder([...new Set(pairs.map((pair) => pair.target))]);
  return pairs.flatMap((pair, index) => {
    const record = records[index];
    if (record === undefined) return [];
    return [{ record, pair, refersToItself: selfReferencing.has(displayName(pair.target.name)) }];
  });
}

function tableOf(tables: readonly Table[], name: TableName, side: string): Table {
  const found = tables.find((table) => displayName(table.name) === displayName(name));
  if (found !== undefined) return found;
  throw new TsmoltError('TSM3002', {
    message: `${displayName(name)} is a table of the fetch to continue and is no longer on the ${side}`,
    advice: 'Start a new fetch without --fetch-id.',
  });
}

function columnsOf(record: TableRecord, source: Table, target: Table): ColumnPair[] {
  return record.columns.map((names) => ({
    source: columnIn(source, names.source, 'source'),
    target:
      target === source ? columnIn(source, names.source, 'source') : columnIn(target, names.target, 'target'),
  }));
}

function columnIn(table: Table, name: string, side: string): Column {
  const found = table.columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  throw new TsmoltError('TSM3002', {
    message: `${displayName(table.name)}.${name} is a column of the fetch to continue and is no longer on the ${side}`,
    advice: 'Start a new fetch without --fetch-id.',
  });
}

/** The table of the token alone, where there is one. @throws TsmoltError `TSM1007` for a token of no table */
export function chosenTables(
  tables: readonly FilesTable[],
  continuation: Continuation | undefined,
): FilesTable[] {
  const token = continuation?.token;
  if (token === undefined) return [...tables];
  const chosen = tables.filter((table) => table.record.token === token);
  if (chosen.length > 0) return chosen;
  throw new TsmoltError('TSM1007', {
    message: `no table of this fetch has the continuation token ${token}`,
    advice: 'See `tsmolt fetch tokens list`, or leave out --continuation-token to continue all tables.',
  });
}

/**
 * Makes sure that nothing lies before the file that the user wants to go on from.
 *
 * @throws TsmoltError `TSM1007` for a file of no table, `TSM1001` when a file before it is not loaded: it would be lost
 */
export function assertContinuationFile(
  fileName: string,
  files: readonly { readonly name: string; readonly state: string }[],
): void {
  const position = files.findIndex((file) => file.name === fileName || file.name.endsWith(`/${fileName}`));
  if (position < 0 || parsePartName(fileName) === undefined) {
    throw new TsmoltError('TSM1007', {
      message: `no table of this fetch has a file ${fileName}`,
      advice: 'See `tsmolt fetch tokens list`, or leave out --continuation-file-name.',
    });
  }
  const before = files.slice(0, position).filter((file) => file.state !== 'loaded');
  if (before.length === 0) return;
  throw new TsmoltError('TSM1001', {
    message: `${before.length} files before ${fileName} are not loaded, ${before[0]?.name ?? ''} is the first: their rows would be missing`,
    advice: 'Leave out --continuation-file-name: the fetch knows by itself which files are loaded.',
  });
}
