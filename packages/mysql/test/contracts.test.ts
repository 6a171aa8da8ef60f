import { createDatabase, sharedServer } from '@tsmolt/testkit';
import { catalogContract, mysqlDialect } from '@tsmolt/testkit/contracts';
import type { OpenContractDatabase } from '@tsmolt/testkit/contracts';
import { openMysql } from '@tsmolt/mysql';
import { openOptions, parsed } from './databases.js';

for (const [name, server] of [
  ['MySQL 9.7', 'mysql'],
  ['MariaDB 10.11', 'mariadb'],
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
}
