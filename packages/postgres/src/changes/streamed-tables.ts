import { displayName, TsmoltError } from '@tsmolt/core';
import type { ChangedTable, SchemaEvent, TableName } from '@tsmolt/core';
import { shapeDifference } from './published-relation.js';
import type { PublishedColumn, PublishedRelation } from './published-relation.js';

/** A table that is wanted, as the catalog shows it. */
export interface WantedTable {
  readonly oid: number;
  readonly name: TableName;
  /** Those that the publication publishes, in their order. */
  readonly columns: readonly PublishedColumn[];
  /** Generated columns that it does not publish. */
  readonly omitted: readonly string[];
  /** The primary key, or the best other one; empty where there is none. */
  readonly key: readonly string[];
}

/** A table as it comes now. */
export interface StreamedTable {
  readonly changed: ChangedTable;
  /** Columns of a row in the stream. */
  readonly width: number;
  /** Which of them are kept; unset where all are. */
  readonly kept?: readonly boolean[];
}

/** A table's shape from a position on. */
interface Shape {
  /** The end of the transaction that first had it; unset as long as that has not been committed. */
  position?: bigint;
  /** 0 where no table has the name any more. */
  readonly oid: number;
  readonly columns: readonly PublishedColumn[];
}

/**
 * The tables of the stream, by what the server announced. It outlives a connection: what was altered while there was none
 * shows as a difference to what came before, and what is read again from an earlier position tells the same again.
 */
export class StreamedTables {
  readonly #wanted: ReadonlyMap<string, WantedTable>;
  readonly #types: Map<number, string>;
  /** In the order of their positions; never empty. */
  readonly #shapes: Map<string, Shape[]>;
  /** Those of wanted tables. */
  readonly #names = new Map<number, TableName>();
  readonly #tables = new Map<number, StreamedTable>();
  #uncommitted: Shape[] = [];

  constructor(wanted: readonly WantedTable[], types: ReadonlyMap<number, string>) {
    this.#wanted = new Map(wanted.map((table) => [mapKey(table.name), table]));
    this.#types = new Map(types);
    this.#shapes = new Map(
      wanted.map(({ name, oid, columns }) => [mapKey(name), [{ position: 0n, oid, columns }]]),
    );
  }

  /** A connection begins at this position: what was announced behind it will be announced again. */
  rewind(from: bigint): void {
    this.#names.clear();
    this.#tables.clear();
    this.#uncommitted = [];
    for (const [key, shapes] of this.#shapes) {
      const valid = shapes.filter(({ position }) => position !== undefined && position <= from);
      this.#shapes.set(key, valid);
      const wanted = this.#wanted.get(key);
      const last = valid.at(-1);
      if (wanted !== undefined && last !== undefined) this.#names.set(last.oid, wanted.name);
    }
  }

  /** The transaction ends here. */
  commit(position: bigint): void {
    if (this.#uncommitted.length === 0) return;
    for (const shape of this.#uncommitted) shape.position = position;
    this.#uncommitted = [];
  }

  /** The table of a change; undefined where its changes are not wanted. */
  get(oid: number): StreamedTable | undefined {
    return this.#tables.get(oid);
  }

  /** The name of a table that is wanted. */
  nameOf(oid: number): TableName | undefined {
    return this.#names.get(oid);
  }

  nameType(oid: number, name: string): void {
    this.#types.set(oid, name);
  }

  /** Takes a Relation message. @returns what it says about the schema, where that is not what came before */
  announce(relation: PublishedRelation): SchemaEvent | undefined {
    const wanted = this.#wanted.get(mapKey(relation.name));
    if (wanted === undefined) return this.#announceOther(relation);
    const columns = relation.columns.filter(({ name }) => !wanted.omitted.includes(name));
    this.#names.set(relation.oid, wanted.name);
    this.#keep(relation, wanted);
    const differences = this.#differences(wanted.name, relation.oid, columns);
    if (differences.length === 0) return undefined;
    this.#remember(wanted.name, { oid: relation.oid, columns });
    const statement = `${displayName(wanted.name)}: ${differences.join('; ')}`;
    return { kind: 'ddl', tables: [wanted.name], statement };
  }

  /** A table that is not wanted, unless under the name that it had before. */
  #announceOther({ oid, name, columns }: PublishedRelation): SchemaEvent | undefined {
    const before = this.#names.get(oid);
    this.#names.delete(oid);
    this.#tables.delete(oid);
    if (before === undefined) return undefined;
    this.#remember(before, { oid: 0, columns });
    const statement = `${displayName(before)} was renamed to ${displayName(name)}: its changes are left out from here on`;
    return { kind: 'ddl', tables: [before], statement };
  }

  #differences(name: TableName, oid: number, columns: readonly PublishedColumn[]): string[] {
    const before = this.#shapes.get(mapKey(name))?.at(-1);
    if (before === undefined) return [];
    const other = before.oid === oid ? [] : ['it is another table of the same name'];
    return [...other, ...shapeDifference(before.columns, columns, this.#types)];
  }

  #remember(name: TableName, shape: Shape): void {
    this.#shapes.get(mapKey(name))?.push(shape);
    this.#uncommitted.push(shape);
  }

  /** Where the shape is the one that came before, the object stays the same too. */
  #keep(relation: PublishedRelation, wanted: WantedTable): void {
    const kept = relation.columns.map(({ name }) => !wanted.omitted.includes(name));
    const columns = relation.columns.filter((_, index) => kept[index]).map(({ name }) => name);
    const { name, omitted } = wanted;
    const key = keyPositions(relation, wanted, columns);
    const changed = { name, columns, key, ...(omitted.length === 0 ? {} : { omitted }) };
    const before = this.#tables.get(relation.oid)?.changed;
    const same = before !== undefined && JSON.stringify(before) === JSON.stringify(changed);
    this.#tables.set(relation.oid, {
      changed: same ? before : changed,
      width: kept.length,
      ...(kept.includes(false) ? { kept } : {}),
    });
  }
}

/**
 * The columns that every old row has: those of the replica identity. A whole row as identity says nothing about the key:
 * there the catalog's word counts, as for a root of partitions, whose partitions have identities of their own.
 */
function keyPositions(
  { identity, columns: announced }: PublishedRelation,
  { key }: WantedTable,
  columns: readonly string[],
): number[] {
  const marked = announced.filter(({ inIdentity }) => inIdentity).map(({ name }) => name);
  const names = identity === 'f' || marked.length === 0 ? key : marked;
  const positions = names.map((name) => columns.indexOf(name));
  return positions.includes(-1) ? [] : positions;
}

function mapKey({ schema, table }: TableName): string {
  return JSON.stringify([schema, table]);
}

/** The error for tables whose rows nothing identifies. */
export function withoutIdentity(tables: readonly TableName[], reason: string): TsmoltError {
  return new TsmoltError('TSM5003', {
    message: `${tables.map(displayName).join(', ')} cannot be replicated: ${reason}`,
    advice:
      'Give the table a primary key, or run ALTER TABLE ... REPLICA IDENTITY USING INDEX with a unique index on columns ' +
      'that are NOT NULL, or leave it out of the replication.',
  });
}
