import { displayName, loadable, typeMismatch, TsmoltError, withoutDomain } from '@tsmolt/core';
import type { Column, LogicalType, PlannedTable } from '@tsmolt/core';
import type { SessionPool } from '@tsmolt/pgwire';
import { readTypes } from '../introspect/catalog.js';
import { logicalType } from '../types.js';

type Composite = Extract<LogicalType, { kind: 'composite' }>;

/** A column and a composite type that it needs, itself or inside of its own type. */
interface Need {
  readonly place: string;
  readonly column: Column;
  readonly type: Composite;
}

/**
 * Makes sure that composite types which are here already, and which a table to be created would use, have the attributes that
 * the source has.
 *
 * @throws TsmoltError `TSM3003` for the first column whose type does not
 */
export async function refuseOtherTypes(pool: SessionPool, tables: readonly PlannedTable[]): Promise<void> {
  const needs = tables.flatMap(needsOf);
  if (needs.length === 0) return;
  const types = await pool.use('reading types', readTypes);
  const named = (type: { readonly schema: string; readonly name: string }): string =>
    JSON.stringify([type.schema, type.name]);
  const oids = new Map([...types.values()].map((type) => [named(type), type.oid]));
  for (const { place, column, type } of needs) {
    const oid = oids.get(named(type));
    const found = oid === undefined ? undefined : logicalType(types, oid, -1);
    if (found?.kind !== 'composite' || loadable(type, found)) continue;
    const nativeType = `${type.schema}.${type.name}`;
    const { message, advice } = typeMismatch(
      place,
      { ...column, nativeType, type },
      { ...column, nativeType, type: found },
    );
    throw new TsmoltError('TSM3003', { message, advice: `${advice} Or drop it there, and it is created.` });
  }
}

function needsOf(table: PlannedTable): Need[] {
  return [...table.columns, ...(table.computedColumns ?? [])]
    .filter((column) => table.chosenTypes?.has(column.name) !== true)
    .flatMap((column) =>
      compositesIn(column.type).map((type) => ({
        place: `${displayName(table.name)}.${column.name}`,
        column,
        type,
      })),
    );
}

/** Inner ones first. */
function compositesIn(declared: LogicalType): Composite[] {
  const type = withoutDomain(declared);
  if (type.kind === 'array') return compositesIn(type.element);
  return type.kind === 'composite' ? [...type.fields.flatMap((field) => compositesIn(field.type)), type] : [];
}
