import { isUtf8 } from 'node:buffer';
import type { Column, Table } from '@tsmolt/core';
import type { RowPart, RowPlan } from './csv-row.js';
import { noText } from './stored-text.js';
import { effectivePolicy, refusedValue } from './unrepresentable.js';

/** A row as the driver gives it: one value a part of the plan. */
export type SentRow = readonly (Buffer | null)[];

/** Whether everything in a row that is sent as text is UTF-8: servers store also bytes that are none. */
export function isText({ parts }: Pick<RowPlan, 'parts'>, row: SentRow): boolean {
  return parts.every((part, index) => isTextPart(part, row[index] ?? null));
}

function isTextPart(part: RowPart, value: Buffer | null): boolean {
  return value === null || part === 'long bytes' || isUtf8(value);
}

/**
 * A row that is not `isText`, as the policy for values that no target can hold makes it.
 *
 * @param onReplaced is told the column of each value that is replaced
 * @throws TsmoltError `TSM3008` where the policy refuses it
 */
export function heldRow(
  table: Table,
  plan: RowPlan,
  row: SentRow,
  onReplaced: (column: string) => void,
): SentRow {
  const fields = plan.parts.map((part, index) => fieldsOf(part, row[index] ?? null));
  const all = fields.flat();
  let place = 0;
  return fields.map((own, index) => {
    const first = place;
    place += own.length;
    const part = plan.parts[index] ?? 'fields';
    if (isTextPart(part, row[index] ?? null)) return row[index] ?? null;
    const held = own.map((field, offset) => {
      const column = plan.columns[first + offset];
      if (field === null || isUtf8(field) || column === undefined) return field;
      const replaced = heldField(field, { table, plan, column, fields: all });
      onReplaced(column.name);
      return replaced ?? (part === 'fields' ? Buffer.from(plan.nullField) : null);
    });
    return part === 'fields' ? joined(held) : (held[0] ?? null);
  });
}

interface FieldPlace {
  readonly table: Table;
  readonly plan: RowPlan;
  readonly column: Column;
  readonly fields: readonly (Buffer | null)[];
}

/** What is no character lies between the quotes of a field: none of them is lost with it. */
function heldField(field: Buffer, { table, plan, column, fields }: FieldPlace): Buffer | null {
  switch (effectivePolicy(column, plan.unrepresentable)) {
    case 'null':
      return null;
    case 'clamp':
      return Buffer.from(field.toString());
    case 'reject':
      throw refusedValue({
        table,
        column,
        value: noText(column),
        key: keyOf(table, plan.columns, fields),
      });
  }
}

/** One character a byte, so that nothing of what is no text is lost. */
const bytewise = 'latin1';

/** The fields of a part as they are written, one a column. */
function fieldsOf(part: RowPart, value: Buffer | null): (Buffer | null)[] {
  if (part !== 'fields' || value === null) return [value];
  const fields = `${value.toString(bytewise)},`.matchAll(/("[^"]*(?:""[^"]*)*"|[^,]*),/g);
  return [...fields].map(([, field = '']) => Buffer.from(field, bytewise));
}

function joined(fields: readonly (Buffer | null)[]): Buffer {
  const comma = Buffer.from(',');
  return Buffer.concat(fields.flatMap((field) => [comma, field ?? Buffer.alloc(0)])).subarray(comma.length);
}

function keyOf(
  { primaryKey }: Table,
  columns: readonly Column[],
  fields: readonly (Buffer | null)[],
): string {
  const names = primaryKey?.columns ?? [];
  const valueOf = (name: string): string => {
    const field = fields[columns.findIndex((column) => column.name === name)]?.toString() ?? '?';
    return field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
  };
  return names.map((name) => `${name}=${valueOf(name)}`).join(', ');
}
