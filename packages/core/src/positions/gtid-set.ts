import { TsmoltError } from '../errors.js';
import { orderByContainment } from './partial-order.js';
import type { PartialOrder } from './partial-order.js';

/** The transactions from `first` to `last`, both included. */
interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * A set of MySQL transactions: for each server, and from 8.3 on for each tag, intervals of numbers
 * (`3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7:orders:1-3`).
 *
 * Source: MySQL manual, "GTID Format and Storage". Sets are partially ordered: by containment.
 */
export class GtidSet {
  /** By source: a UUID in lower case, or `uuid:tag`. Intervals are sorted, and neither touch nor overlap. */
  readonly #intervals: ReadonlyMap<string, readonly Interval[]>;

  private constructor(intervals: ReadonlyMap<string, readonly Interval[]>) {
    this.#intervals = intervals;
  }

  /**
   * Reads what the server prints (`@@gtid_executed`, with or without line ends) and what people write.
   *
   * @throws TsmoltError `TSM1004` when the text is no GTID set
   */
  static parse(text: string): GtidSet {
    const found = new Map<string, Interval[]>();
    for (const part of text.split(',').map((one) => one.trim().toLowerCase())) {
      // The server's own reading allows empty parts: an empty text is the empty set.
      if (part !== '') addServer(found, part, text);
    }
    return new GtidSet(new Map([...found].map(([source, intervals]) => [source, joined(intervals)])));
  }

  get isEmpty(): boolean {
    return this.#intervals.size === 0;
  }

  /** Whether every transaction of the other set is in this one. */
  contains(other: GtidSet): boolean {
    return [...other.#intervals].every(([source, intervals]) => {
      const own = this.#intervals.get(source) ?? [];
      return intervals.every(({ first, last }) => own.some((one) => one.first <= first && last <= one.last));
    });
  }

  compare(other: GtidSet): PartialOrder {
    return orderByContainment(this.contains(other), other.contains(this));
  }

  /** As the server prints it, on one line. */
  toString(): string {
    const servers = new Map<string, string[]>();
    for (const source of [...this.#intervals.keys()].toSorted()) {
      const [server = '', ...tag] = source.split(':');
      const parts = servers.get(server) ?? [server];
      servers.set(server, [...parts, ...tag, ...(this.#intervals.get(source) ?? []).map(printed)]);
    }
    return [...servers.values()].map((parts) => parts.join(':')).join(',');
  }
}

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const tagName = /^[a-z_][a-z\d_]{0,31}$/;
const interval = /^(\d{1,19})(?:\s*-\s*(\d{1,19}))?$/;

/** `uuid:1-3:5:tag:1-2`: intervals belong to the tag before them, or to none. */
function addServer(found: Map<string, Interval[]>, part: string, text: string): void {
  const [server = '', ...rest] = part.split(':').map((one) => one.trim());
  if (!uuid.test(server) || rest.length === 0 || tagName.test(rest.at(-1) ?? '')) throw noGtidSet(text);
  let source = server;
  for (const word of rest) {
    if (tagName.test(word)) source = `${server}:${word}`;
    else found.set(source, [...(found.get(source) ?? []), parseInterval(word, text)]);
  }
}

function parseInterval(word: string, text: string): Interval {
  const [, from, to = from] = interval.exec(word) ?? [];
  if (from === undefined || to === undefined) throw noGtidSet(text);
  const [first, last] = [BigInt(from), BigInt(to)];
  if (first === 0n || last < first) throw noGtidSet(text);
  return { first, last };
}

/** The same transactions in the fewest intervals. */
function joined(intervals: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  for (const next of intervals.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    const before = result.at(-1);
    if (before === undefined || next.first > before.last + 1n) result.push(next);
    else if (next.last > before.last) result.splice(-1, 1, { first: before.first, last: next.last });
  }
  return result;
}

function printed({ first, last }: Interval): string {
  return first === last ? String(first) : `${first}-${last}`;
}

function noGtidSet(text: string): TsmoltError {
  return new TsmoltError('TSM1004', {
    message: `"${text}" is not a MySQL GTID set`,
    advice:
      'Give the cdc_cursor that fetch printed, for example 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5; ' +
      '@@GLOBAL.gtid_executed shows it too.',
  });
}
