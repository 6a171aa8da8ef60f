import { comparisonKey } from './names.js';

/** Finds things by their exact name, or else by one that differs in case only, provided that there is one of that kind. */
export class NameIndex<Thing> {
  readonly #exact: ReadonlyMap<string, Thing>;
  /** What several answer to is nobody's. */
  readonly #folded = new Map<string, Thing | undefined>();

  constructor(things: readonly Thing[], nameOf: (thing: Thing) => string) {
    this.#exact = new Map(things.map((thing) => [nameOf(thing), thing]));
    for (const thing of things) {
      const folded = comparisonKey(nameOf(thing), false);
      this.#folded.set(folded, this.#folded.has(folded) ? undefined : thing);
    }
  }

  find(name: string): Thing | undefined {
    return this.#exact.get(name) ?? this.#folded.get(comparisonKey(name, false));
  }
}
