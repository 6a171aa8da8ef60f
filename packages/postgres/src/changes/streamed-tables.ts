import { displayName, TablesWithoutKey } from '@tsmolt/core';
import type { TsmoltError } from '@tsmolt/core';
import type { Alteration, ChangedTable, LeftOutTables, SchemaEvent, TableName } from '@tsmolt/core';
import { printPosition } from './log-position.js';
import { shapeDifference } from './published-relation.js';
import type { PublishedColumn, PublishedRelation } from './published-relation.js';
import { beginning, ShapeHistory } from './shape-history.js';
import type { Shape } from './shape-history.js';

/** A table that is wanted, as the catalog shows it. */
export interface WantedTable {
  readonly oid: number;
  readonly name: TableName;
  /** Those that the publication publishes, in their order. */
  readonly columns: readonly PublishedColumn[];
  /** Generated columns, of which it may publish some. */
  readonly generated: readonly string[];
  /** The primary key, or the best other one; empty where there is none. */
  readonly key: readonly string[];
  readonly partitioned?: boolean;
}

/** A table as it comes now. */
export interface StreamedTable {
  readonly changed: ChangedTable;
}

/** What the catalog said beside the tables that are wanted. */
export interface CatalogFacts {
  /** Names of types by their oid. */
  readonly types: ReadonlyMap<number, string>;
  /** Where the log ended then. */
  readonly readAt: bigint;
  /** Tables that are not wanted; unset where nobody wants to hear of new ones. */
  readonly others: readonly TableName[] | undefined;
  /** The roots that are wanted, by `mapKey` of their partitions. */
  readonly partitions?: ReadonlyMap<string, TableName>;
  readonly leftOut?: LeftOutTables | undefined;
  /** What `shapes` of an earlier one said. */
  readonly shapes?: string | undefined;
}

/** Schemas of tsmolt and MOLT. */
const ownSchemas: ReadonlySet<string> = new Set(['_molt_fetch', '_replicator']);

/**
 * The tables of the stream, by what the server announced. It outlives a connection, and its `shapes` the process: what was
 * altered while there was none shows as a difference to what came before, and what is read again from an earlier position
 * tells the same again.
 */
export class StreamedTables {
  readonly #wanted: ReadonlyMap<string, WantedTable>;
  readonly #types: Map<number, string>;
  readonly #history: ShapeHistory;
  /** Those of wanted tables. */
  readonly #names = new Map<number, TableName>();
  readonly #tables = new Map<number, StreamedTable>();
  readonly #leftOut: LeftOutTables | undefined;
  readonly #leftOutIds = new Map<number, TableName>();
  readonly #readAt: bigint;
  readonly #others: ReadonlySet<string> | undefined;
  readonly #partitions: ReadonlyMap<string, TableName>;
  /** Names that came up since the connection began, and were told. */
  readonly #told = new Set<string>();
  /** Tables by oid that nobody knew at the start, and of which no row has come. */
  readonly #unknown = new Map<number, TableName>();

  constructor(
    wanted: readonly WantedTable[],
    { types, readAt, others, partitions, leftOut, shapes }: CatalogFacts,
  ) {
    this.#partitions = partitions ?? new Map();
    this.#leftOut = leftOut;
    this.#readAt = readAt;
    this.#others = others && new Set(others.map(mapKey));
    this.#wanted = new Map(wanted.map((table) => [mapKey(table.name), table]));
    this.#types = new Map(types);
    const catalog = wanted.map(({ name, oid, columns }): [string, Shape] => [
      mapKey(name),
      { position: beginning, seenAt: readAt, oid, columns },
    ]);
    this.#history = new ShapeHistory(new Map(catalog), shapes);
  }

