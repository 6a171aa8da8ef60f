import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalDirectory } from '@tsmolt/storage';
import { objectStoreContract } from '@tsmolt/testkit/contracts';

objectStoreContract('a local directory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tsmolt-store-'));
  return { store: new LocalDirectory(folder), close: () => rm(folder, { recursive: true, force: true }) };
});
