import { createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import type { CockroachStandIn } from '@tsmolt/testkit';
import { freshDatabase } from '../../support/scenario-databases.js';
import type { ScenarioDatabase } from '../../support/scenario-databases.js';
import type { SourceName } from '../../support/scenario.js';

export type Product = Exclude<SourceName, 'PostgreSQL'> | 'PostgreSQL 15' | 'PostgreSQL 18';

/** `server_version_num`, of what speaks PostgreSQL's language. */
export const versions: Readonly<Record<Product, number>> = {
  'PostgreSQL 15': 150_000,
  'PostgreSQL 18': 180_000,
  'CockroachDB stand-in': 180_000,
  MySQL: 180_000,
  MariaDB: 180_000,
};

/** Runs work with a fresh database on each side. */
export async function withDatabases<Result>(
  [from, to]: readonly [Product, Product],
  standIn: CockroachStandIn,
  work: (source: ScenarioDatabase, target: ScenarioDatabase) => Promise<Result>,
): Promise<Result> {
  const source = await fresh(from, standIn);
  try {
    const target = await fresh(to, standIn);
    try {
      return await work(source, target);
    } finally {
      await target.drop();
    }
  } finally {
    await source.drop();
  }
}

async function fresh(product: Product, standIn: CockroachStandIn): Promise<ScenarioDatabase> {
  if (product === 'PostgreSQL 18') return freshDatabase('PostgreSQL', standIn);
  if (product !== 'PostgreSQL 15') return freshDatabase(product, standIn);
  const database = await createDatabase(await sharedServer('postgres15'));
  return { ...database, run: (statements) => runSql(database.url, ...statements).then(() => undefined) };
}
