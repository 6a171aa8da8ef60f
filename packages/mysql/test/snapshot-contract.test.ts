import { openMysql } from '@tsmolt/mysql';
import { createDatabase, sharedServer } from '@tsmolt/testkit';
import { mysqlSql, rowHasherContract, snapshotSourceContract } from '@tsmolt/testkit/contracts';
import type { OpenContractDatabase } from '@tsmolt/testkit/contracts';
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
  snapshotSourceContract(name, open, mysqlSql);
  rowHasherContract(name, open, algorithms, mysqlSql);
}
