/** Counts the schema changes that went through a stand-in, for those who remember what tables looked like. */
export class SchemaClock {
  #changes = 0;

  get changes(): number {
    return this.#changes;
  }

  tick(): void {
    this.#changes++;
  }
}
