import { displayName } from '@tsmolt/core';
import type { Table } from '@tsmolt/core';
import type { SnapshotSessions } from '../snapshot/snapshot-sessions.js';
import { from, quoteIdentifier } from '../sql.js';
import { isLong, nativeTypeOf } from './native-type.js';

/** The bytes that a row's short columns may have together. Source: MySQL manual, "Limits on Table Column Count and Row Size". */
const shortColumnsBytes = 65_535;

/** In utf8mb4 a letter of another character set may have three times its bytes, and every one of them may be a quote. */
const growth = 6;

/** MariaDB moves the rest of a text for each quote that it doubles: what is longer takes it too long. */
const longestJoined = 32 * 1024;

/** Whether rows are to be joined on this side, where the longest has so many bytes in long columns. */
export function isTooLongToJoin(longBytes: number, maxPacketBytes: number): boolean {
  return longBytes > longestJoined || printedBytes(longBytes) > maxPacketBytes;
}

/** What the server needs at most to print a row whose long columns hold so many bytes. */
function printedBytes(longBytes: number): number {
  return growth * (shortColumnsBytes + longBytes);
}

/** Names of the columns whose values may be longer than a row. */
function longColumns(table: Table): string[] {
  return table.columns.filter((column) => isLong(nativeTypeOf(column).base)).map(({ name }) => name);
}

/** Bytes in the long columns of the longest row. Each table is measured once: the snapshot does not change. */
export class LongestRows {
  readonly #sessions: SnapshotSessions;
  readonly #measured = new Map<string, Promise<number>>();

  constructor(sessions: SnapshotSessions) {
    this.#sessions = sessions;
  }

  bytes(table: Table): Promise<number> {
    const columns = longColumns(table);
    if (columns.length === 0) return Promise.resolve(0);
    const key = displayName(table.name);
    const known = this.#measured.get(key);
    if (known !== undefined) return known;
    const measured = this.#measure(table, columns);
    this.#measured.set(key, measured);
    // A failure is for whoever asked, and the next one asks again.
    measured.catch(() => this.#measured.delete(key));
    return measured;
  }

  #measure(table: Table, columns: readonly string[]): Promise<number> {
    const sum = columns.map((name) => `IFNULL(OCTET_LENGTH(${quoteIdentifier(name)}), 0)`).join(' + ');
    return this.#sessions.use(`measuring the rows of ${displayName(table.name)}`, async (session) => {
      const rows = await session.query<{ bytes: string | number | null }>(
        `SELECT MAX(${sum}) AS bytes FROM ${from(table)}`,
      );
      return Number(rows[0]?.bytes ?? 0);
    });
  }
}
