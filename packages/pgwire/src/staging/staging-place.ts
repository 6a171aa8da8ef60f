import { TsmoltError } from '@tsmolt/core';
import { quoteIdentifier } from '../sql.js';

/** Where a staging schema lies. */
export interface StagingPlace {
  readonly schema: string;
  /** Set where it is another database than the connection's own. */
  readonly database?: string;
}

const part = '"(?:[^"]|"")+"|[^".]+';
const place = new RegExp(`^(?:(${part})\\.)?(${part})$`);

/**
 * Reads `schema` or `database.schema`; a part in double quotes may hold dots.
 *
 * @param own the connection's own database: its name is the same as none
 * @throws TsmoltError `TSM1001`
 */
export function stagingPlace(text: string, own: string): StagingPlace {
  const found = place.exec(text);
  const schema = unquoted(found?.[2]);
  const database = unquoted(found?.[1]);
  if (schema === undefined)
    throw new TsmoltError('TSM1001', {
      message: `--stagingSchema ${text} is no name of a schema`,
      advice: 'Give schema or database.schema, each in double quotes where it has a dot in it.',
    });
  return database === undefined || database === own ? { schema } : { schema, database };
}

function unquoted(name: string | undefined): string | undefined {
  return name?.startsWith('"') === true ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** `"schema"` or `"database"."schema"`. */
export function quotePlace({ schema, database }: StagingPlace): string {
  return database === undefined
    ? quoteIdentifier(schema)
    : `${quoteIdentifier(database)}.${quoteIdentifier(schema)}`;
}

/** A relation of the connection's own database, or of the place's: `pg_catalog` is in each. */
export function inDatabaseOf({ database }: StagingPlace, relation: string): string {
  return database === undefined ? relation : `${quoteIdentifier(database)}.${relation}`;
}

export function displayPlace({ schema, database }: StagingPlace): string {
  return database === undefined ? schema : `${database}.${schema}`;
}
