import { TsmoltError } from './errors.js';
import { compilePosix } from './posix-regexp.js';
import type { TableName } from './names.js';

/** Decides by name which tables are migrated. */
export interface NameFilter {
  matches(name: TableName): boolean;
  /** The same without regard to schemas, for engines that have none. */
  matchesTable(table: string): boolean;
  /** False where every schema matches anyway. */
  readonly choosesSchemas: boolean;
  readonly description: string;
}

export interface NameFilterPatterns {
  /** `--schema-filter`, a POSIX regular expression. */
  readonly schema?: string;
  /** `--table-filter` */
  readonly table?: string;
  /** `--table-exclusion-filter`; empty excludes nothing. */
  readonly tableExclusion?: string;
}

/**
 * A filter as MOLT's flags give it. A pattern matches anywhere in the name, as `~` does in PostgreSQL, and regards case: anchor it
 * with `^` and `$` to mean the whole name.
 *
 * @throws TsmoltError `TSM1003` for a pattern that is no regular expression, `TSM1001` for an exclusion of everything
 */
export function nameFilter(patterns: NameFilterPatterns): NameFilter {
  const schema = compilePosix(patterns.schema ?? '.*', '--schema-filter');
  const table = compilePosix(patterns.table ?? '.*', '--table-filter');
  const excluded = exclusionFilter(patterns.tableExclusion ?? '');
  const matchesTable = (name: string): boolean => table.test(name) && !(excluded?.test(name) ?? false);
  return {
    matches: (name) => schema.test(name.schema) && matchesTable(name.table),
    matchesTable,
    choosesSchemas: (patterns.schema ?? '.*') !== '.*',
    description: describe(patterns),
  };
}

function exclusionFilter(pattern: string): RegExp | undefined {
  if (pattern === '') return undefined;
  if (pattern === '.*') {
    throw new TsmoltError('TSM1001', {
      message: '--table-exclusion-filter ".*" would exclude every table',
      advice: 'Leave the flag out to exclude nothing, or name the tables to exclude.',
    });
  }
  return compilePosix(pattern, '--table-exclusion-filter');
}

function describe(patterns: NameFilterPatterns): string {
  const parts = [`schemas '${patterns.schema ?? '.*'}'`, `tables '${patterns.table ?? '.*'}'`];
  if (patterns.tableExclusion) parts.push(`without '${patterns.tableExclusion}'`);
  return parts.join(', ');
}
