import { displayName, TsmoltError, withoutDomain } from '@tsmolt/core';
import type { LogicalType, PlannedTable } from '@tsmolt/core';
import type { SessionPool } from '@tsmolt/pgwire';

/** A column and the type of an extension, or one that somebody made, that it needs. */
interface Need {
  readonly place: string;
  readonly type: string;
}

/**
 * Makes sure that the types which tables take over by name exist here.
 *
 * @throws TsmoltError `TSM3004` for the first column whose type does not
 */
export async function refuseMissingTypes(pool: SessionPool, tables: readonly PlannedTable[]): Promise<void> {
  const needs = tables.flatMap(needsOf);
  if (needs.length === 0) return;
  const { rows } = await pool.use('looking for types', (client) =>
    client.query<{ name: string }>(
      'SELECT name FROM unnest($1::text[]) AS name WHERE pg_catalog.to_regtype(name) IS NULL',
      [[...new Set(needs.map(({ type }) => type))]],
    ),
  );
  const missing = new Set(rows.map(({ name }) => name));
  const first = needs.find(({ type }) => missing.has(type));
  if (first === undefined) return;
  throw new TsmoltError('TSM3004', {
    message: `${first.place} is ${first.type}, which the target does not have`,
    advice:
      'Create the type or its extension on the target first, or leave the table out with --table-exclusion-filter.',
  });
}

function needsOf(table: PlannedTable): Need[] {
  return [...table.columns, ...(table.computedColumns ?? [])].flatMap((column) => {
    const chosen = table.chosenTypes?.get(column.name);
    const types = chosen === undefined ? nativeNames(column.type) : [chosen];
    return types.map((type) => ({ place: `${displayName(table.name)}.${column.name}`, type }));
  });
}

function nativeNames(declared: LogicalType): string[] {
  const type = withoutDomain(declared);
  if (type.kind === 'array') return nativeNames(type.element);
  if (type.kind === 'composite') return type.fields.flatMap((field) => nativeNames(field.type));
  return type.kind === 'native' ? [type.name] : [];
}
