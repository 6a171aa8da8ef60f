import { columnOf } from '@tsmolt/core';
import type { HashColumn, RowRepair, RowText, SeenValue, WantedValue } from '@tsmolt/core';
import type { JudgedRow } from '../judged-row.js';
import type { Comparison } from '../plan-comparison.js';

/** What makes a row of the target the one of the source. The row was read, on every side that has it. */
export function repairOf({ source, target, pair }: Comparison, row: JudgedRow): RowRepair {
  const table = pair.target;
  const [sourceColumns, targetColumns] = [source, target].map((side) => [...side.hashed, ...side.byMeaning]);
  const columns = targetColumns ?? [];
  const seen = columns.map((column, index): SeenValue => ({ column, text: valueAt(row.target, index) }));
  const wanted = columns.map((column, index): WantedValue => {
    const type = sourceColumns?.[index]?.type ?? column.type;
    return { column: columnOf(table, column.name), type, text: valueAt(row.source, index) };
  });
  const key = target.key.map((column): SeenValue => ({ column, text: textOf(seen, column) }));
  const isKey = (name: string): boolean => target.key.some((column) => column.name === name);
  const others = seen.filter(({ column }) => !isKey(column.name));
  switch (row.kind) {
    case 'missing':
      return { kind: 'insert', table, wanted };
    case 'extraneous':
      return { kind: 'delete', table, key, seen: others };
    default: {
      const different = new Set(row.columns.map(({ name }) => name));
      const differs = (_value: WantedValue, index: number): boolean =>
        different.has(sourceColumns?.[index]?.name ?? '');
      return { kind: 'update', table, key, seen: others, wanted: wanted.filter(differs) };
    }
  }
}

function valueAt(row: RowText | undefined, index: number): string | null {
  return row?.[index] ?? null;
}

function textOf(values: readonly SeenValue[], { name }: HashColumn): string | null {
  return values.find(({ column }) => column.name === name)?.text ?? null;
}
