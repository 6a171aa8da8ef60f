import { GtidSet, MariadbGtid } from '@tsmolt/core';
import type { Flavour } from '../connect/mysql-server.js';

/** The number of one transaction. */
export interface Gtid {
  /** MySQL: a server's UUID in lower case, with `:tag` where there is one. MariaDB: a replication domain. */
  readonly source: string;
  readonly number: bigint;
  /** As the server writes it. */
  readonly text: string;
}

/** How far a stream has come: everything that is committed in its position was given to the reader. */
export interface Progress {
  /** In the engine's form. Cheap to ask for after every transaction. */
  readonly position: string;
  add(gtid: Gtid): void;
  /** A transaction that was prepared: the position must not pass it before it is settled. */
  withhold(gtid: Gtid): void;
  settle(gtid: Gtid): void;
}

/** @throws TsmoltError `TSM1004` for a text that is no position */
export function progressFrom(position: string, flavour: Flavour): Progress {
  return flavour === 'mariadb' ? new DomainProgress(position) : new SetProgress(position);
}

interface Interval {
  first: bigint;
  last: bigint;
}

/** A source's intervals, and the place in the printed set where the number lies that changes with each transaction. */
interface Growing {
  readonly source: string;
  readonly interval: Interval;
  /** Where the next interval begins: to reach it is to be joined with it. */
  readonly limit: bigint | undefined;
  readonly before: string;
  readonly after: string;
}

/**
 * MySQL's executed set. The server's transactions nearly always follow each other, so the rest of the set, which may be
 * long, is printed only when another interval begins to grow.
 */
class SetProgress implements Progress {
  readonly #sources = new Map<string, Interval[]>();
  #growing: Growing | undefined;
  #printed: string | undefined;

  constructor(position: string) {
    for (const server of GtidSet.parse(position).toString().split(',')) {
      const [uuid = '', ...words] = server.split(':');
      let source = uuid;
      for (const word of words) {
        if (!/^\d/.test(word)) source = `${uuid}:${word}`;
        else this.#intervals(source).push(intervalOf(word));
      }
    }
  }

  get position(): string {
    if (this.#growing !== undefined) {
      const { before, interval, after } = this.#growing;
      return before + String(interval.last) + after;
    }
    this.#printed ??= this.#print();
    return this.#printed;
  }

  add({ source, number }: Gtid): void {
    const growing = this.#growing;
    if (growing !== undefined && growing.source === source && number === growing.interval.last + 1n) {
      if (growing.limit === undefined || number + 1n < growing.limit) {
        growing.interval.last = number;
        return;
      }
    }
    const interval = insert(this.#intervals(source), number);
    this.#printed = undefined;
    this.#growing = this.#split(source, interval);
  }

  /** A set may have holes: the transaction is simply not in it. */
  withhold(): void {
    // Nothing to remember.
  }

  settle(gtid: Gtid): void {
    this.add(gtid);
  }

  #intervals(source: string): Interval[] {
    const intervals = this.#sources.get(source) ?? [];
    this.#sources.set(source, intervals);
    return intervals;
  }

  #print(marked?: Interval): string {
    const servers = new Map<string, string[]>();
    for (const source of [...this.#sources.keys()].toSorted()) {
      const [server = '', ...tag] = source.split(':');
      const parts = servers.get(server) ?? [server];
      const intervals = (this.#sources.get(source) ?? []).map((one) => printed(one, one === marked));
      if (intervals.length > 0) servers.set(server, [...parts, ...tag, ...intervals]);
    }
    return [...servers.values()].map((parts) => parts.join(':')).join(',');
  }

  /** Only an interval of more than one is printed as two numbers, the second of which grows. */
  #split(source: string, interval: Interval): Growing | undefined {
    if (interval.first === interval.last) return undefined;
    const [before = '', after = ''] = this.#print(interval).split(mark);
    const intervals = this.#intervals(source);
    const limit = intervals[intervals.indexOf(interval) + 1]?.first;
    return { source, interval, limit, before, after };
  }
}

/** Stands in a printed set for the number that grows. */
const mark = '*';

function printed({ first, last }: Interval, marked: boolean): string {
  if (marked) return `${first}-${mark}`;
  return first === last ? String(first) : `${first}-${last}`;
}

function intervalOf(text: string): Interval {
  const [first = '', last = first] = text.split('-');
  return { first: BigInt(first), last: BigInt(last) };
}

/** Puts a number among sorted intervals, and gives the interval that holds it now. */
function insert(intervals: Interval[], number: bigint): Interval {
  const next = intervals.findIndex(({ last }) => last + 1n >= number);
  const interval = intervals[next];
  if (interval === undefined || number + 1n < interval.first) {
    const alone = { first: number, last: number };
    intervals.splice(interval === undefined ? intervals.length : next, 0, alone);
    return alone;
  }
  if (number < interval.first) interval.first = number;
  if (number > interval.last) interval.last = number;
  const following = intervals[next + 1];
  if (following !== undefined && following.first === interval.last + 1n) {
    interval.last = following.last;
    intervals.splice(next + 1, 1);
  }
  return interval;
}

/**
 * MariaDB's position: the last transaction of each domain. It has no holes: as long as a prepared transaction waits, its
 * domain stays where it was before it, and what came since is read again after a restart.
 */
class DomainProgress implements Progress {
  readonly #last = new Map<string, string>();
  /** By the prepared transaction, in the order in which they came: its domain, and the position before it. */
  readonly #withheld = new Map<string, { readonly domain: string; readonly before: string | undefined }>();
  #printed: string | undefined;

  constructor(position: string) {
    const text = MariadbGtid.parse(position).toString();
    for (const one of text === '' ? [] : text.split(',')) this.#last.set(one.split('-')[0] ?? '', one);
  }

  get position(): string {
    this.#printed ??= this.#print();
    return this.#printed;
  }

  add({ source, text }: Gtid): void {
    this.#last.set(source, text);
    this.#printed = undefined;
  }

  withhold(gtid: Gtid): void {
    this.#withheld.set(gtid.text, { domain: gtid.source, before: this.#last.get(gtid.source) });
    this.add(gtid);
  }

  settle({ text }: Gtid): void {
    this.#withheld.delete(text);
    this.#printed = undefined;
  }

  #print(): string {
    const shown = new Map<string, string | undefined>(this.#last);
    const stopped = new Set<string>();
    for (const { domain, before } of this.#withheld.values()) {
      if (!stopped.has(domain)) shown.set(domain, before);
      stopped.add(domain);
    }
    return [...shown]
      .toSorted(([left], [right]) => Number(left) - Number(right))
      .flatMap(([, text]) => text ?? [])
      .join(',');
  }
}
