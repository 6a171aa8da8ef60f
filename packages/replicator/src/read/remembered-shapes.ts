import type { ChangeSource } from '@tsmolt/core';
import type { ReplicationOptions } from '../options.js';

type Place = Pick<ReplicationOptions, 'staging' | 'memoKey'>;

/** How the key of what is remembered ends, in the memo of the staging schema. */
export const shapesSuffix = '-shapes';

/** Remembers what the tables looked like, where only the stream shows it: what is altered while nobody reads is told like any other alteration. */
export class RememberedShapes {
  readonly #place: Place;
  #text: string | undefined;

  private constructor(place: Place, text: string | undefined) {
    this.#place = place;
    this.#text = text;
  }

  static async load(place: Place): Promise<RememberedShapes> {
    return new RememberedShapes(place, await place.staging.loadMemo(`${place.memoKey}${shapesSuffix}`));
  }

  /** For the source that is opened next. */
  get text(): string | undefined {
    return this.#text;
  }

  /**
   * To be called before anything is read, and before a checkpoint passes the end of a transaction: whatever ends the process
   * between the two, the shapes at the checkpoint are known.
   */
  async keep({ shapes }: Pick<ChangeSource, 'shapes'>): Promise<void> {
    if (shapes === undefined || shapes === this.#text) return;
    const { staging, memoKey } = this.#place;
    await staging.saveMemo(`${memoKey}${shapesSuffix}`, shapes);
    this.#text = shapes;
  }
}
