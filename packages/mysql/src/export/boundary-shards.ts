import type { RowRange, Table } from '@tsmolt/core';
import type { MysqlSession } from '../connect/session.js';
import { everyRow, from } from '../sql.js';
import type { KeyColumn } from './key-column.js';

/** The literals of one key, in the order of its columns. */
export type KeyValues = readonly string[];

/**
 * Reads keys that have about `stride` rows between them, by walking along the primary key: works for keys of any type and
 * any number of columns, and cuts evenly however the keys are spread.
 *
 * @returns at most `most` keys, in the order of the key
 */
export async function sampleBoundaries(
  session: MysqlSession,
  table: Table,
  key: readonly KeyColumn[],
  { stride, most }: { readonly stride: number; readonly most: number },
): Promise<KeyValues[]> {
  const boundaries: KeyValues[] = [];
  const columns = key.map(({ read }, index) => `${read} AS k${index}`).join(', ');
  const order = key.map(({ name }) => name).join(', ');
  while (boundaries.length < most) {
    const last = boundaries.at(-1);
    const where = last === undefined ? '' : ` WHERE ${atOrAfter(key, last)}`;
    const rows = await session.query<Record<string, unknown>>(
      `SELECT ${columns} FROM ${from(table)} FORCE INDEX (PRIMARY)${where} ORDER BY ${order} LIMIT 1 OFFSET ${stride}`,
    );
    const row = rows[0];
    // Behind a key that cannot be written the table is not cut any more: its last range takes what is left.
    if (
      row === undefined ||
      !key.every((column, index) => column.hasLiteral?.(String(row[`k${index}`])) ?? true)
    )
      break;
    boundaries.push(key.map((column, index) => column.literal(String(row[`k${index}`]))));
  }
  return boundaries;
}

/** The ranges that sorted, distinct keys make: one more than there are keys. */
export function rangesBetweenKeys(key: readonly KeyColumn[], boundaries: readonly KeyValues[]): RowRange[] {
  const edges = [undefined, ...boundaries, undefined];
  return edges.slice(0, -1).map((lower, index) => {
    const upper = edges[index + 1];
    const parts = [
      ...(lower === undefined ? [] : [atOrAfter(key, lower)]),
      ...(upper === undefined ? [] : [before(key, upper)]),
    ];
    return { condition: parts.length === 0 ? everyRow : parts.join(' AND ') };
  });
}

function atOrAfter(key: readonly KeyColumn[], values: KeyValues): string {
  return compared(key, values, { beyond: '>', last: '>=' });
}

function before(key: readonly KeyColumn[], values: KeyValues): string {
  return compared(key, values, { beyond: '<', last: '<' });
}

/**
 * `(a > x OR (a = x AND (b > y OR ...)))`: a comparison of rows, written out, because the optimizer finds no range of an
 * index in the short form.
 */
function compared(
  key: readonly KeyColumn[],
  values: KeyValues,
  operators: { readonly beyond: string; readonly last: string },
): string {
  const [column, ...others] = key;
  const [value = '', ...otherValues] = values;
  if (column === undefined) return everyRow;
  if (others.length === 0) return `${column.name} ${operators.last} ${value}`;
  const rest = compared(others, otherValues, operators);
  return `(${column.name} ${operators.beyond} ${value} OR (${column.name} = ${value} AND ${rest}))`;
}
