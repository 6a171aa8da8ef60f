import { displayName, nameFilter, TablesWithoutKey, TsmoltError } from '@tsmolt/core';
import type { ChangeSource, Table, TableName } from '@tsmolt/core';
import type { ReplicationOptions } from '../options.js';
import { narrowedColumns } from '../route/narrowed-columns.js';
import type { TargetTables } from '../route/target-tables.js';
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
    const wanted = all.filter((name) => filter.matches(name));
    const changes = await openIdentified(wanted, { options, keyless }, async (tables, leftOut) => {
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
      await warnOfAlteration(changes, options);
    });
    metrics.dialed(true);
    for (const warning of changes.warnings) options.logger.warn(warning);
    warnOfNarrowed(catalog, options, target);
    return changes;
  } catch (thrown) {
    metrics.dialed(false);
    throw thrown;
  }
}

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
async function openIdentified(
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

type Checkpoints = Pick<ReplicationOptions, 'staging' | 'memoKey'>;

/** A checkpoint means something to the stream that it was made for, and to no other. */
async function refuseOther(changes: ChangeSource, { staging, memoKey }: Checkpoints): Promise<void> {
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
async function warnOfAlteration(
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

/** What a userscript makes of values nobody can tell. */
function warnOfNarrowed(
  catalog: readonly Table[],
  { filter, logger, script }: ReplicationOptions,
  target: TargetTables,
): void {
  const wanted = script === undefined ? catalog.filter(({ name }) => filter.matches(name)) : [];
  const columns = narrowedColumns(wanted, target);
  if (columns.length > 0)
    logger.warn({ columns }, 'values of some columns are rounded on the target, whose types hold less');
}
