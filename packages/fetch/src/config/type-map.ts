import { isTypeText } from '@tsmolt/core';
import type { TypeMap } from '@tsmolt/core';
import { z } from 'zod';
import { exactly, readConfigFile, someText } from './read-config-file.js';

const targetType = someText.refine(isTypeText, {
  error: (issue) =>
    `found ${JSON.stringify(issue.input)}, expected a type such as INT2, DECIMAL(10,2), STRING[] or "Shop"."mood"`,
});

const shape = z.array(
  exactly({
    table: someText.refine((name) => /^.+\..+$/s.test(name), {
      error: (issue) => `found ${JSON.stringify(issue.input)}, expected {schema}.{table}`,
    }),
    column_type_map: z.array(exactly({ column: someText, source_type: someText, crdb_type: targetType })),
  }),
);

/**
 * Reads MOLT's `--type-map-file` (manual, "Type mapping").
 *
 * @throws TsmoltError `TSM1006` naming the file and the place in it
 */
export async function readTypeMap(path: string): Promise<TypeMap> {
  const tables = await readConfigFile(path, '--type-map-file', shape);
  return tables.map((entry, index) => ({
    place: `${path}, [${index}]`,
    table: entry.table,
    columns: entry.column_type_map.map((mapping, number) => ({
      place: `${path}, [${index}].column_type_map[${number}]`,
      column: mapping.column,
      sourceType: mapping.source_type,
      targetType: mapping.crdb_type,
    })),
  }));
}
