import type { ClientBase } from 'pg';

/** What the driver knows about names that a connection has prepared, which its types leave out. */
interface PreparingClient extends ClientBase {
  readonly connection: { readonly parsedStatements: Record<string, string | undefined> };
}

/**
 * Names for the statements that one connection keeps prepared. The one that was used longest ago makes room.
 *
 * The names go on counting: a server that still knows an old one is never asked to prepare another under it.
 */
export class PreparedStatements {
  readonly #client: PreparingClient;
  readonly #names = new Map<string, string>();
  #last = 0;

  constructor(client: ClientBase) {
    // The driver has this object on every connection.
    this.#client = client as PreparingClient;
  }

  /** How many names are in use. */
  get size(): number {
    return this.#names.size;
  }

  /** The name to run the statement under. Takes as many others off the server as it must. */
  async nameOf(sql: string, capacity: number): Promise<string> {
    const known = this.#names.get(sql);
    this.#names.delete(sql);
    while (this.#names.size >= Math.max(1, capacity)) await this.#forgetOldest();
    const name = known ?? `tsmolt_apply_${++this.#last}`;
    this.#names.set(sql, name);
    return name;
  }

  async #forgetOldest(): Promise<void> {
    const [oldest] = this.#names;
    if (oldest === undefined) return;
    const [sql, name] = oldest;
    this.#names.delete(sql);
    const { parsedStatements } = this.#client.connection;
    // One that the server never took does not exist there.
    if (parsedStatements[name] === undefined) return;
    await this.#client.query(`DEALLOCATE ${name}`);
    delete parsedStatements[name];
  }
}
