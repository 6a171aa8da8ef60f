import { randomUUID } from 'node:crypto';
import { asTsmoltError, repeated } from '@tsmolt/core';
import type { ApplyTarget, ApplyTransaction } from '@tsmolt/core';

export interface ProvingStore {
  saveMemo(key: string, value: string): Promise<void>;
  loadMemo(key: string): Promise<string | undefined>;
  removeMemo(key: string, within?: ApplyTransaction): Promise<void>;
}

/** How long the target may take, in milliseconds, to say whether it sees what the store has written. */
const timeoutMs = 30_000;

/**
 * Whether transactions of the target write to the store: names and addresses can deceive, a nonce cannot. The store writes
 * one, a transaction of the target takes it away, and the store looks whether it is gone.
 */
export async function proveSharing(store: ProvingStore, target: ApplyTarget): Promise<boolean> {
  const key = `tsmolt-probe-${randomUUID()}`;
  await store.saveMemo(key, key);
  const { signal } = new AbortController();
  try {
    await repeated(() =>
      target.transaction((transaction) => store.removeMemo(key, transaction), { signal, timeoutMs }),
    );
  } catch (thrown) {
    // A target that does not know the table says so in one way or another; one that cannot be reached says nothing.
    if (asTsmoltError(thrown).kind === 'retry') throw thrown;
  }
  const shared = (await store.loadMemo(key)) === undefined;
  if (!shared) await store.removeMemo(key);
  return shared;
}
