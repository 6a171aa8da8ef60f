import { refusalOf } from '@tsmolt/core';
import type { ApplyOptions, ApplyTransaction, ChangeValue, Refusal, RowBatch } from '@tsmolt/core';
import type { ContractFixture } from './contract-database.js';

/** What the tests of this contract share. */
export interface ApplyFixture extends ContractFixture {
  readonly apply: <Result>(
    work: (transaction: ApplyTransaction) => Promise<Result>,
    options?: Partial<ApplyOptions>,
  ) => Promise<Result>;
  /** A batch of the table `t` or another one. */
  readonly batch: (
    columns: readonly string[],
    rows: readonly (readonly ChangeValue[])[],
    of?: { readonly key?: readonly string[]; readonly table?: string },
  ) => Promise<RowBatch>;
}

/** The refusal that the work runs into. */
export async function refusalIn(work: Promise<unknown>): Promise<Refusal | undefined> {
  return work.then(
    () => undefined,
    (thrown: unknown) => refusalOf(thrown),
  );
}
