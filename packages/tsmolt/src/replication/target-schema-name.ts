import { TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl } from '@tsmolt/core';

/** `database.schema`, each with or without double quotes. */
const qualified = /^(?:(?<database>"(?:[^"]|"")+"|[^."]+)\.)?(?<schema>"(?:[^"]|"")+"|[^."]+)$/;

/**
 * The schema in `--targetSchema`. Its database has to be the connection's own: that is the one whose tables are read.
 *
 * @throws TsmoltError `TSM1001`
 */
export function targetSchemaName(text: string, url: ConnectionUrl): string {
  const match = qualified.exec(text);
  const [database, schema] = [match?.groups?.['database'], match?.groups?.['schema']].map(unquoted);
  if (schema === undefined) {
    throw new TsmoltError('TSM1001', {
      message: `--targetSchema ${text} is no schema`,
      advice: 'Write database.schema, such as defaultdb.public.',
    });
  }
  if (database === undefined || database === url.database) return schema;
  throw new TsmoltError('TSM1001', {
    message: `--targetSchema names the database ${database}, and --targetConn connects to ${url.database}`,
    advice: `Connect to ${database} with --targetConn, or correct --targetSchema.`,
  });
}

function unquoted(name: string | undefined): string | undefined {
  return name?.startsWith('"') === true ? name.slice(1, -1).replaceAll('""', '"') : name;
}
