import type { LeftOutTables, TableName } from '@tsmolt/core';
import type { Flavour } from '../connect/mysql-server.js';
import { ByteReader } from './byte-reader.js';
import { countRows } from './count-rows.js';
import { isSequence } from './sequence-tables.js';
import { readTableMap, tableMapName } from './table-map.js';
import type { MappedColumn, TableMap } from './table-map.js';
import type { TableShape } from './table-shape.js';

export interface WantedTablesOptions {
  /** The database as table maps name it. */
  readonly database: string;
  readonly names: readonly TableName[];
  /** Those that are there and not wanted; unset where nobody wants to hear of new ones. */
  readonly others: readonly TableName[] | undefined;
  readonly leftOut?: LeftOutTables | undefined;
  readonly foldsCase: boolean;
  readonly flavour: Flavour;
  /** Whether the user may read all tables: one that the catalog did not show was not there. */
  readonly seesAll: boolean;
  /** Finds out how to read a table that is wanted. */
  resolve(map: TableMap, name: TableName): Promise<TableShape>;
  /** Whether the source has a table of that name now, as far as its user can see. */
  exists(name: TableName): Promise<boolean>;
  /** A wanted table was altered. */
  altered(): void;
}

const mostNumbers = 10_000;

interface Known {
  /** The table map itself: as long as it is the same, so is the shape. */
  readonly map: Buffer;
  readonly shape: TableShape;
}

/** The tables that are wanted, and how the rows of each are read at this place of the stream. */
export class WantedTables {
  readonly #options: WantedTablesOptions;
  readonly #byName: ReadonlyMap<string, TableName>;
  /** Names that need not be told of; unset where none is. */
  readonly #known: Set<string> | undefined;
  /** By the number that the server gave a table; undefined for one that is not wanted. */
  readonly #shapes = new Map<number, Known>();
  /** By the number that the server gave them. */
  readonly #leftOut = new Map<number, Pick<TableMap, 'columns'> & { readonly name: TableName }>();
  /** By name, so that changes of one shape share one object whatever the number. */
  readonly #latest = new Map<string, Known>();

  constructor(options: WantedTablesOptions) {
    this.#options = options;
    this.#known = options.others && new Set(options.others.map((name) => this.#folded(name.table)));
    this.#byName = new Map(options.names.map((name) => [this.#folded(name.table), name]));
  }

  nameOf(table: string): TableName | undefined {
    return this.#byName.get(this.#folded(table));
  }

  get seesAll(): boolean {
    return this.#options.seesAll;
  }

  exists(name: TableName): Promise<boolean> {
    return this.#options.exists(name);
  }

  /** A table whose rows come and that nobody knew of when the stream was opened. Told once. */
  takeNew(reader: ByteReader): TableName | undefined {
    if (this.#known === undefined) return undefined;
    const { database, table } = tableMapName(new ByteReader(reader.buffer, reader.offset));
    const folded = this.#folded(table);
    if (this.#known.has(folded) || this.#byName.has(folded)) return undefined;
    if (this.#folded(database) !== this.#folded(this.#options.database)) return undefined;
    this.#known.add(folded);
    const map = new ByteReader(reader.buffer, reader.offset);
    if (this.#options.flavour === 'mariadb' && isSequence(readTableMap(map))) return undefined;
    return { schema: 'public', table };
  }

  shape(id: number): TableShape | undefined {
    return this.#shapes.get(id)?.shape;
  }

  /** Rows of a table came that is not wanted. @param reader behind the table's number and the flags */
  passOver(id: number, code: number, reader: ByteReader): void {
    const table = this.#leftOut.get(id);
    if (table === undefined) return;
    for (let rows = rowsIn(code, reader, table.columns); rows > 0; rows--)
      this.#options.leftOut?.onChange(table.name);
  }

  /** Whether the table's number and map are those that came last: there is nothing to learn. */
  isSame(id: number, { buffer, offset }: ByteReader): boolean {
    const map = this.#shapes.get(id)?.map;
    if (map === undefined || map.length !== buffer.length - offset) return false;
    // Quicker than a call out of JavaScript: they are short, and there is one for nearly every event of rows.
    for (let index = 0; index < map.length; index++) if (map[index] !== buffer[offset + index]) return false;
    return true;
  }

  /** @returns a promise when the shape is new: the catalog has to be asked */
  map(id: number, reader: ByteReader): Promise<void> | undefined {
    const bytes = reader.buffer.subarray(reader.offset);
    const found = tableMapName(new ByteReader(bytes));
    const ours = this.#folded(found.database) === this.#folded(this.#options.database);
    const name = ours ? this.nameOf(found.table) : undefined;
    if (name === undefined) {
      this.#shapes.delete(id);
      this.#noteLeftOut(id, bytes, ours ? found.table : undefined);
      return undefined;
    }
    const latest = this.#latest.get(name.table);
    if (latest?.map.equals(bytes) === true) {
      this.#shapes.set(id, latest);
      return undefined;
    }
    // A copy: the packet's memory is used again.
    return this.#learn(id, Buffer.from(bytes), name);
  }

  /** The catalog may say something else now. */
  forget(): void {
    this.#shapes.clear();
    this.#latest.clear();
    this.#options.altered();
  }

  /** Between transactions: a server that opens its tables anew gives them new numbers, for as long as it runs. */
  tidy(): void {
    if (this.#shapes.size > mostNumbers) this.#shapes.clear();
    if (this.#leftOut.size > mostNumbers) this.#leftOut.clear();
  }

  #noteLeftOut(id: number, map: Buffer, table: string | undefined): void {
    const name = this.#options.leftOut?.tables.find((one) => one.table === table);
    if (name === undefined) this.#leftOut.delete(id);
    // A copy: the packet's memory is used again.
    else this.#leftOut.set(id, { name, columns: readTableMap(new ByteReader(Buffer.from(map))).columns });
  }

  async #learn(id: number, map: Buffer, name: TableName): Promise<void> {
    const shape = await this.#options.resolve(readTableMap(new ByteReader(map)), name);
    const known = { map, shape };
    this.#shapes.set(id, known);
    this.#latest.set(name.table, known);
  }

  #folded(name: string): string {
    return this.#options.foldsCase ? name.toLowerCase() : name;
  }
}

/** What cannot be counted is one at least: a table that is left out must not stand in the way of the others. */
function rowsIn(code: number, reader: ByteReader, columns: readonly MappedColumn[]): number {
  try {
    return countRows(code, reader, columns);
  } catch {
    return 1;
  }
}