  /** A connection begins at this position: what was announced behind it will be announced again. */
  rewind(from: bigint): void {
    this.#told.clear();
    this.#unknown.clear();
    this.#names.clear();
    this.#tables.clear();
    this.#history.rewind(from);
    for (const [key, { oid }] of this.#history.latest()) {
      const wanted = this.#wanted.get(key);
      if (wanted !== undefined) this.#names.set(oid, wanted.name);
    }
  }

  /** The transaction ends here. */
  commit(position: bigint): void {
    this.#history.commit(position);
  }

  /**
   * What the tables looked like, for the one that comes after this one.
   *
   * @param durable nobody will go on from before this position
   */
  shapes(durable: bigint): string {
    return this.#history.text(durable);
  }

  /** The table of a change; undefined where its changes are not wanted. */
  get(oid: number): StreamedTable | undefined {
    return this.#tables.get(oid);
  }

  /**
   * A row of a table came that is not wanted.
   *
   * @returns what is to be said before it: that the table was not there at the start
   */
  passOver(oid: number): SchemaEvent | undefined {
    const name = this.#leftOutIds.get(oid);
    if (name !== undefined) this.#leftOut?.onChange(name);
    const unknown = this.#unknown.get(oid);
    this.#unknown.delete(oid);
    return unknown === undefined ? undefined : this.#tellNew(unknown);
  }

  /** The name of a table that is wanted. */
  nameOf(oid: number): TableName | undefined {
    return this.#names.get(oid);
  }

  nameType(oid: number, name: string): void {
    this.#types.set(oid, name);
  }

  /**
   * Takes a Relation message of the transaction that commits at this position.
   *
   * @returns what it says about the schema, where that is not what came before
   */
  announce(relation: PublishedRelation, at: bigint): SchemaEvent | undefined {
    const wanted = this.#wanted.get(mapKey(relation.name));
    if (wanted === undefined) return this.#announceOther(relation, at);
    const { oid, columns } = relation;
    this.#names.set(oid, wanted.name);
    this.#keep(relation, wanted, at);
    const difference = this.#difference(wanted.name, relation, at);
    if (difference === undefined) return undefined;
    this.#history.add(mapKey(wanted.name), { seenAt: at, oid, columns });
    const { younger, alteration } = difference;
    const words = `${younger ? 'altered after these changes were made: ' : ''}${alteration.differences.join('; ')}`;
    const statement = `${displayName(wanted.name)}: ${words}`;
    return { kind: 'ddl', tables: [wanted.name], statement, alteration };
  }

  /** A table that is not wanted, unless under the name that it had before. */
  #announceOther({ oid, name, columns }: PublishedRelation, at: bigint): SchemaEvent | undefined {
    if (this.#leftOut?.tables.some((one) => mapKey(one) === mapKey(name)) === true)
      this.#leftOutIds.set(oid, name);
    else this.#leftOutIds.delete(oid);
    const before = this.#names.get(oid);
    this.#names.delete(oid);
    this.#tables.delete(oid);
    if (before === undefined) {
      this.#announceNew(oid, name);
      return undefined;
    }
    this.#told.add(mapKey(name));
    this.#history.add(mapKey(before), { seenAt: at, oid: 0, columns });
    const statement = `${displayName(before)} was renamed to ${displayName(name)}: its changes are left out from here on`;
    return { kind: 'ddl', tables: [before], statement };
  }

