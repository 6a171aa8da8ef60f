import { displayName } from '@tsmolt/core';
import type { ChangeEvent, TableName } from '@tsmolt/core';
import { quoteIdentifier } from '../sql.js';
import type { WantedNames } from './statements.js';
import type { WantedTables } from './wanted-tables.js';

/** The event that tells of rows of a table that nobody knew of when the stream was opened. */
export function newTable(
  name: TableName,
  isThere: boolean,
  { tables, names }: { readonly tables: WantedTables; readonly names: WantedNames },
): ChangeEvent {
  const place = displayName(name);
  const event = { kind: 'ddl', tables: [name], isNew: true } as const;
  if (tables.seesAll && !isThere)
    return {
      ...event,
      isGone: true,
      statement: `${place} has changes here, and is not on the source any more`,
    };
  if (tables.seesAll)
    return { ...event, statement: `${place} is new: it was created, or renamed, after replication began` };
  const hidden = `${quoteIdentifier(names.database)}.${quoteIdentifier(name.table)}`;
  return {
    ...event,
    statement: `${place} is not among the tables that the user of --sourceConn can see: it was created, or renamed, after replication began, or the user lacks SELECT on it`,
    ifHidden: `Where it is not new, GRANT SELECT ON ${hidden} TO the user on the source, and load the table.`,
  };
}
