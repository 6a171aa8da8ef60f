import { displayName, TablesWithoutKey, TsmoltError } from '@tsmolt/core';
import type { ChangedTable, Column } from '@tsmolt/core';
import { isTypeOf } from './column-types.js';
import { columnReader } from './column-reader.js';
import type { ShapeContext } from './shape-context.js';
import type { ValueReader } from './values/read-value.js';
import { identifyingKey } from './source-tables.js';
import type { TableMap } from './table-map.js';

/** How the row images of a table are read. */
export interface TableShape {
  readonly changed: ChangedTable;
  /** In the order of the image. */
  readonly columns: readonly ShapeColumn[];
}

export interface ShapeColumn extends ValueReader {
  /** Where the value goes in `changed.columns`; -1 for a type that cannot be replicated, whose values are passed over. */
  readonly place: number;
}

/**
 * Finds out how to read a table's rows, from its table map and, for what that does not say, from the catalog.
 *
 * @throws TsmoltError `TSM5006` where the two do not tell enough, or contradict each other; `TSM5003` without a key
 */
export async function shapeOf(map: TableMap, context: ShapeContext): Promise<TableShape> {
  const names = columnNames(map, context);
  const current = new Map((context.source?.table.columns ?? []).map((column) => [column.name, column]));
  const columns: ShapeColumn[] = [];
  const kept: string[] = [];
  for (const [index, column] of map.columns.entries()) {
    const name = names[index] ?? '';
    const { read, write, replicated } = await columnReader(column, {
      ...context,
      column: name,
      hint: hintFor(current.get(name), column.type),
    });
    const shown = replicated && (current.has(name) || !isHidden(name, context));
    columns.push({ read, write, place: shown ? kept.push(name) - 1 : -1 });
  }
  const key = keyNames(map, names, context).map((name) => kept.indexOf(name));
  if (key.length === 0 || key.includes(-1)) throw withoutKey(context);
  return { changed: { name: context.name, columns: kept, key }, columns };
}

/**
 * MariaDB keeps a unique key over long texts or bytes as a hash in a column of its own, which comes with the rows and which
 * no statement can name. A column that a person gave such a name is in the catalog.
 */
function isHidden(name: string, { flavour }: ShapeContext): boolean {
  return flavour === 'mariadb' && /^DB_ROW_HASH_\d+$/.test(name);
}

/** The catalog's word counts only where it can be about the same column. */
function hintFor(column: Column | undefined, type: number): Column | undefined {
  return column !== undefined && isTypeOf(column, type) ? column : undefined;
}

function columnNames(map: TableMap, context: ShapeContext): string[] {
  const written = map.columns.flatMap(({ name }) => name ?? []);
  if (written.length === map.columns.length) return written;
  const place = displayName(context.name);
  if (!context.fetchMetadata) {
    throw new TsmoltError('TSM5006', {
      message: `${place}: the binary log has no names of columns`,
      advice:
        'Set binlog_row_metadata=FULL on the source (SET GLOBAL binlog_row_metadata = FULL) before the changes are ' +
        'made; for changes that are written already, use --fetchMetadata, if no column was added, dropped or renamed since.',
    });
  }
  const columns = context.source?.table.columns ?? [];
  const differing = columns.find((column, index) => !isTypeOf(column, map.columns[index]?.type ?? -1));
  if (columns.length !== map.columns.length || differing !== undefined) {
    const difference =
      differing === undefined
        ? `the table has ${columns.length} columns now, and had ${map.columns.length}`
        : `column ${differing.name} is of type ${differing.nativeType} now, and was of another`;
    throw new TsmoltError('TSM5006', {
      message: `${place}: the table was altered after the change that is read was written: ${difference}`,
      advice:
        'Set binlog_row_metadata=FULL on the source, so that the binary log has the names of columns, and run the data ' +
        'load again: rows of the old form cannot be read any more.',
    });
  }
  return columns.map(({ name }) => name);
}

function keyNames(map: TableMap, names: readonly string[], { source }: ShapeContext): string[] {
  if (map.primaryKey !== undefined) return map.primaryKey.map((index) => names[index] ?? '');
  const key = source === undefined ? undefined : identifyingKey(source.table);
  return [...(key?.columns ?? [])];
}

function withoutKey({ name }: ShapeContext): TsmoltError {
  return new TablesWithoutKey([name], {
    message: `${displayName(name)}: when the change that is read was made, the table had no primary key whose columns can be replicated`,
    advice:
      'A key that is added now does not help these changes: leave the table out with --table-exclusion-filter or --onMissingKey ignore, add a primary key on the source, and load the table again.',
  });
}
