import { comparisonKey } from '../names.js';

/**
 * Finds things by name as `--case-sensitive` says. Where case is disregarded, a name that is spelled the same goes before
 * those that only read alike.
 */
export class NameIndex<Thing> {
  readonly #exact = new Map<string, Thing>();
  readonly #folded = new Map<string, Thing[]>();
  readonly #caseSensitive: boolean;

  constructor(things: readonly Thing[], nameOf: (thing: Thing) => string, caseSensitive: boolean) {
    this.#caseSensitive = caseSensitive;
    for (const thing of things) {
      const name = nameOf(thing);
      const key = comparisonKey(name, caseSensitive);
      this.#exact.set(name, thing);
      this.#folded.set(key, [...(this.#folded.get(key) ?? []), thing]);
    }
  }

  /** What the name can mean: nothing, one thing, or several that differ in case only. */
  find(name: string): readonly Thing[] {
    const exact = this.#exact.get(name);
    if (exact !== undefined) return [exact];
    return this.#folded.get(comparisonKey(name, this.#caseSensitive)) ?? [];
  }
}
