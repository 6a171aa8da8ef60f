import { asTsmoltError, displayName, loadOrder, pairColumns } from '@tsmolt/core';
import type { SnapshotSource, Table, TablePair, TablePlan } from '@tsmolt/core';
import { discover } from './discover.js';
import type { Discovery } from './discover.js';
import { openSnapshot } from './open-snapshot.js';
import type { FetchOptions } from './options.js';
import { planTable } from './plan-table.js';
import { bulkTargetOf } from './prepare-target.js';

/** What a fetch would do. */
export interface DryRun {
  readonly source: string;
  readonly target: string;
  readonly route: string;
  readonly tables: readonly DryRunTable[];
  /** What the target would be sent before any row, in order. */
  readonly statements: readonly string[];
  readonly skippedUnmigratableTables: readonly string[];
  /** Why the run would be refused; undefined where it would not be. */
  readonly refused?: { readonly code: string; readonly message: string; readonly advice: string };
}

export interface DryRunTable {
  readonly source: string;
  readonly target: string;
  readonly columns: readonly { readonly source: string; readonly target: string }[];
  readonly filter?: string;
  readonly sharding: string;
  readonly shards: number;
  /** Ranges of all shards: the units that are exported, and tried again, by themselves. */
  readonly ranges: number;
  /** By the source's statistics. */
  readonly estimatedRows: number;
  readonly estimatedBytes: number;
  /** How the rows get in. */
  readonly statements: readonly string[];
}

/**
 * Plans a fetch and touches nothing: no table on the target, no slot on the source, no file.
 *
 * What would be refused is part of the plan; its mismatches are in the log.
 */
export async function dryRun(options: FetchOptions): Promise<DryRun> {
  const head = {
    source: options.source.product,
    target: options.target.product,
    route: describeRoute(options),
  };
  try {
    const discovery = await discover(options);
    const tables = await planTables(options, discovery);
    return {
      ...head,
      tables,
      statements: await statementsBefore(options, discovery),
      skippedUnmigratableTables: discovery.skipped.map(displayName),
    };
  } catch (thrown) {
    const { code, message, advice } = asTsmoltError(thrown);
    return {
      ...head,
      tables: [],
      statements: [],
      skippedUnmigratableTables: [],
      refused: { code, message, advice },
    };
  }
}

function describeRoute({ route, mode }: FetchOptions): string {
  if (route.kind === 'direct') return 'straight from source to target by COPY';
  const load = route.load === 'copy' ? 'COPY FROM' : 'IMPORT INTO';
  return `${mode} through ${route.store.description}, ${route.compression === 'gzip' ? 'gzip files' : 'plain files'}, ${load}`;
}

async function planTables(options: FetchOptions, discovery: Discovery): Promise<DryRunTable[]> {
  const { replication: _slot, ...withoutSlot } = options;
  const snapshot = await openSnapshot(
    { ...withoutSlot, ignoreReplicationCheck: true, tableConcurrency: 1, exportConcurrency: 1 },
    { tables: discovery.sourceTables },
  );
  try {
    const planned: DryRunTable[] = [];
    const pairs = plannedPairs(discovery);
    const { selfReferencing } = loadOrder(pairs.map((pair) => pair.target));
    for (const pair of pairs) {
      const onePiece = options.skipPrimaryKeyCheck || selfReferencing.has(displayName(pair.target.name));
      planned.push(await planOne(options, snapshot, pair, onePiece));
    }
    return planned;
  } finally {
    await snapshot.close('failed');
  }
}

/** Tables that are to be created are paired with what they are going to be. */
function plannedPairs({ pairs, plans, planned }: Discovery): readonly TablePair[] {
  if (pairs.length > 0) return pairs;
  return plans.map((plan, index) =>
    pairColumns(plan, targetOf(plan, planned[index]), { caseSensitive: true }),
  );
}

function targetOf(plan: TablePlan, planned: Table | undefined): Table {
  const table = planned ?? { ...plan.source, name: plan.target };
  return { ...table, columns: table.columns.map((column) => ({ ...column, generated: false })) };
}

async function planOne(
  options: FetchOptions,
  snapshot: SnapshotSource,
  pair: TablePair,
  onePiece: boolean,
): Promise<DryRunTable> {
  const { source, target, columns, filter } = pair;
  const plan = await planTable(options, snapshot, source, onePiece);
  return {
    source: displayName(source.name),
    target: displayName(target.name),
    columns: columns.map((column) => ({
      source: `${column.source.name} ${column.source.nativeType}`,
      target: `${column.target.name} ${column.target.nativeType}`,
    })),
    ...(filter === undefined ? {} : { filter }),
    sharding: plan.method,
    shards: plan.shards.length,
    ranges: plan.shards.reduce((sum, shard) => sum + shard.ranges.length, 0),
    estimatedRows: source.estimate.rows,
    estimatedBytes: source.estimate.bytes,
    statements: loadStatements(options, pair),
  };
}

function loadStatements(options: FetchOptions, { target, columns }: TablePair): string[] {
  if (options.mode === 'export-only') return [];
  const format = columns.length === 1 ? 'csv-marked-null' : 'csv';
  const kind = options.route.kind === 'files' && options.route.load === 'import' ? 'import' : 'copy';
  const names = columns.map((column) => column.target.name);
  return bulkTargetOf(options).explain({ kind, table: target.name, columns: names, format });
}

async function statementsBefore(options: FetchOptions, discovery: Discovery): Promise<string[]> {
  if (options.mode === 'export-only' || options.tableHandling === 'none') return [];
  const bulk = bulkTargetOf(options);
  const tables = discovery.targetTables.map((table) => table.name);
  if (options.tableHandling === 'truncate-if-exists') return bulk.explain({ kind: 'truncate', tables });
  const definitions = await bulk.planTables(discovery.planned);
  return [...bulk.explain({ kind: 'drop', tables }), ...definitions.flatMap(({ statements }) => statements)];
}
