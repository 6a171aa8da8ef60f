import { displayName, TsmoltError } from '@tsmolt/core';
import type { TableName } from '@tsmolt/core';
import type { SessionPool } from '@tsmolt/pgwire';
import { publicationEntriesQuery, tableKeysQuery } from './queries.js';
import { withoutIdentity } from './streamed-tables.js';

/** A table that is in the stream. */
export interface WatchedTable {
  readonly oid: number;
  readonly name: TableName;
  /** By which its rows are found, where the stream does not tell it and the catalog's word counts. */
  readonly catalogKey?: readonly string[];
}

interface WatchOptions {
  readonly pool: SessionPool;
  readonly versionNumber: number;
  readonly publication: string;
}

/** What the publication says, by the versions of its rows in the catalog: whoever takes an entry out and puts it back is seen. */
interface Entries {
  readonly publication: string;
  /** By the oid of their table. */
  readonly tables: Readonly<Record<string, string>>;
  /** By the oid of their schema. */
  readonly schemas: Readonly<Record<string, string>>;
}

interface UniqueKey {
  readonly names: readonly string[];
  /** Their numbers, in order: they stay when a column is renamed. */
  readonly numbers: string;
}

/** By oid; a table that is gone has no entry. */
type Keys = ReadonlyMap<number, readonly UniqueKey[]>;

/**
 * Looks after what the server changes without a word in the stream: a table that is taken out of the publication, kinds of
 * changes or rows that it gives out no more, and the key of a table whose changes do not name it.
 */
export class PublicationWatch {
  readonly #options: WatchOptions;
  readonly #entries: Entries | undefined;
  #tables: readonly WatchedTable[] = [];
  #keys: Keys = new Map();

  private constructor(options: WatchOptions, entries: Entries | undefined) {
    this.#options = options;
    this.#entries = entries;
  }

  /** Before anybody else reads the publication: what is altered after that is seen. */
  static async begin(options: WatchOptions): Promise<PublicationWatch> {
    return new PublicationWatch(options, await readEntries(options));
  }

  async watch(tables: readonly WatchedTable[]): Promise<this> {
    this.#tables = tables;
    const keyed = tables.filter(({ catalogKey }) => catalogKey !== undefined);
    if (keyed.length > 0) this.#keys = await readKeys(this.#options, keyed);
    return this;
  }

  /** For `alteredSince`: the entries of its tables. */
  get setup(): string {
    const { publication = '', tables: all = {}, schemas = {} } = this.#entries ?? {};
    const entries = this.#tables.flatMap(({ oid }) =>
      all[oid] === undefined ? [] : [[oid, all[oid]] as const],
    );
    return JSON.stringify({ publication, tables: Object.fromEntries(entries), schemas } satisfies Entries);
  }

  /** In words; undefined where it gives out what it gave out then. */
  alteredSince(setup: string): string | undefined {
    if (this.#entries === undefined) return undefined;
    const before = JSON.parse(setup) as Entries;
    const tables = alteredTables(this.#tables, before, this.#entries);
    if (tables.length === 0 && !isAltered(before, this.#entries)) return undefined;
    return `publication ${this.#options.publication} was altered while nobody replicated${listed(tables)}: what it has not given out meanwhile is missing in the stream; \`tsmolt verify\` tells whether anything is`;
  }

  /**
   * @throws TsmoltError `TSM5002` where changes may be missing, `TSM5003` where a table has no key any more, `TSM7005` where
   *   it has another one
   */
  async look(): Promise<void> {
    const now = await readEntries(this.#options);
    // Where it is gone, the stream says so itself.
    if (this.#entries !== undefined && now !== undefined) await this.#refuseAltered(this.#entries, now);
    const keyed = this.#tables.filter(({ catalogKey }) => catalogKey !== undefined);
    if (keyed.length > 0) this.#refuseOtherKeys(keyed, await readKeys(this.#options, keyed));
  }

  async #refuseAltered(before: Entries, now: Entries): Promise<void> {
    const name = this.#options.publication;
    const altered = alteredTables(this.#tables, before, now);
    // A table that was dropped leaves the publication by that.
    const there: Keys = altered.length === 0 ? new Map() : await readKeys(this.#options, altered);
    const tables = altered.filter(({ oid }) => there.has(oid));
    if (tables.length === 0 && !isAltered(before, now)) return;
    throw new TsmoltError('TSM5002', {
      message: `publication ${name} was altered while replication ran${listed(tables)}: what it has not given out since is missing in the stream`,
      advice:
        'Where something was taken out of it, make it what it was, and fetch again the tables that lack changes; ' +
        '`tsmolt verify` finds them. Run the same command again to go on with the publication as it is.',
    });
  }

  #refuseOtherKeys(keyed: readonly WatchedTable[], now: Keys): void {
    for (const { oid, name, catalogKey = [] } of keyed) {
      const before = this.#keys.get(oid)?.find(({ names }) => sameNames(names, catalogKey));
      const keys = now.get(oid);
      if (before === undefined || keys === undefined) continue;
      if (keys.some(({ numbers }) => numbers === before.numbers)) continue;
      if (keys.length === 0) throw withoutIdentity([name], 'its key was dropped');
      const others = keys.map(({ names }) => `(${names.join(', ')})`).join(', ');
      throw new TsmoltError('TSM7005', {
        message: `${displayName(name)} identified its rows by (${catalogKey.join(', ')}) when replication began, and has the key ${others} on the source now`,
        advice:
          'Its changes do not say so, and rows that are equal in the former key may have been taken for one: make the same key ' +
          'on the target, run the same command again, and verify the table.',
      });
    }
  }
}

/** Those whose own entry is another one now, or none. */
function alteredTables(
  tables: readonly WatchedTable[],
  before: Entries,
  now: Entries,
): readonly WatchedTable[] {
  return tables.filter(
    ({ oid }) => before.tables[oid] !== undefined && before.tables[oid] !== now.tables[oid],
  );
}

/** As a whole, or in what it says about schemas. */
function isAltered(before: Entries, now: Entries): boolean {
  return (
    before.publication !== now.publication ||
    Object.entries(before.schemas).some(([oid, entry]) => now.schemas[oid] !== entry)
  );
}

function listed(tables: readonly WatchedTable[]): string {
  return tables.length === 0 ? '' : ` (${tables.map(({ name }) => displayName(name)).join(', ')})`;
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

/** @returns undefined where there is no such publication */
function readEntries({ pool, versionNumber, publication }: WatchOptions): Promise<Entries | undefined> {
  return pool.use(`reading publication ${publication}`, async (client) => {
    const { rows } = await client.query<Entries>(publicationEntriesQuery(versionNumber), [publication]);
    return rows[0];
  });
}

function readKeys({ pool }: WatchOptions, tables: readonly WatchedTable[]): Promise<Keys> {
  return pool.use('reading the keys of tables', async (client) => {
    const oids = tables.map(({ oid }) => oid);
    const { rows } = await client.query<{ oid: string; keys: readonly UniqueKey[] }>(tableKeysQuery, [oids]);
    return new Map(rows.map(({ oid, keys }) => [Number(oid), keys]));
  });
}
