import { mysqlSql } from '@tsmolt/testkit/contracts';
import type { ChangeDialect, ContractClient } from '@tsmolt/testkit/contracts';
import { randomInt } from 'node:crypto';

/** What both servers take: values of the types that they share. */
const shared = {
  create: [
    `CREATE TABLE t (id int PRIMARY KEY, v varchar(100) CHARACTER SET utf8mb4, l varchar(50) CHARACTER SET latin1, b blob,
      big bigint unsigned, n decimal(65,30), f double, r float, at datetime(6), ts timestamp(3) NULL, d date, ti time(2),
      y year, bi bit(11), e enum('a', 'so''so', '😀') CHARACTER SET utf8mb4, s set('x', 'y z'), k bool, j json)`,
  ],
  insert: [
    `INSERT INTO t (id) VALUES (1)`,
    `INSERT INTO t VALUES (2, '', '', '', 0, 0, 0, 0, '1000-01-01', '1970-01-01 00:00:01', '0001-01-01', '0', 0, 0, 'a', '', 0, '{}')`,
    `INSERT INTO t VALUES (3, 'a\\tb\\n"c"\\\\,😀', 'é€ÿ', X'005c2c', 18446744073709551615, -0.5, 0.1, 0.1,
      '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.999', '2024-02-29', '23:59:59.99', 2155, 1025, 'so''so', 'x,y z',
      true, '{"a": [1, null, "é"], "b": "\\\\n"}')`,
    `INSERT INTO t (id, v, b, f, r, e) VALUES (4, REPEAT('é', 100), REPEAT(X'00ff', 9000), -1.7976931348623157e308, 1e20, '😀')`,
  ],
};

const readers = `FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%' AND db = database()`;

async function readerIds(client: ContractClient): Promise<number[]> {
  const rows = await client.query<{ id: string | number }>(`SELECT id AS id ${readers}`);
  return rows.map(({ id }) => Number(id));
}

/** MySQL's and MariaDB's: nothing has to be made on the server. */
export const mysqlChanges: ChangeDialect = {
  sql: mysqlSql,
  prepare: () => Promise.resolve({ processId: randomInt(1_000_000, 2_000_000) }),
  remove: () => Promise.resolve(),
  enter: () => Promise.resolve(),
  breakStream: async (client) => {
    for (const id of await readerIds(client)) await client.query(`KILL ${id}`);
  },
  countStreams: async (client) => (await readerIds(client)).length,
  values: shared,
  remembersPosition: false,
};