  /**
   * A name that nobody knew at the start. A partition has one of its own too, which the server announces behind the name of
   * its root, although all of its rows come under that: so only a row tells that there is a table.
   */
  #announceNew(oid: number, name: TableName): void {
    const isKnown = this.#others?.has(mapKey(name)) ?? true;
    if (isKnown || ownSchemas.has(name.schema)) this.#unknown.delete(oid);
    else this.#unknown.set(oid, name);
  }

  /** A table that was not there at the start: whether it is wanted, the catalog can tell a process that starts later. */
  #tellNew(name: TableName): SchemaEvent | undefined {
    const key = mapKey(name);
    if (this.#told.has(key)) return undefined;
    this.#told.add(key);
    const root = this.#partitions.get(key);
    if (root !== undefined) return changedBeside(root, name);
    return {
      kind: 'ddl',
      tables: [name],
      statement: `${displayName(name)} is new: it was created, or renamed, after replication began`,
      isNew: true,
    };
  }

  /** What the catalog showed at the start may be younger than the changes: then it is the catalog's shape that came later. */
  #difference(
    name: TableName,
    { oid, columns }: PublishedRelation,
    at: bigint,
  ): { readonly younger: boolean; readonly alteration: Alteration } | undefined {
    const before = this.#history.last(mapKey(name));
    if (before === undefined) return undefined;
    const other = before.oid === oid ? [] : ['it is another table of the same name'];
    const younger = before.position === beginning && at < before.seenAt;
    const [from, to] = younger ? [columns, before.columns] : [before.columns, columns];
    const differences = [...other, ...shapeDifference(from, to, this.#types)];
    const [since, by] = younger ? [at, before.seenAt] : [before.seenAt, at];
    if (differences.length > 0)
      return { younger, alteration: { differences, since: printPosition(since), by: printPosition(by) } };
    if (before.seenAt < at) before.seenAt = at;
    return undefined;
  }

  /** Where the shape is the one that came before, the object stays the same too. */
  #keep(relation: PublishedRelation, wanted: WantedTable, at: bigint): void {
    const { name } = wanted;
    const columns = relation.columns.map((column) => column.name);
    const key = keyPositions(relation, wanted, at >= this.#readAt);
    const omitted = wanted.generated.filter((column) => !columns.includes(column));
    const changed = { name, columns, key, ...(omitted.length === 0 ? {} : { omitted }) };
    const before = this.#tables.get(relation.oid)?.changed;
    const same = before !== undefined && JSON.stringify(before) === JSON.stringify(changed);
    this.#tables.set(relation.oid, { changed: same ? before : changed });
  }
}

/**
 * The columns that every old row has: those of the replica identity. A whole row as identity says nothing about the key:
 * there the catalog's word counts, as for a root of partitions, whose partitions have identities of their own; and where the
 * table got its key later, because a published table without one takes rows and changes none.
 *
 * @param later than the catalog was read: where a table has no identity then, its key was dropped
 */
function keyPositions(
  { identity, columns: announced }: PublishedRelation,
  { key, partitioned }: WantedTable,
  later: boolean,
): number[] {
  const columns = announced.map(({ name }) => name);
  const marked = announced.filter(({ inIdentity }) => inIdentity).map(({ name }) => name);
  const known = identity === 'f' || partitioned === true || !later;
  const fallback = known ? key : [];
  const names = marked.length === 0 || identity === 'f' ? fallback : marked;
  const positions = names.map((name) => columns.indexOf(name));
  return positions.includes(-1) ? [] : positions;
}

/** Under its own name a partition's changes have come before it was one, or while the publication told them so. */
function changedBeside(root: TableName, name: TableName): SchemaEvent {
  return {
    kind: 'ddl',
    tables: [name],
    statement:
      `${displayName(name)}, which is a partition of ${displayName(root)}, has changes of its own here: they were made before it ` +
      'was attached, or while the publication had publish_via_partition_root switched off',
    isNew: true,
    partitionOf: root,
  };
}

export function mapKey({ schema, table }: TableName): string {
  return JSON.stringify([schema, table]);
}

/** The error for tables whose rows nothing identifies. */
export function withoutIdentity(tables: readonly TableName[], reason: string): TsmoltError {
  return new TablesWithoutKey(tables, {
    message: `${tables.map(displayName).join(', ')} cannot be replicated: ${reason}`,
    advice:
      'Give the table a primary key, or run ALTER TABLE ... REPLICA IDENTITY USING INDEX with a unique index on columns ' +
      'that are NOT NULL, or leave it out with --table-exclusion-filter or --onMissingKey ignore.',
  });
}
