import { startPostgres18 } from '@tsmolt/testkit';
import type { RunningServer } from '@tsmolt/testkit';

/** The two servers that the demo plays on. */
export interface Stage {
  readonly source: RunningServer;
  readonly target: RunningServer;
  /** Stops both servers and removes their data. */
  close(): Promise<void>;
}

/** Fewer checkpoints than the small default would make while a million rows arrive twice. */
const settings = { max_wal_size: '4GB', shared_buffers: '128MB' };

/** Starts both servers. @throws if one of them does not come up; then none is left. */
export async function openStage(): Promise<Stage> {
  const start = (): Promise<RunningServer> => startPostgres18({ own: true, settings });
  const [source, target] = await Promise.allSettled([start(), start()]);
  if (source.status === 'fulfilled' && target.status === 'fulfilled') {
    return { source: source.value, target: target.value, close: () => stopAll([source.value, target.value]) };
  }
  const [started, failed] = source.status === 'fulfilled' ? [source, target] : [target, source];
  if (started.status === 'fulfilled') await started.value.stop();
  throw failed.status === 'rejected' ? failed.reason : new Error('a server is missing');
}

async function stopAll(servers: readonly RunningServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}
