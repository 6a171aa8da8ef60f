import { displayName, TsmoltError } from '@tsmolt/core';
import type { PlannedTable } from '@tsmolt/core';
import type { SessionPool } from '@tsmolt/pgwire';

/**
 * Makes sure that the types which the user chose exist here, before anything is dropped.
 *
 * @throws TsmoltError `TSM3004` for the first column whose type does not
 */
export async function refuseUnknownTypes(pool: SessionPool, tables: readonly PlannedTable[]): Promise<void> {
  const known = new Set<string>();
  for (const table of tables) {
    for (const [column, type] of table.chosenTypes ?? []) {
      if (known.has(type)) continue;
      await pool
        // The type map lets only names of types through: nothing else can get into this text.
        .use('looking for types', (client) => client.query(`SELECT NULL::${type}`))
        .catch((thrown: unknown) => {
          throw thrown instanceof TsmoltError && thrown.code !== 'TSM2007'
            ? unknownType(`${displayName(table.name)}.${column}`, type, thrown)
            : thrown;
        });
      known.add(type);
    }
  }
}

function unknownType(place: string, type: string, cause: TsmoltError): TsmoltError {
  return new TsmoltError('TSM3004', {
    message: `${place} is to become ${type}, which the target does not have`,
    advice: 'Correct crdb_type in the --type-map-file, or create the type on the target first.',
    cause,
  });
}
