import { displayName, nameFilter, TsmoltError } from '@tsmolt/core';
import type { ChangeSource, TableName } from '@tsmolt/core';
import type { ReplicationOptions } from '../options.js';
import { checkColumns } from '../route/check-columns.js';
import type { TargetTables } from '../route/target-tables.js';
import { openIdentified } from './keyless-tables.js';
import type { KeylessTables } from './keyless-tables.js';
import { refuseOther, rememberedReader, warnOfAlteration } from './known-source.js';
import type { RememberedShapes } from './remembered-shapes.js';
import type { ReplacedValues } from './replaced-values.js';

/** What the process knows beside its options. */
export interface Known {
  readonly replaced: ReplacedValues;
  readonly keyless: KeylessTables;
  readonly shapes: RememberedShapes;
  readonly target: TargetTables;
}

/** Opens the stream of the tables that are wanted. @throws TsmoltError for what a person has to look at */
export async function openSource(
  options: ReplicationOptions,
  { replaced, keyless, shapes, target }: Known,
): Promise<ChangeSource> {
  const { source, metrics, filter, flush, slot, publication, processId } = options;
  const openChanges = source.openChanges?.bind(source);
  if (openChanges === undefined) throw new Error('the source has no change stream');
  try {
    const catalog = await source.catalog.tables(nameFilter({}));
    const all = catalog.map(({ name }) => name);
    const wanted = catalog.filter(({ name }) => filter.matches(name));
    const names = wanted.map(({ name }) => name);
    const changes = await openIdentified(names, { options, keyless }, async (tables, leftOut) => {
      if (options.script === undefined) refuseSameTarget(tables);
      const chosen = new Set(tables);
      return openChanges({
        tables,
        others: all.filter((name) => !chosen.has(name)),
        leftOut: { tables: leftOut, onChange: (table) => metrics.leftOutChange(table) },
        bufferBytes: flush.bytes,
        unrepresentable: options.unrepresentable,
        ...(options.streamLargeTransactions
          ? { spill: options.staging.transactionSpill(options.memoKey) }
          : { decodingBytes: options.decodingBytes }),
        onReplaced: (table, column) => replaced.count(table, column),
        reader: rememberedReader(options),
        onWarning: (message) => options.logger.warn(message),
        acknowledgeEveryMs: options.acknowledgeEveryMs,
        fetchMetadata: options.fetchMetadata,
        ...(shapes.text === undefined ? {} : { shapes: shapes.text }),
        ...(slot === undefined ? {} : { slot }),
        ...(publication === undefined ? {} : { publication }),
        ...(processId === undefined ? {} : { processId }),
      });
    });
    await orClose(changes, async () => {
      refuseNoPositions(changes, options);
      await refuseOther(changes, options);
      checkColumns(wanted, options, target);
      await warnOfAlteration(changes, options);
    });
    metrics.dialed(true);
    for (const warning of changes.warnings) options.logger.warn(warning);
    return changes;
  } catch (thrown) {
    metrics.dialed(false);
    throw thrown;
  }
}

/** The position of `--until`. */
export async function endOf(
  changes: ChangeSource,
  until: string | undefined,
  checkpoint: string | undefined,
): Promise<string | undefined> {
  if (until !== 'now') return until;
  const now = await changes.currentPosition();
  if (checkpoint === undefined || changes.compare(checkpoint, now) !== 1) return now;
  throw new TsmoltError('TSM5005', {
    message: `the log of the source has come to ${now}, which is before the position to start from, ${checkpoint}`,
    advice:
      'It is another server, or was restored or failed over to an earlier state: what the target has may not be on the source any more. Verify, and fetch again what differs.',
  });
}

async function orClose(changes: ChangeSource, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (thrown) {
    await changes.close();
    throw thrown;
  }
}

/** A table of the target is found by its name alone: rows of two tables must not be mixed. */
function refuseSameTarget(tables: readonly TableName[]): void {
  const byName = new Map<string, TableName>();
  for (const name of tables) {
    const other = byName.get(name.table);
    byName.set(name.table, name);
    if (other === undefined) continue;
    throw new TsmoltError('TSM7005', {
      message: `${displayName(other)} and ${displayName(name)} of the source have the same name, and would both go to one table of the target`,
      advice: `Choose one of the schemas with --schema-filter (${other.schema} or ${name.schema}), and replicate the other one to a --targetSchema of its own.`,
    });
  }
}

/** What is wrong with a position should not turn out when the first TRUNCATE comes. @throws TsmoltError `TSM1004` */
function refuseNoPositions(changes: ChangeSource, { acceptUpTo, until }: ReplicationOptions): void {
  for (const position of [acceptUpTo, until === 'now' ? undefined : until])
    if (position !== undefined) changes.compare(position, position);
}
