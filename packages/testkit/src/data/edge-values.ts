import type { Client } from 'pg';
import { connectSql } from '../sql-client.js';
import { bitAndNetworkTypes } from './edge-values/bits-and-networks.js';
import { composedTypes } from './edge-values/composed.js';
import type { EdgeType } from './edge-values/edge-type.js';
import { numberTypes } from './edge-values/numbers.js';
import { rangeAndShapeTypes } from './edge-values/ranges-and-shapes.js';
import { stringTypes } from './edge-values/strings.js';
import { timeTypes } from './edge-values/times.js';

/** Every type of PostgreSQL that a table is likely to have, with the values at its edges. */
export const edgeTypes: readonly EdgeType[] = [
  ...numberTypes,
  ...stringTypes,
  ...timeTypes,
  ...bitAndNetworkTypes,
  ...composedTypes,
  ...rangeAndShapeTypes,
];

/** A table that holds the edge values of one type. */
export interface EdgeTable {
  readonly schema: 'edge';
  readonly table: string;
  readonly type: string;
  readonly rows: number;
}

/** What a server says about a type that it was built without (`feature_not_supported`). */
const notBuilt = '0A000';

/**
 * Makes schema `edge` with a table `edge_<n>` (id int primary key, v <type>) for each type that the server knows. The
 * rows are the type's edge values in their order, and NULL as the last. A type has the same number on every server.
 *
 * @param versionNumber the server's `server_version_num`
 */
export async function createEdgeTable(url: string, versionNumber: number): Promise<EdgeTable[]> {
  const client = await connectSql(url);
  try {
    await client.query('CREATE SCHEMA edge');
    const tables: EdgeTable[] = [];
    for (const [index, edge] of edgeTypes.entries()) {
      if ((edge.minVersion ?? 0) > versionNumber) continue;
      const table = `edge_${index + 1}`;
      if (await fillTable(client, table, edge)) {
        tables.push({ schema: 'edge', table, type: edge.type, rows: edge.values.length + 1 });
      }
    }
    return tables;
  } finally {
    await client.end();
  }
}

/** @returns false where the server was built without the type */
async function fillTable(client: Client, table: string, edge: EdgeType): Promise<boolean> {
  const rows = [...edge.values, 'NULL'].map((value, index) => `(${index + 1}, (${value})::${edge.type})`);
  const statements = [
    ...(edge.setup ?? []),
    `CREATE TABLE edge.${table} (id int PRIMARY KEY, v ${edge.type})`,
    `INSERT INTO edge.${table} VALUES ${rows.join(', ')}`,
  ];
  try {
    // Statements sent together are one transaction: a table is there with its rows, or not at all.
    await client.query(statements.join(';\n'));
    return true;
  } catch (thrown) {
    if (edge.optional === true && (thrown as { code?: string }).code === notBuilt) return false;
    throw new Error(`${edge.type} (${table}): ${String(thrown)}`, { cause: thrown });
  }
}
