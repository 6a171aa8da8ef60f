import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { displayName, withoutDomain } from '@tsmolt/core';
import type { Column, RowBatch, Table } from '@tsmolt/core';
import type { Step } from './collapse.js';
import type { RoutedMutation } from '../route/target-tables.js';

/** Ends the reason of changes for whose rows there was nothing to set aside. */
export const notExchanged =
  ' (rows can exchange values of a unique key where a column of it may be NULL, or is a number, text, uuid or bytes, and no foreign key points at it)';

/**
 * Updates that take the values of unique keys away from the rows of the steps, for a moment: the steps give them others, so
 * that two rows can exchange theirs where the target checks each row by itself. No row is deleted, and so none that points
 * at it is touched.
 *
 * @param tables all of the target: a column that a foreign key points at is left alone
 * @param nullable whether NULL is used where it may be; else values that nobody has
 * @returns none where the rows have no column that could take such a value
 */
export function setAside(
  steps: readonly Step[],
  tables: readonly Table[],
  { nullable }: { nullable: boolean },
): RowBatch[] {
  const rows = steps.flatMap((step): readonly RoutedMutation[] => {
    if (step.kind === 'rekey') return [step.change];
    return step.kind === 'rows' ? step.tables.flatMap(({ changes }) => changes) : [];
  });
  return rows.flatMap((row) => {
    if (row.kind === 'delete') return [];
    const columns = columnsOf(row, tables, nullable);
    const { table, key, keyAt } = row.route;
    if (columns.length === 0) return [];
    const found = row.oldKey ?? keyAt.map((at) => row.values[at]);
    const values = [...found, ...columns.map((column) => passing(column, nullable))];
    return [{ table, columns: [...key, ...columns.map(({ name }) => name)], key, rows: [values] }];
  });
}

/** One of each unique key; only such as the row itself brings, so that none keeps its passing value. */
function columnsOf({ route, values }: RoutedMutation, tables: readonly Table[], nullable: boolean): Column[] {
  const { table, columns, key } = route;
  const pointedAt = new Set(
    tables.flatMap(({ foreignKeys }) =>
      foreignKeys
        .filter(({ target }) => displayName(target) === displayName(table.name))
        .flatMap(({ targetColumns }) => targetColumns),
    ),
  );
  const keys = [...(table.primaryKey === undefined ? [] : [table.primaryKey]), ...table.uniqueKeys];
  const chosen = keys.flatMap((unique) => {
    // Where the row is found by all of it, nobody else has it.
    if (unique.columns.every((name) => key.includes(name))) return [];
    const usable = table.columns.filter(
      (column) =>
        unique.columns.includes(column.name) &&
        !key.includes(column.name) &&
        !pointedAt.has(column.name) &&
        values[columns.indexOf(column.name)] !== undefined &&
        passing(column, nullable) !== undefined,
    );
    return usable.slice(0, 1);
  });
  return [...new Set(chosen)];
}

/** A value that no row has, as text; undefined for types of which there may be no more values. */
function passing({ type, nullable: mayBeNull }: Column, nullable: boolean): string | null | undefined {
  if (nullable && mayBeNull) return null;
  const base = withoutDomain(type);
  switch (base.kind) {
    case 'integer':
      return base.unsigned === true ? undefined : negative(2 ** (Math.min(base.bits, 48) - 1));
    case 'decimal':
      return negative(10 ** Math.min((base.precision ?? 14) - (base.scale ?? 0), 14));
    case 'string':
      return randomBytes(16).toString('hex').slice(0, base.maxLength);
    case 'bytes':
      return `\\x${randomBytes(16).toString('hex')}`;
    case 'uuid':
      return randomUUID();
    default:
      return undefined;
  }
}

/** Above the limit's own negative. */
function negative(limit: number): string | undefined {
  return limit < 2 ? undefined : String(-randomInt(1, limit));
}
