import { randomInt } from 'node:crypto';
import { createDatabase, runMysql, runSql, sharedServer } from '@tsmolt/testkit';
import type { RunningServer, ServerAddress } from '@tsmolt/testkit';
import type { Stream } from './replicator.js';

/** A database of MySQL or MariaDB, a target, and a stream from where the source was when it had its tables. */
export interface MysqlPair extends Stream, AsyncDisposable {
  /** Runs statements on the source over one connection, each a transaction of its own where they say nothing else. */
  readonly onSource: (...statements: string[]) => Promise<void>;
  readonly onTarget: (...statements: string[]) => Promise<void>;
  /** How far the source is. */
  readonly position: () => Promise<string>;
}

export type MysqlServer = Pick<RunningServer | ServerAddress, 'product' | 'url'>;

/** @param tables created on both, target first as a person would */
export async function mysqlPair(server: MysqlServer, ...tables: string[]): Promise<MysqlPair> {
  const source = await createDatabase(server);
  const target = await createDatabase(await sharedServer('postgres18'));
  await runSql(target.url, ...tables);
  await runMysql(source.url, ...tables);
  const position = (): Promise<string> => positionOf(server);
  return {
    command: 'mylogical',
    source: source.url,
    target: target.url,
    // Tests share servers, which end a reader when another one of the same number comes.
    from: ['--defaultGTIDSet', await position(), '--replicationProcessID', String(randomInt(1000, 2 ** 31))],
    position,
    onSource: async (...statements) => void (await runMysql(source.url, ...statements)),
    onTarget: async (...statements) => void (await runSql(target.url, ...statements)),
    [Symbol.asyncDispose]: async () => {
      await source.drop();
      await target.drop();
    },
  };
}

/** What the server has committed: a GTID set, or on MariaDB the last GTID of each domain. */
export async function positionOf({ product, url }: MysqlServer): Promise<string> {
  const variable = product === 'MariaDB' ? 'gtid_binlog_pos' : 'gtid_executed';
  const [row] = await runMysql(url, `SELECT @@GLOBAL.${variable} AS position`);
  return String(row?.['position'] ?? '').replaceAll('\n', '');
}

/** The position that a pause asks to accept. */
export function acceptedPosition(text: string): string {
  const found = /--acceptUpTo ([^\s.]+)/.exec(text)?.[1];
  if (found === undefined) throw new Error(`no position: ${text}`);
  return found;
}

/** The stream as another user of the source, who may do what the grants say; `USER` and `DATABASE` stand for the names. */
export async function asUser(pair: MysqlPair, grants: readonly string[]): Promise<Stream & AsyncDisposable> {
  const url = new URL(pair.source);
  const database = url.pathname.slice(1);
  const user = `u_${database.slice(-12)}`;
  const named = grants.map((grant) => grant.replace('DATABASE', `\`${database}\``).replace('USER', user));
  await pair.onSource(`CREATE USER ${user} IDENTIFIED BY 'Secret!42'`, ...named);
  [url.username, url.password] = [user, 'Secret!42'];
  return {
    ...pair,
    source: url.href,
    [Symbol.asyncDispose]: () => pair.onSource(`DROP USER ${user}`),
  };
}
