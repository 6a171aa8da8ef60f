import { createEdgeTable, mysqlEdgeTypes } from '@tsmolt/testkit';
import type { ScenarioDatabase } from './scenario-databases.js';
import type { SourceName } from './scenario.js';

export interface MadeTable {
  readonly table: string;
  /** As SQL names it on the target. */
  readonly name: string;
  readonly rows: number;
  readonly type: string;
}

/** A table for each type of the product, with a key and the values at the edges of the type. */
export async function makeEdgeTables(source: ScenarioDatabase, from: SourceName): Promise<MadeTable[]> {
  if (from === 'PostgreSQL') {
    const tables = await createEdgeTable(source.url, 180_000);
    return tables.map((made) => ({ ...made, name: `edge.${made.table}` }));
  }
  const product = from === 'MySQL' ? 'mysql' : 'mariadb';
  const types = mysqlEdgeTypes.filter(({ only }) => only === undefined || only === product);
  const tables = types.map(({ type, values }, index) => ({
    table: `edge_${index + 1}`,
    name: `edge_${index + 1}`,
    rows: values.length,
    type,
    literals: values.map(({ sql }) => sql),
  }));
  await source.run(
    tables.flatMap(({ name, type, literals }) => [
      `CREATE TABLE ${name} (id int PRIMARY KEY, v ${type})`,
      `INSERT INTO ${name} VALUES ${literals.map((sql, index) => `(${index + 1}, ${sql})`).join(', ')}`,
    ]),
  );
  return tables;
}

/** Which of them the route moves: those whose type the expression does not match. */
export function leftOut(from: SourceName, to: SourceName): RegExp {
  return refused[`${from} to ${to}`] ?? emoji;
}

/** Types with values that fetch cannot move. CockroachDB has no JSON as it was written, and so no zero character in it. */
const refused: Readonly<Record<string, RegExp>> = {
  'PostgreSQL to CockroachDB stand-in': /^(jsonpath|edge\.pair(\[\])?|edge\.nest|json)$/,
};

/** MySQL's catalog shows question marks in the place of such labels. */
const emoji = /^enum.*😀/u;
