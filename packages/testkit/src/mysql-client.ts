import type { RowDataPacket } from 'mysql2/promise';
import { connectMysql } from './servers/mysql-family.js';

/** Runs statements on MySQL or MariaDB over one connection of its own, one after the other, and gives the rows of the last. */
export async function runMysql(url: string, ...statements: string[]): Promise<RowDataPacket[]> {
  const connection = await connectMysql(url);
  try {
    let rows: RowDataPacket[] = [];
    for (const statement of statements) {
      const [result] = await connection.query(statement);
      rows = Array.isArray(result) ? (result as RowDataPacket[]) : [];
    }
    return rows;
  } finally {
    await connection.end();
  }
}
