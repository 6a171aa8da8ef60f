import { displayName, TsmoltError } from '@tsmolt/core';
import type { ChangeSource, ErrorDetails, SchemaEvent, TableName } from '@tsmolt/core';
import type { AcceptedAlterations } from './accepted-alterations.js';
import type { ReplicationOptions } from '../options.js';
import type { TargetTables } from './target-tables.js';

/** What becomes of an event that is no row. */
export type Verdict = 'apply' | 'pass' | TsmoltError;

type Policies = Pick<
  ReplicationOptions,
  'onTruncate' | 'onDdl' | 'acceptUpTo' | 'filter' | 'logger' | 'metrics'
>;

export interface JudgeContext {
  readonly options: Policies;
  readonly source: ChangeSource;
  readonly tables: TargetTables;
  readonly accepted: AcceptedAlterations;
}

/** Decides by policy: nothing that is no row is passed over without a word. */
export function judge(event: SchemaEvent, position: string, context: JudgeContext): Verdict {
  const { options, accepted } = context;
  if (event.tables.length > 0 && !event.tables.some((name) => options.filter.matches(name))) return 'pass';
  const verdict = verdictOn(event, position, context);
  if (verdict === 'pass') {
    options.metrics.passedEvent(event.kind);
    options.logger.warn(
      { position, statement: event.statement },
      `passed over by ${reason(event, position, context)}`,
    );
  } else if (verdict !== 'apply') accepted.tell(event, position);
  return verdict;
}

function verdictOn(event: SchemaEvent, position: string, context: JudgeContext): Verdict {
  const { options, source } = context;
  if (isAccepted(position, options, source)) return 'pass';
  if (event.kind === 'truncate') {
    if (options.onTruncate === 'pause') return paused(event, position);
    return options.onTruncate === 'apply' ? 'apply' : 'pass';
  }
  return verdictOnDdl(event, position, context);
}

function verdictOnDdl(
  event: Extract<SchemaEvent, { kind: 'ddl' }>,
  position: string,
  { options, source, tables, accepted }: JudgeContext,
): Verdict {
  if (event.changesRows !== undefined) return untold(event.changesRows, position);
  if (options.onDdl === 'ignore' || accepted.covers(event, source) || isThere(event, tables)) return 'pass';
  // `check` goes on: a table or column that the target lacks is an error as soon as a row comes for it.
  if (
    options.onDdl === 'check' &&
    event.isNew !== true &&
    event.replacesRows !== true &&
    event.tables.every(({ table }) => tables.find(table) !== undefined)
  )
    return 'pass';
  return paused(event, position);
}

/** Who was told of a new table has created it, and comes by its creation when the log is read again. */
function isThere(event: SchemaEvent, target: TargetTables): boolean {
  return (
    event.kind === 'ddl' &&
    event.creates === true &&
    event.tables.length > 0 &&
    event.tables.every(({ table }) => target.find(table) !== undefined)
  );
}

function isAccepted(position: string, { acceptUpTo }: Policies, source: ChangeSource): boolean {
  if (acceptUpTo === undefined) return false;
  const order = source.compare(position, acceptUpTo);
  return order === -1 || order === 0;
}

function reason(
  event: SchemaEvent,
  position: string,
  { options, source, tables, accepted }: JudgeContext,
): string {
  if (isAccepted(position, options, source)) return `--acceptUpTo ${options.acceptUpTo}`;
  if (event.kind === 'truncate') return '--onTruncate ignore';
  if (isThere(event, tables)) return 'the target, which has the table';
  return accepted.covers(event, source) ? 'what --acceptUpTo has accepted' : `--onDDL ${options.onDdl}`;
}

/** No policy speaks of rows. */
function untold(
  { message, advice }: Pick<ErrorDetails, 'message' | 'advice'>,
  position: string,
): TsmoltError {
  return new TsmoltError('TSM5006', {
    message,
    advice: `${advice} Or, where it changed no row of these tables, or you have made the same change on the target, run again with --acceptUpTo ${position}.`,
  });
}

function paused(event: SchemaEvent, position: string): TsmoltError {
  if (event.kind === 'ddl' && event.isGone === true) return pausedForGone(event, position);
  if (event.kind === 'ddl' && event.partitionOf !== undefined)
    return pausedForPartition(event, event.partitionOf, position);
  if (event.kind === 'ddl' && event.isNew === true) return pausedForNew(event, position, event.ifHidden);
  const tables = event.tables.map(displayName).join(', ');
  const flag = event.kind === 'truncate' ? '--onTruncate apply, or empty the tables and use ' : '';
  return new TsmoltError('TSM7001', {
    message: `replication paused before position ${position}: the source did "${event.statement}" (${tables})`,
    advice:
      event.kind === 'truncate'
        ? `Everything before it is on the target. Run again with ${flag}--acceptUpTo ${position}.`
        : `Everything before it is on the target. Make the same change there, then run again with --acceptUpTo ${position}.`,
  });
}

/** A process that starts later knows the table, and its changes are still in the log. */
function pausedForNew({ statement }: SchemaEvent, position: string, ifHidden?: string): TsmoltError {
  return new TsmoltError('TSM7001', {
    message: `replication paused before position ${position}: ${statement}`,
    advice:
      'Everything before it is on the target. Create the table there as well, and run the same command again: none of its changes is lost. ' +
      (ifHidden === undefined ? '' : `${ifHidden} `) +
      'Or leave the table out with --table-exclusion-filter.',
  });
}

/** No process that starts now knows a table of that name, so that creating it on the target helps nobody. */
function pausedForPartition(
  { statement, tables }: SchemaEvent,
  root: TableName,
  position: string,
): TsmoltError {
  const pattern = tables.map(({ table }) => `^${table.replaceAll(/[.*+?()[\]{}|^$\\]/g, String.raw`\$&`)}$`);
  const whole = displayName(root);
  return new TsmoltError('TSM7001', {
    message: `replication paused before position ${position}: ${statement}`,
    advice:
      `Everything before it is on the target. Run again with --table-exclusion-filter '${pattern.join('|')}' (behind a | where there is ` +
      `one already): the changes under this name are left out, those under the name of ${whole} are not. Then \`tsmolt verify\` tells ` +
      `which rows of ${whole} the target lacks, and --repair-file writes the statements that bring them.`,
  });
}

/** Which tables are read is asked of the source as it is now. */
function pausedForGone({ statement }: SchemaEvent, position: string): TsmoltError {
  return new TsmoltError('TSM7001', {
    message: `replication paused before position ${position}: ${statement}`,
    advice:
      'Everything before it is on the target. A table that was dropped is left out with --table-exclusion-filter. So is one that was renamed, ' +
      'and what it had changed until then does not come under its new name: load that table again.',
  });
}
