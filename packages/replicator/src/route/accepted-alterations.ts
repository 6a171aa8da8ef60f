import { displayName } from '@tsmolt/core';
import type { Alteration, ChangeSource, Logger, SchemaEvent } from '@tsmolt/core';
import type { ReplicationOptions } from '../options.js';

/** An alteration of a table that a person was told of. */
interface Told extends Omit<Alteration, 'since'> {
  readonly table: string;
  /** Where replication paused for it. */
  readonly position: string;
}

interface Remembered {
  /** What the last pause was for. */
  readonly told?: Told;
  /** The last one of each table that was accepted. */
  readonly accepted: readonly Told[];
}

type Place = Pick<ReplicationOptions, 'staging' | 'memoKey' | 'acceptUpTo' | 'logger'>;

/** How the key of what is remembered ends, in the memo of the staging schema. */
export const acceptedSuffix = '-accepted';

/**
 * Remembers which alterations of tables a person has accepted, beyond the process that was told to.
 *
 * A source that shows results and no statements tells of one alteration more than once where it happened while nobody read:
 * with rows that were written before it, once more after each restart among those, and with the first row after it. Whoever
 * was told of it and accepted it need not do so again; what differs in anything else, or came later, is another one.
 */
export class AcceptedAlterations {
  readonly #place: Place;
  #remembered: Remembered;
  #paused: Told | undefined;

  private constructor(place: Place, remembered: Remembered) {
    this.#place = place;
    this.#remembered = remembered;
  }

  static async load(place: Place): Promise<AcceptedAlterations> {
    const memo = await place.staging.loadMemo(`${place.memoKey}${acceptedSuffix}`);
    return new AcceptedAlterations(
      place,
      memo === undefined ? { accepted: [] } : (JSON.parse(memo) as Remembered),
    );
  }

  /** Takes the last pause for accepted, where `--acceptUpTo` says so. To be called before events are judged. */
  async take(source: ChangeSource): Promise<void> {
    const { told, accepted } = this.#remembered;
    const { acceptUpTo } = this.#place;
    if (told === undefined || acceptUpTo === undefined) return;
    const order = source.compare(told.position, acceptUpTo);
    if (order !== -1 && order !== 0) return;
    await this.#save({ accepted: [...accepted.filter(({ table }) => table !== told.table), told] });
  }

  /** Whether the event tells nothing that was not accepted, and that had not happened when it was. */
  covers(event: SchemaEvent, source: ChangeSource): boolean {
    const alteration = alterationOf(event);
    if (alteration === undefined) return false;
    const known = this.#remembered.accepted.find(({ table }) => table === alteration.table);
    return (
      known !== undefined &&
      source.compare(alteration.since, known.by) === -1 &&
      alteration.differences.every((difference) => known.differences.includes(difference))
    );
  }

  /** Replication pauses before an event. */
  tell(event: SchemaEvent, position: string): void {
    const alteration = alterationOf(event);
    if (alteration === undefined) return;
    const { table, differences, by } = alteration;
    this.#paused = { table, differences, by, position };
  }

  /** Remembers what replication has paused for. Never rejects: without it a person is asked once more. */
  async keepTold(logger: Logger): Promise<void> {
    if (this.#paused === undefined) return;
    try {
      await this.#save({ ...this.#remembered, told: this.#paused });
    } catch (thrown) {
      logger.warn({ reason: String(thrown) }, 'the reason of the pause could not be noted in staging');
    }
  }

  async #save(remembered: Remembered): Promise<void> {
    const { staging, memoKey } = this.#place;
    await staging.saveMemo(`${memoKey}${acceptedSuffix}`, JSON.stringify(remembered));
    this.#remembered = remembered;
  }
}

function alterationOf(event: SchemaEvent): (Alteration & { readonly table: string }) | undefined {
  const [name] = event.tables;
  if (event.kind !== 'ddl' || event.alteration === undefined || name === undefined) return undefined;
  return { ...event.alteration, table: displayName(name) };
}
