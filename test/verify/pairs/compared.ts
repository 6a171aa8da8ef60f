import { verify } from 'tsmolt';
import type { VerifyReport } from 'tsmolt';
import { expect } from 'vitest';
import type { ScenarioDatabase } from '../../support/scenario-databases.js';

export interface NamedColumn {
  readonly name: string;
  readonly type: string;
  /** The type of PostgreSQL whose smallest change counts, where the source's own is coarser than the target's. */
  readonly changedAs?: string;
}

/** Both databases' one table, in several ranges. */
export function compared(source: ScenarioDatabase, target: ScenarioDatabase): Promise<VerifyReport> {
  return verify({
    source: source.url,
    target: target.url,
    allowTlsModeDisable: true,
    rowBatchSize: 40,
    concurrency: 4,
    namedRows: 1_000_000,
  });
}

/** Each differing row with the columns that differ in it, by type. */
export function differences({ tables }: VerifyReport, columns: readonly NamedColumn[]): string[] {
  expect(tables).toHaveLength(1);
  const typeOf = new Map(columns.map(({ name, type }) => [name, type]));
  return tables
    .flatMap(({ rows }) => rows)
    .map(({ kind, key, columns: different }) => {
      const names = different.map(({ name }) => `${name} ${typeOf.get(name)}`);
      return `${kind} of row ${key['id']}: ${names.join(', ')}`;
    })
    .toSorted();
}
