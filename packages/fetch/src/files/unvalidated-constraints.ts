import { displayName } from '@tsmolt/core';
import { bulkTargetOf } from '../prepare-target.js';
import type { FilesRun, FilesTable } from './files-run.js';

/** An import leaves foreign keys and checks unproved: lists them, with the statements that prove them. */
export async function reportUnvalidated({ options }: FilesRun, tables: readonly FilesTable[]): Promise<void> {
  const { importer } = bulkTargetOf(options);
  const names = tables.map((table) => table.pair.target.name);
  for (const constraint of (await importer?.unvalidatedConstraints(names)) ?? []) {
    options.logger.warn(
      { table: displayName(constraint.table), constraint: constraint.name, statement: constraint.statement },
      'IMPORT INTO left this constraint NOT VALID: new rows are checked, the imported ones were not',
    );
  }
}
