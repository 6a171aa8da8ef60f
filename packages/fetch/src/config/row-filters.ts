import type { RowFilters } from '@tsmolt/core';
import { z } from 'zod';
import { exactly, readConfigFile, someText } from './read-config-file.js';

const filter = exactly({
  resource_specifier: exactly({ schema: someText, table: someText }),
  expr: someText.optional(),
  source_expr: someText.optional(),
  target_expr: someText.optional(),
})
  .refine((one) => (one.source_expr === undefined) === (one.target_expr === undefined), {
    error: 'found one of source_expr and target_expr, expected both or neither',
  })
  .refine((one) => (one.expr === undefined) !== (one.source_expr === undefined), {
    error: (issue) =>
      `found ${Object.hasOwn(issue.input as object, 'expr') ? 'both kinds of condition' : 'no condition'}, expected expr, or source_expr with target_expr`,
  });

const shape = exactly({ filters: z.array(filter) });

/**
 * Reads MOLT's `--filter-path` (manual, "Row-level filtering"). The file may be the one of Verify, whose entries can hold a
 * condition for each side.
 *
 * @throws TsmoltError `TSM1006` naming the file and the place in it
 */
export async function readRowFilters(path: string): Promise<RowFilters> {
  const { filters } = await readConfigFile(path, '--filter-path', shape);
  return filters.map((entry, index) => ({
    place: `${path}, filters[${index}]`,
    ...entry.resource_specifier,
    // The shape says that one of the two is there.
    expression: entry.expr ?? entry.source_expr ?? '',
    ...(entry.target_expr === undefined ? {} : { targetExpression: entry.target_expr }),
  }));
}
