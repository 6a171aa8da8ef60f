import { TsmoltError } from '../errors.js';
import { orderByContainment } from './partial-order.js';
import type { PartialOrder } from './partial-order.js';

interface LastTransaction {
  readonly server: bigint;
  readonly sequence: bigint;
}

/**
 * A MariaDB position: for each replication domain the last transaction, as domain, server and sequence number
 * (`0-1-100,7-2-5`).
 *
 * Source: MariaDB manual, "Global Transaction ID". In one domain sequence numbers grow, whichever server writes; positions
 * of several domains are partially ordered.
 */
export class MariadbGtid {
  readonly #domains: ReadonlyMap<bigint, LastTransaction>;

  private constructor(domains: ReadonlyMap<bigint, LastTransaction>) {
    this.#domains = domains;
  }

  /** @throws TsmoltError `TSM1004` when the text is no position, or names a domain twice */
  static parse(text: string): MariadbGtid {
    const domains = new Map<bigint, LastTransaction>();
    for (const part of text.trim() === '' ? [] : text.split(',')) {
      const [, domain, server, sequence] = /^\s*(\d{1,10})-(\d{1,10})-(\d{1,20})\s*$/.exec(part) ?? [];
      if (domain === undefined || server === undefined || sequence === undefined) throw noPosition(text);
      if (domains.has(BigInt(domain))) throw noPosition(text);
      domains.set(BigInt(domain), { server: BigInt(server), sequence: BigInt(sequence) });
    }
    return new MariadbGtid(domains);
  }

  get isEmpty(): boolean {
    return this.#domains.size === 0;
  }

  /**
   * Whether whoever has reached this position has passed or reached the other one. Two servers that gave out the same
   * number have gone apart: neither position holds the other.
   */
  contains(other: MariadbGtid): boolean {
    return [...other.#domains].every(([domain, { server, sequence }]) => {
      const own = this.#domains.get(domain);
      if (own === undefined) return false;
      return own.sequence === sequence ? own.server === server : own.sequence > sequence;
    });
  }

  compare(other: MariadbGtid): PartialOrder {
    return orderByContainment(this.contains(other), other.contains(this));
  }

  /** Domains in the order of their numbers. */
  toString(): string {
    return [...this.#domains]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([domain, { server, sequence }]) => `${domain}-${server}-${sequence}`)
      .join(',');
  }
}

function noPosition(text: string): TsmoltError {
  return new TsmoltError('TSM1004', {
    message: `"${text}" is not a MariaDB GTID position`,
    advice:
      'Give the cdc_cursor that fetch printed, for example 0-1-100; @@GLOBAL.gtid_binlog_pos shows it too.',
  });
}
