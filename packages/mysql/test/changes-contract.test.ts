import { openMysql } from '@tsmolt/mysql';
import { createDatabase, sharedServer } from '@tsmolt/testkit';
import { changeSourceContract } from '@tsmolt/testkit/contracts';
import { mysqlChanges } from './changes-dialect.js';
import { openOptions, parsed } from './databases.js';

for (const [name, server] of [
  ['MySQL 9.7', 'mysql'],
  ['MariaDB 10.11', 'mariadb'],
] as const) {
  changeSourceContract(
    name,
    async () => {
      const created = await createDatabase(await sharedServer(server));
      const database = await openMysql(parsed(created.url), openOptions);
      const close = async (): Promise<void> => {
        await database.close();
        await created.drop();
      };
      return { database, url: created.url, close };
    },
    mysqlChanges,
  );
}
