import type { StagingDatabase } from './staging-database.js';
import {
  findTableNames,
  findTables,
  isStagingTable,
  ofAnotherProcess,
  prepareStagingTable,
} from './staging-schema.js';

/** The staging tables that can be used as they are. */
export class StagingTables {
  readonly #database: StagingDatabase;
  readonly #known = new Set<string>();

  constructor(database: StagingDatabase) {
    this.#database = database;
  }

  /** The names of all there are: another process may have made some. */
  async all(): Promise<readonly string[]> {
    const { place } = this.#database;
    await this.#database.use(async (client) => {
      const names = await findTableNames(client, place);
      if (names.every((name) => this.#known.has(name))) return;
      const found = await findTables(client, place);
      for (const [name, columns] of found) if (isStagingTable(columns)) this.#known.add(name);
    });
    return [...this.#known];
  }

  /** Makes those that are not there. @returns whether one of them was not there before */
  async prepare(names: readonly string[]): Promise<boolean> {
    const unknown = names.filter((name) => !this.#known.has(name));
    for (const name of unknown) {
      await this.#database.use((client) =>
        prepareStagingTable(client, this.#database.place, name).catch(ofAnotherProcess),
      );
      this.#known.add(name);
    }
    return unknown.length > 0;
  }
}
