import { createDatabase, sharedServer } from '@tsmolt/testkit';
import {
  catalogContract,
  mysqlDialect,
  mysqlKeyTypes,
  mysqlSql,
  rowVerifierContract,
} from '@tsmolt/testkit/contracts';
import type { OpenContractDatabase } from '@tsmolt/testkit/contracts';
import { openMysql } from '@tsmolt/mysql';
import { openOptions, parsed } from './databases.js';

for (const [name, server, algorithms] of [
  ['MySQL 9.7', 'mysql', ['sha256']],
  ['MariaDB 10.11', 'mariadb', ['md5', 'sha256']],
] as const) {
  const open: OpenContractDatabase = async () => {
    const created = await createDatabase(await sharedServer(server));
    const database = await openMysql(parsed(created.url), openOptions);
    const close = async (): Promise<void> => {
      await database.close();
      await created.drop();
    };
    return { database, url: created.url, close };
  };
  catalogContract(name, open, mysqlDialect);
  for (const algorithm of algorithms)
    rowVerifierContract(name, open, { algorithm, sql: mysqlSql, types: mysqlKeyTypes });
}
