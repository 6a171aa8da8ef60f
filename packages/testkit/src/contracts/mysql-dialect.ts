import type { LogicalType } from '@tsmolt/core';
import type { RowDataPacket } from 'mysql2/promise';
import { connectMysql } from '../servers/mysql-family.js';
import { plainColumn } from './contract-dialect.js';
import type { ContractClient, ContractDialect, DeclaredType } from './contract-dialect.js';

/** What MySQL and MariaDB share. A database has no schemas: the place for the next test is the same one, emptied. */
export const mysqlDialect: ContractDialect = {
  connect: async (url) => {
    const connection = await connectMysql(url);
    return {
      query: async <Result extends Record<string, unknown>>(statement: string) => {
        const [rows] = await connection.query<(Result & RowDataPacket)[]>(statement);
        return Array.isArray(rows) ? rows : [];
      },
      end: () => connection.end(),
    };
  },
  freshSchema: async (client) => {
    await emptyDatabase(client);
    return 'public';
  },
  hasSchemas: false,
  quote: quoted,
  notTables: ['CREATE VIEW looked_at AS SELECT id FROM t', 'CREATE INDEX found ON t (id)'],
  systemSchemas: /^(information_schema|mysql|performance_schema|sys)$/,
  columnKinds: {
    statements: [
      `CREATE TABLE t (
        id bigint AUTO_INCREMENT PRIMARY KEY,
        plain text,
        needed text NOT NULL,
        filled varchar(10) DEFAULT 'x',
        number int,
        computed int DEFAULT (1 + 1),
        stamped timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
        doubled int AS (number * 2) STORED,
        tripled int AS (number * 3) VIRTUAL)`,
    ],
    expected: [
      { ...plainColumn, name: 'id', nullable: false, identity: 'by default' },
      { ...plainColumn, name: 'plain' },
      { ...plainColumn, name: 'needed', nullable: false },
      { ...plainColumn, name: 'filled', hasDefault: true },
      { ...plainColumn, name: 'number' },
      { ...plainColumn, name: 'computed', hasDefault: true },
      { ...plainColumn, name: 'stamped', nullable: false, hasDefault: true },
      { ...plainColumn, name: 'doubled', generated: true },
      { ...plainColumn, name: 'tripled', generated: true },
    ],
  },
  typeSetup: [],
  types: [
    typed('bool', { kind: 'integer', bits: 8, boolean: true }),
    typed('smallint', { kind: 'integer', bits: 16 }),
    typed('int', { kind: 'integer', bits: 32 }),
    typed('bigint unsigned', { kind: 'integer', bits: 64, unsigned: true }),
    typed('decimal(10,2)', { kind: 'decimal', precision: 10, scale: 2 }),
    typed('float', { kind: 'float', bits: 32 }),
    typed('double', { kind: 'float', bits: 64 }),
    typed('text', { kind: 'string' }),
    typed('varchar(20)', { kind: 'string', maxLength: 20 }),
    typed('blob', { kind: 'bytes' }),
    typed('date', { kind: 'date' }),
    typed('time(3)', { kind: 'time', precision: 3, withZone: false }),
    typed('datetime', { kind: 'timestamp', precision: 0, withZone: false }),
    typed('timestamp(6) NULL', { kind: 'timestamp', precision: 6, withZone: true }),
    {
      declaration: `enum('happy', 'so''so')`,
      meaning: (schema) => ({ kind: 'enum', schema, name: 't_c15_enum', labels: ['happy', `so'so`] }),
    },
    typed('bit(9)', { kind: 'bit', length: 9, varying: true }),
  ],
};

async function emptyDatabase(client: ContractClient): Promise<void> {
  const tables = await client.query<{ name: string; type: string }>(
    'SELECT table_name AS name, table_type AS type FROM information_schema.tables WHERE table_schema = database()',
  );
  await client.query('SET foreign_key_checks = 0');
  for (const { name, type } of tables) {
    await client.query(`DROP ${type === 'VIEW' || type === 'SEQUENCE' ? type : 'TABLE'} ${quoted(name)}`);
  }
  await client.query('SET foreign_key_checks = 1');
}

function quoted(identifier: string): string {
  return `\`${identifier.replaceAll('`', '``')}\``;
}

function typed(declaration: string, meaning: LogicalType): DeclaredType {
  return { declaration, meaning: () => meaning };
}
