import { compilePosix, TsmoltError } from '@tsmolt/core';
import type { TransformationRule, Transformations } from '@tsmolt/core';
import { z } from 'zod';
import { exactly, readConfigFile, someText } from './read-config-file.js';

const rule = exactly({
  id: z.union([z.number(), z.string()], 'expected a number or a string').optional(),
  resource_specifier: exactly({ schema: someText, table: someText.optional() }),
  column_exclusion_opts: exactly({ column: someText, add_computed_def: z.boolean().optional() }).optional(),
  table_rename_opts: exactly({ value: someText }).optional(),
  schema_rename_opts: exactly({ value: someText }).optional(),
}).refine(
  (one) => one.column_exclusion_opts ?? one.table_rename_opts ?? one.schema_rename_opts,
  'found no transformation, expected column_exclusion_opts, table_rename_opts or schema_rename_opts',
);

const shape = exactly({ transforms: z.array(rule) });

/**
 * Reads MOLT's `--transformations-file` (manual, "Define transformations").
 *
 * @throws TsmoltError `TSM1006` naming the file and the place in it
 */
export async function readTransformations(path: string): Promise<Transformations> {
  const { transforms } = await readConfigFile(path, '--transformations-file', shape);
  return transforms.map((entry, index) => readRule(entry, `${path}, transforms[${index}]`));
}

function readRule(entry: z.infer<typeof rule>, place: string): TransformationRule {
  const { resource_specifier: names, column_exclusion_opts: exclusion } = entry;
  const { table_rename_opts: tableName, schema_rename_opts: schemaName } = entry;
  return {
    place,
    schema: pattern(names.schema, `${place}.resource_specifier.schema`),
    table: pattern(names.table ?? '.*', `${place}.resource_specifier.table`),
    ...(exclusion === undefined
      ? {}
      : {
          columnExclusion: {
            column: pattern(exclusion.column, `${place}.column_exclusion_opts.column`),
            addComputedDefinition: exclusion.add_computed_def ?? false,
          },
        }),
    ...(tableName === undefined ? {} : { renameTable: tableName.value }),
    ...(schemaName === undefined ? {} : { renameSchema: schemaName.value }),
  };
}

/** The pattern means what `--table-filter`'s means: it matches anywhere in the name. */
function pattern(text: string, place: string): RegExp {
  try {
    return compilePosix(text, place);
  } catch (thrown) {
    if (!(thrown instanceof TsmoltError)) throw thrown;
    throw new TsmoltError('TSM1006', { message: thrown.message, advice: thrown.advice, cause: thrown });
  }
}
