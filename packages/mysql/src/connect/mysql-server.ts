import type { ConnectionOptions } from 'mysql2';
import type { ConnectionUrl } from '@tsmolt/core';

export type Flavour = 'mysql' | 'mariadb';
export type Version = readonly [major: number, minor: number, patch: number];

/** A server that answered: what it is, and the driver's options that reached it. */
export interface MysqlServer {
  readonly url: ConnectionUrl;
  readonly flavour: Flavour;
  /** As `version()` prints it: `9.7.4`, `10.11.14-MariaDB-log`. */
  readonly versionText: string;
  readonly version: Version;
  readonly capabilities: MysqlCapabilities;
  readonly encrypted: boolean;
  /** Holds the password: never log it. */
  readonly config: ConnectionOptions;
}

/** What not all servers of the two families can do. Ask for these, not for versions. */
export interface MysqlCapabilities {
  /** `information_schema` keeps statistics for a while, unless told not to (MySQL 8.0). */
  readonly cachedStatistics: boolean;
  /** Where checks are: not at all before MySQL 8.0.16; their names are unique in a table on MariaDB, in a schema on MySQL. */
  readonly checks: 'none' | 'by schema' | 'by table';
  /** The column of `information_schema.statistics` that says whether the planner uses an index (MySQL 8.0, MariaDB). */
  readonly indexVisibility: 'none' | 'is_visible' | 'ignored';
  /** `column_default` is SQL, with `NULL` for no default; otherwise it is the value (MariaDB). */
  readonly defaultsAsSql: boolean;
  /** Quotes in `generation_expression` come with a backslash before them (MySQL). */
  readonly escapedGeneration: boolean;
  /** Primary keys that the server adds by itself can be shown or hidden (MySQL 8.0.30). */
  readonly generatedPrimaryKeys: boolean;
  /** `START TRANSACTION WITH CONSISTENT SNAPSHOT` reports the position of the binary log (MariaDB). */
  readonly snapshotPosition: boolean;
  /** Idle transactions may be ended by the server (MariaDB's `idle_transaction_timeout`). */
  readonly idleTransactionTimeout: boolean;
  /** The variable that limits how long a SELECT may take, in its own unit; 0 turns it off. */
  readonly statementTimeLimit: 'max_execution_time' | 'max_statement_time';
}

/** Reads `version()`. Undefined for a text without a number. */
export function parseVersion(
  text: string,
): { readonly flavour: Flavour; readonly version: Version } | undefined {
  // Old replication clients knew no number above 5, so some MariaDB servers and proxies still put one in front.
  const found = /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (found === null) return undefined;
  return {
    flavour: /mariadb/i.test(text) ? 'mariadb' : 'mysql',
    version: [Number(found[1]), Number(found[2]), Number(found[3])],
  };
}

/** Whether `version` is `least` or later. */
export function isAtLeast(version: Version, least: Version): boolean {
  const difference = version.map((part, index) => part - (least[index] ?? 0)).find((part) => part !== 0);
  return (difference ?? 0) >= 0;
}

/** The one place where versions decide. */
export function capabilitiesOf(flavour: Flavour, version: Version): MysqlCapabilities {
  const mariadb = flavour === 'mariadb';
  const mysql = (...least: Version): boolean => !mariadb && isAtLeast(version, least);
  return {
    cachedStatistics: mysql(8, 0, 0),
    checks: checksOf(mariadb, mysql(8, 0, 16)),
    indexVisibility: indexVisibilityOf(mariadb, mysql(8, 0, 0)),
    defaultsAsSql: mariadb,
    escapedGeneration: !mariadb,
    generatedPrimaryKeys: mysql(8, 0, 30),
    snapshotPosition: mariadb,
    idleTransactionTimeout: mariadb,
    statementTimeLimit: mariadb ? 'max_statement_time' : 'max_execution_time',
  };
}

function checksOf(mariadb: boolean, bySchema: boolean): MysqlCapabilities['checks'] {
  if (mariadb) return 'by table';
  return bySchema ? 'by schema' : 'none';
}

function indexVisibilityOf(mariadb: boolean, isVisible: boolean): MysqlCapabilities['indexVisibility'] {
  if (mariadb) return 'ignored';
  return isVisible ? 'is_visible' : 'none';
}
