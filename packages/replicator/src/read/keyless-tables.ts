import { displayName, TablesWithoutKey } from '@tsmolt/core';
import type { ChangeSource, TableName } from '@tsmolt/core';
import type { ReplicationOptions } from '../options.js';

/** Tables that lost their key while their changes were read: this process does not take them up again. */
export class KeylessTables {
  readonly #policy: ReplicationOptions['onMissingKey'];
  readonly #names = new Set<string>();

  constructor({ onMissingKey }: Pick<ReplicationOptions, 'onMissingKey'>) {
    this.#policy = onMissingKey;
  }

  has(name: TableName): boolean {
    return this.#names.has(displayName(name));
  }

  /** @returns whether the stream can go on without the tables that the failure is about */
  leaveOut(failure: unknown): boolean {
    if (this.#policy === 'pause' || !(failure instanceof TablesWithoutKey)) return false;
    const before = this.#names.size;
    for (const name of failure.tables) this.#names.add(displayName(name));
    return this.#names.size > before;
  }
}

/** Without tables whose rows nothing identifies, where the policy says so. What identifies a row the stream knows best. */
export async function openIdentified(
  wanted: readonly TableName[],
  { options, keyless }: { readonly options: ReplicationOptions; readonly keyless: KeylessTables },
  open: (tables: readonly TableName[], leftOut: readonly TableName[]) => Promise<ChangeSource>,
): Promise<ChangeSource> {
  const { onMissingKey, logger, metrics } = options;
  const leftOut: TableName[] = wanted.filter((name) => keyless.has(name));
  let tables = wanted.filter((name) => !keyless.has(name));
  for (;;) {
    try {
      const changes = await open(tables, leftOut);
      metrics.leftOut(leftOut.length);
      if (leftOut.length > 0)
        logger.warn(
          { tables: leftOut.map(displayName) },
          'tables are left out by --onMissingKey ignore: nothing identifies their rows, and none of their changes is carried',
        );
      return changes;
    } catch (thrown) {
      if (onMissingKey === 'pause' || !(thrown instanceof TablesWithoutKey)) throw thrown;
      const without = new Set(thrown.tables.map(displayName));
      const left = tables.filter((name) => !without.has(displayName(name)));
      if (left.length === tables.length) throw thrown;
      leftOut.push(...tables.filter((name) => without.has(displayName(name))));
      tables = left;
    }
  }
}
