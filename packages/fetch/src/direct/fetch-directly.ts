import { displayName, Ledger, loadOrder } from '@tsmolt/core';
import type { SnapshotSource } from '@tsmolt/core';
import { writeReplicationScript } from '../config/write-replication-script.js';
import { discover } from '../discover.js';
import { inOrder } from '../in-order.js';
import { openSnapshot } from '../open-snapshot.js';
import type { FetchOptions } from '../options.js';
import { bulkTargetOf, prepareTarget } from '../prepare-target.js';
import type { FetchReport } from '../report.js';
import { Substitutions } from '../substitutions.js';
import { announce, conclude } from '../run-log.js';
import { TableLog } from '../table-log.js';
import { fetchTable } from './fetch-table.js';

/** Server to server, without files in between: what is interrupted starts again. */
export async function fetchDirectly(options: FetchOptions): Promise<FetchReport> {
  const discovery = await discover(options);
  const snapshot = await openSnapshot(options, { tables: discovery.sourceTables });
  try {
    announce(options, discovery.sourceTables, snapshot.cursor);
    const pairs = await prepareTarget(options, discovery);
    await writeReplicationScript(options, discovery.plans);
    const report = await moveTables(options, snapshot, pairs);
    const concluded = conclude(options, {
      cdcCursor: snapshot.cursor,
      tables: report,
      skipped: discovery.skipped,
    });
    await snapshot.close('complete');
    return concluded;
  } catch (thrown) {
    await closeFailed(options, snapshot);
    throw thrown;
  }
}

function moveTables(
  options: FetchOptions,
  snapshot: SnapshotSource,
  pairs: Awaited<ReturnType<typeof prepareTarget>>,
): Promise<FetchReport['tables']> {
  const { selfReferencing } = loadOrder(pairs.map((pair) => pair.target));
  const shared = {
    options,
    snapshot,
    target: bulkTargetOf(options),
    ledger: new Ledger(),
    substitutions: new Substitutions(options.logger),
  };
  const order = { concurrency: options.tableConcurrency, signal: options.signal };
  const tasks = pairs.map((pair) => ({ pair }));
  return inOrder(tasks, order, ({ pair }, signal) => {
    const onePiece = options.skipPrimaryKeyCheck || selfReferencing.has(displayName(pair.target.name));
    const log = new TableLog(options.logger, pair.source.name);
    return fetchTable({ ...shared, pair, log, signal }, onePiece);
  });
}

async function closeFailed(options: FetchOptions, snapshot: SnapshotSource): Promise<void> {
  await snapshot.close('failed').catch((second: unknown) => {
    options.logger.error(
      { cause: String(second) },
      'the snapshot could not be closed: look for a replication slot that is left on the source',
    );
  });
}
