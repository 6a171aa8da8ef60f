import { TsmoltError } from '@tsmolt/core';
import type { ChangeSource, RememberedReader } from '@tsmolt/core';
import type { ReplicationOptions } from '../options.js';

type Checkpoints = Pick<ReplicationOptions, 'staging' | 'memoKey'>;

/** Nobody who has lost the lease is to end the session of who has it. */
export function rememberedReader({ staging, memoKey }: Checkpoints): RememberedReader {
  const key = `${memoKey}-reader`;
  return {
    load: async () => {
      await staging.fence();
      return staging.loadMemo(key);
    },
    save: async (session) => {
      await staging.fence();
      await staging.saveMemo(key, session);
    },
  };
}

/** A checkpoint means something to the stream that it was made for, and to no other. */
export async function refuseOther(changes: ChangeSource, { staging, memoKey }: Checkpoints): Promise<void> {
  const key = `${memoKey}-source`;
  const known = await staging.loadMemo(key);
  if (known === undefined) await staging.saveMemo(key, changes.identity);
  if (known === undefined || known === changes.identity)
    return refuseOtherHistory(changes, { staging, memoKey });
  throw new TsmoltError('TSM7007', {
    message: `the checkpoint ${memoKey} belongs to ${known}, and the source is ${changes.identity}`,
    advice: 'Use a staging schema of its own for each source; for a new load, drop the old staging schema.',
  });
}

/** The same server may have been restored, or failed over, to a state before the checkpoint, and have written beyond it since. */
async function refuseOtherHistory(changes: ChangeSource, { staging, memoKey }: Checkpoints): Promise<void> {
  const { history } = changes;
  if (history === undefined) return;
  const key = `${memoKey}-history`;
  const known = await staging.loadMemo(key);
  if (known === history) return;
  // Not loaded: the checkpoint goes on from where whoever writes has loaded it.
  const checkpoint = (await staging.memos()).get(memoKey);
  if (known !== undefined && known !== '' && history !== '' && checkpoint !== undefined)
    await changes.refuseLeft?.(known, checkpoint);
  await staging.saveMemo(key, history);
}

/** Once: who went on was told. */
export async function warnOfAlteration(
  changes: ChangeSource,
  { staging, memoKey, logger }: Checkpoints & Pick<ReplicationOptions, 'logger'>,
): Promise<void> {
  const { setup } = changes;
  if (setup === undefined) return;
  const key = `${memoKey}-publication`;
  const known = await staging.loadMemo(key);
  if (known === setup) return;
  const words = known === undefined ? undefined : changes.alteredSince?.(known);
  if (words !== undefined) logger.warn(words);
  await staging.saveMemo(key, setup);
}
