import type { TableName } from '@tsmolt/core';

/** A table and the name that it has on the target. */
export interface Rename {
  readonly source: TableName;
  readonly target: TableName;
}

/**
 * A userscript for the replicator (API `replicator@v2`) that sends the changes of renamed tables where fetch sent their
 * rows. MOLT writes one too: `partitionTableScript.{timestamp}.ts`.
 *
 * A change arrives under the source table's name and the target's schema, so the mapping is kept for each target schema;
 * that a schema has another name is the replicator's affair (`--targetSchema`).
 *
 * @param database the target's, as it stands before the schema in the replicator's names
 */
export function replicationScript(renames: readonly Rename[], database: string): string {
  const bySchema = new Map<string, Map<string, string>>();
  for (const { source, target } of renames) {
    if (source.table === target.table) continue;
    const tables = bySchema.get(target.schema) ?? new Map<string, string>();
    tables.set(source.table, target.table);
    bySchema.set(target.schema, tables);
  }
  const parts = [...bySchema].map(([schema, tables]) => schemaHandlers(`${database}.${schema}`, tables));
  return `${preamble}\n${parts.join('\n')}`;
}

/** The module that the replicator gives to userscripts. */
const library = 'replicator@v2';

const preamble = `import * as api from ${JSON.stringify(library)};

// Written by tsmolt fetch: each source table and the table on the target that its rows went into.
`;

function schemaHandlers(schema: string, tables: ReadonlyMap<string, string>): string {
  const lines = [...tables].map(([from, to]) => `    [${JSON.stringify(from)}, ${JSON.stringify(to)}],`);
  return `{
  const renames = new Map([
${lines.join('\n')}
  ]);
  api.configureTargetSchema(${JSON.stringify(schema)}, {
    onRowUpsert: (row, metadata) => {
      const renamed = renames.get(metadata.table);
      return renamed === undefined ? row : { [renamed]: [row] };
    },
    onRowDelete: (row, metadata) => {
      const renamed = renames.get(metadata.table);
      return renamed === undefined ? row : { [renamed]: [row] };
    },
  });
}
`;
}
