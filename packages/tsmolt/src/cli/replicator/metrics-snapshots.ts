import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { asTsmoltError } from '@tsmolt/core';
import type { Logger, Registry } from '@tsmolt/core';

export interface SnapshotSettings {
  readonly dataDir: string;
  readonly metricsSnapshotPeriod: number;
  readonly metricsSnapshotCompression: 'gzip' | 'none';
  readonly metricsSnapshotRetentionTime: number;
  /** Bytes; no limit unless given. */
  readonly metricsSnapshotRetentionSize?: number;
  readonly logger: Logger;
}

const prefix = 'metrics-';

/** Writes the metrics to files from time to time, for the time when nobody scraped them. */
export class MetricsSnapshots {
  readonly #registry: Registry;
  readonly #settings: SnapshotSettings;
  readonly #directory: string;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(registry: Registry, settings: SnapshotSettings) {
    this.#registry = registry;
    this.#settings = settings;
    this.#directory = join(settings.dataDir, 'metrics-snapshots');
  }

  start(): void {
    const { metricsSnapshotPeriod } = this.#settings;
    if (metricsSnapshotPeriod === 0) return;
    this.#timer = setInterval(() => {
      this.#writing = this.#writing.then(() => this.#write());
    }, metricsSnapshotPeriod);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
  }

  /** A snapshot that cannot be written is a word in the log: replication goes on. */
  async #write(): Promise<void> {
    try {
      await mkdir(this.#directory, { recursive: true });
      const text = await this.#registry.metrics();
      const zipped = this.#settings.metricsSnapshotCompression === 'gzip';
      const name = `${prefix}${new Date().toISOString().replaceAll(/[-:]/g, '')}.prom${zipped ? '.gz' : ''}`;
      await writeFile(join(this.#directory, name), zipped ? await promisify(gzip)(text) : text);
      await this.#retire();
    } catch (thrown) {
      this.#settings.logger.warn(
        { reason: asTsmoltError(thrown).message },
        'cannot write a snapshot of the metrics',
      );
    }
  }

  /** Deletes what is too old, and then the oldest of what is too much. */
  async #retire(): Promise<void> {
    const { metricsSnapshotRetentionTime, metricsSnapshotRetentionSize } = this.#settings;
    const limit = metricsSnapshotRetentionSize ?? Number.POSITIVE_INFINITY;
    const names = (await readdir(this.#directory)).filter((name) => name.startsWith(prefix)).toSorted();
    let bytes = 0;
    for (const name of names.toReversed()) {
      const path = join(this.#directory, name);
      const { size, mtimeMs } = await stat(path);
      bytes += size;
      if (bytes > limit || isOlder(mtimeMs, metricsSnapshotRetentionTime)) await rm(path);
    }
  }
}

/** @param forMs 0 for however long */
function isOlder(mtimeMs: number, forMs: number): boolean {
  return forMs > 0 && Date.now() - mtimeMs > forMs;
}
