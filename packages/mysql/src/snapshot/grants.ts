import type { MysqlSession } from '../connect/session.js';

/** Privileges of the current user, upper case, wherever they hold; undefined where roles leave it open. */
export type Grants = ReadonlySet<string> | undefined;

/**
 * Reads `SHOW GRANTS`. What the server prints there is not kept: MariaDB puts hashes of passwords into it.
 *
 * Source: MySQL manual, "SHOW GRANTS Statement": one statement a line, `GRANT SELECT, RELOAD ON *.* TO ...`.
 */
export async function readGrants(session: MysqlSession): Promise<Grants> {
  const rows = await session.query<Record<string, string>>('SHOW GRANTS');
  return parseGrants(rows.map((row) => Object.values(row)[0] ?? ''));
}

/** @param statements as the server prints them */
export function parseGrants(statements: readonly string[]): Grants {
  const privileges = new Set<string>();
  for (const statement of statements) {
    const granted = /^GRANT (.+?) ON /i.exec(statement)?.[1];
    // `GRANT role TO user`: what the role holds is not in these lines.
    if (granted === undefined) return undefined;
    // Privileges on columns carry them in parentheses.
    for (const privilege of granted.replaceAll(/\([^)]*\)/g, '').split(',')) {
      privileges.add(privilege.trim().toUpperCase());
    }
  }
  return privileges;
}

/**
 * Whether `SHOW GRANTS` says that the user may read all tables of the database. Those that it may not read the catalog does
 * not show. What roles hold is not in these lines.
 */
export async function readsAllTables(session: MysqlSession, database: string): Promise<boolean> {
  const rows = await session.query<Record<string, string>>('SHOW GRANTS');
  return rows.some((row) => grantsReading(Object.values(row)[0] ?? '', database));
}

/** Whether `SHOW GRANTS` says that the user has these privileges on all databases. What roles hold is not in these lines. */
export async function grantsEverywhere(
  session: MysqlSession,
  privileges: readonly string[],
): Promise<boolean> {
  const rows = await session.query<Record<string, string>>('SHOW GRANTS');
  const everywhere = rows
    .map((row) => Object.values(row)[0] ?? '')
    .filter((statement) => / ON \*\.\* TO /i.test(statement));
  const grants = everywhere.length === 0 ? new Set<string>() : parseGrants(everywhere);
  return privileges.every(
    (privilege) => grants?.has(privilege) === true || grants?.has('ALL PRIVILEGES') === true,
  );
}

/** @param statement as the server prints it; names of databases are patterns there, as in LIKE */
export function grantsReading(statement: string, database: string): boolean {
  const [, privileges = '', place = ''] =
    /^GRANT (.+?) ON (\*|`(?:[^`]|``)+`)\.\* TO /i.exec(statement) ?? [];
  if (!/\b(?:SELECT|ALL PRIVILEGES)(?:,|$)/i.test(privileges)) return false;
  return place === '*' || likePattern(place.slice(1, -1).replaceAll('``', '`')).test(database);
}

function likePattern(pattern: string): RegExp {
  const source = pattern.replaceAll(/\\?[^]/g, (part) => {
    if (part === '%') return '.*';
    if (part === '_') return '.';
    return part.slice(-1).replace(/[^\p{L}\p{N}_]/u, String.raw`\$&`);
  });
  return new RegExp(`^${source}$`, 's');
}

/** Whether the user may do what needs the privilege, as far as the grants tell. */
export function mayHave(grants: Grants, privilege: string): boolean {
  return grants === undefined || grants.has(privilege) || grants.has('ALL PRIVILEGES') || grants.has('SUPER');
}
