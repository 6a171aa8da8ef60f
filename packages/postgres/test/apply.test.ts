import { ConnectionUrl, silentLogger } from '@tsmolt/core';
import { identify } from '@tsmolt/pgwire';
import { openPostgres } from '@tsmolt/postgres';
import { createDatabase, sharedServer } from '@tsmolt/testkit';
import { applyTargetContract } from '@tsmolt/testkit/contracts';
import type { OpenContractDatabase } from '@tsmolt/testkit/contracts';

const options = {
  allowUnencrypted: true,
  applicationName: 'apply',
  maxConnections: 2,
  logger: silentLogger(),
};

const pair = ['CREATE TYPE pair AS (a int, b text)'];
const domain = [
  'CREATE DOMAIN short AS varchar(5) CHECK (value <> $$no$$)',
  'CREATE DOMAIN even AS int CHECK (value % 2 = 0)',
];

for (const [name, server] of [
  ['PostgreSQL 18', 'postgres18'],
  ['PostgreSQL 15', 'postgres15'],
] as const) {
  const open: OpenContractDatabase = async () => {
    const created = await createDatabase(await sharedServer(server));
    const url = ConnectionUrl.parse(created.url, '--target');
    const database = openPostgres(await identify(url, options), options);
    const close = async (): Promise<void> => {
      await database.close();
      await created.drop();
    };
    return { database, url: created.url, close };
  };
  applyTargetContract(name, open, {
    identity: 'inserted',
    values: [
      { type: 'CHAR(5)', values: ['ab'] },
      { type: '"char"', values: ['x'] },
      { type: 'name', values: ['a name'] },
      { type: 'pair', values: ['(1,"a ""b""")', '(,)'], setup: pair },
      { type: 'pair[]', values: ['{"(1,\\"a b\\")",NULL}'], setup: pair },
      { type: 'short', values: ['a b'], setup: domain },
      { type: 'even', values: ['2'], setup: domain },
      { type: 'even[]', values: ['{2,NULL,4}'], setup: domain },
      { type: 'INT4RANGE', values: ['[1,5)', 'empty'] },
      { type: 'XML[]', values: ['{"<a b=\\"c\\"/>"}'] },
      { type: 'TSVECTOR', values: [`'a' 'b':2`] },
      { type: 'MONEY', values: ['$1.50'] },
      { type: 'JSON[]', values: ['{"{\\"a\\":  1}"}'] },
      { type: 'INT4[][]', values: ['{{1,2},{3,4}}', '[0:1]={1,2}'] },
      { type: 'CIDR', values: ['10.0.0.0/8'] },
    ],
  });
}
