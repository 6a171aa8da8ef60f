import { TsmoltError } from '../errors.js';

/** Digits of the logical counter behind the point. */
const logicalDigits = 10;

/**
 * A timestamp of CockroachDB's hybrid logical clock, printed as nanoseconds since 1970, a point and the ten digits of a
 * counter (`1759246920563173000.0000000000`): what AS OF SYSTEM TIME and a changefeed's `cursor` take.
 *
 * Source: CockroachDB manual, "AS OF SYSTEM TIME", and the function `cluster_logical_timestamp()`.
 */
export class Hlc {
  readonly nanoseconds: bigint;
  readonly logical: number;

  private constructor(nanoseconds: bigint, logical: number) {
    this.nanoseconds = nanoseconds;
    this.logical = logical;
  }

  /** Takes it with trailing zeros cut off too, as a DECIMAL may come. @throws TsmoltError `TSM1004` */
  static parse(text: string): Hlc {
    const match = /^(\d{1,19})(?:\.(\d{1,10}))?$/.exec(text);
    if (match?.[1] === undefined) {
      throw new TsmoltError('TSM1004', {
        message: `"${text}" is not a timestamp of CockroachDB`,
        advice: 'Give the cdc_cursor that fetch printed, for example 1759246920563173000.0000000000.',
      });
    }
    return new Hlc(BigInt(match[1]), Number((match[2] ?? '').padEnd(logicalDigits, '0')));
  }

  compare(other: Hlc): -1 | 0 | 1 {
    if (this.nanoseconds !== other.nanoseconds) return this.nanoseconds < other.nanoseconds ? -1 : 1;
    if (this.logical === other.logical) return 0;
    return this.logical < other.logical ? -1 : 1;
  }

  toString(): string {
    return `${this.nanoseconds}.${String(this.logical).padStart(logicalDigits, '0')}`;
  }
}
