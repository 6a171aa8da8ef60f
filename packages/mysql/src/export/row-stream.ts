import { Readable } from 'node:stream';
import type { Connection } from 'mysql2';
import { displayName, stoppedOnRequest, TsmoltError } from '@tsmolt/core';
import type { ExportStream, Table } from '@tsmolt/core';
import type { MysqlSessionPool } from '../connect/session-pool.js';
import type { SnapshotLease, SnapshotSessions } from '../snapshot/snapshot-sessions.js';
import { ChunkWriter } from './chunk-writer.js';
import type { RowPart, RowPlan } from './csv-row.js';
import { heldRow, isText } from './held-row.js';
import type { SentRow } from './held-row.js';
import { stopStatement } from './stop-statement.js';
import { countReplaced, countReplacedValue, refusal } from './unrepresentable.js';

/** What may lie between the server and the reader, beside the row that is being received. */
export const streamBufferBytes = 256 * 1024;

export interface RowStreamOptions {
  readonly sessions: SnapshotSessions;
  /** Sessions that are not in the snapshot, to stop a statement from. */
  readonly outside: MysqlSessionPool;
  readonly table: Table;
  readonly plan: RowPlan;
  readonly sql: string;
  /** The session's `max_allowed_packet`, for the error. */
  readonly maxPacketBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Starts a statement and hands its rows on as lines of CSV, with backpressure down to the socket.
 *
 * @throws TsmoltError when no session can be had
 */
export async function streamRows(options: RowStreamOptions): Promise<ExportStream> {
  const lease = await options.sessions.lease(subjectOf(options));
  if (options.signal.aborted) {
    lease.release();
    throw stoppedOnRequest();
  }
  const stream = new RowStream(options, lease);
  const stop = (): void => void stream.destroy(stoppedOnRequest());
  options.signal.addEventListener('abort', stop, { once: true });
  stream.once('close', () => options.signal.removeEventListener('abort', stop));
  return { stream, rows: () => stream.rows, substitutions: () => stream.replaced };
}

const subjectOf = ({ table }: RowStreamOptions): string => `exporting ${displayName(table.name)}`;

const comma = Buffer.from(',');
const newLine = Buffer.from('\n');

class RowStream extends Readable {
  rows = 0;
  readonly replaced = new Map<string, number>();
  readonly #options: RowStreamOptions;
  readonly #lease: SnapshotLease;
  readonly #connection: Connection;
  readonly #nullField: Buffer;
  readonly #writer = new ChunkWriter((chunk) => this.#deliver(chunk));
  /** Resolves, with the error if there was one, when the server has ended the statement or the connection is gone. */
  readonly #statementEnd: Promise<Error | undefined>;
  #ended = false;
  /** Whether somebody has seen to it that the session goes back. */
  #returned = false;

  constructor(options: RowStreamOptions, lease: SnapshotLease) {
    super({ highWaterMark: streamBufferBytes });
    this.#options = options;
    this.#lease = lease;
    this.#connection = lease.session.raw;
    this.#nullField = Buffer.from(options.plan.nullField);
    this.#statementEnd = this.#start();
    void this.#finish();
  }

  #start(): Promise<Error | undefined> {
    return new Promise((resolve) => {
      const end = (thrown?: Error): void => {
        this.#ended = true;
        this.#connection.off('error', end);
        resolve(thrown);
      };
      // Before the statement is sent: of a connection that is gone already, the driver says so at once.
      this.#connection.on('error', end);
      // Without a callback the driver keeps no rows, and a lost connection shows at the connection alone.
      const query = this.#connection.query({ sql: this.#options.sql, rowsAsArray: true, typeCast: false });
      query.on('error', end);
      query.on('end', () => end());
      query.on('result', (row: unknown) => this.#take(row as SentRow));
    });
  }

  /** After the statement the session goes back, and the reader sees the end: in this order, so that it may start anew. */
  async #finish(): Promise<void> {
    const thrown = await this.#statementEnd;
    // A stream that was destroyed before gives its session back when the server has let go of it.
    if (this.#returned) return;
    this.#returned = true;
    if (thrown === undefined) {
      this.#lease.release();
      this.#writer.flush();
      this.push(null);
    } else {
      this.destroy(this.#options.sessions.giveBack(this.#lease, thrown, subjectOf(this.#options)));
    }
  }

  override _read(): void {
    if (!this.#ended) this.#connection.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.#returned) {
      this.#returned = true;
      void this.#stop();
    }
    callback(error);
  }

  async #stop(): Promise<void> {
    const { outside, sessions } = this.#options;
    this.#connection.resume();
    try {
      await stopStatement(this.#lease.session, outside, this.#statementEnd);
      this.#lease.release();
    } catch (thrown) {
      sessions.giveBack(this.#lease, thrown, subjectOf(this.#options));
    }
  }

  #deliver(chunk: Buffer): void {
    // A row may turn out to be unprintable when its first chunk is full already.
    if (!this.destroyed && !this.push(chunk) && !this.#ended) this.#connection.pause();
  }

  #take(row: SentRow): void {
    // What the server had on its way when the reader left.
    if (this.destroyed) return;
    const { plan } = this.#options;
    const { parts, reports } = plan;
    const report = reports ? row[parts.length] : undefined;
    if (report !== undefined && report !== null && !this.#accept(report.toString())) return;
    const held = isText(plan, row) ? row : this.#held(row);
    if (held === undefined) return;
    for (const [index, part] of parts.entries()) {
      if (index > 0) this.#writer.write(comma);
      this.#write(part, held[index] ?? null);
    }
    this.#writer.write(newLine);
    this.rows += 1;
  }

  /** Undefined for a row that is refused, and the stream with it. */
  #held(row: SentRow): SentRow | undefined {
    const { plan, table } = this.#options;
    try {
      return heldRow(table, plan, row, (column) => countReplacedValue(this.replaced, column));
    } catch (thrown) {
      this.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
      return undefined;
    }
  }

  #write(part: RowPart, value: Buffer | null): void {
    if (value === null) {
      // Fields are never NULL: the server could not print them.
      if (part === 'fields') this.destroy(tooLong(this.#options));
      else this.#writer.write(this.#nullField);
    } else if (part === 'fields') this.#writer.write(value);
    else if (part === 'long text') this.#writer.writeText(value);
    else this.#writer.writeBytes(value);
  }

  #accept(report: string): boolean {
    const { table, plan } = this.#options;
    if (report.startsWith('!')) {
      this.destroy(refusal(table, plan.columns, report));
      return false;
    }
    countReplaced(this.replaced, plan.columns, report);
    return true;
  }
}

function tooLong({ table, maxPacketBytes }: RowStreamOptions): TsmoltError {
  return new TsmoltError('TSM3008', {
    message:
      `${displayName(table.name)}: a row is too long for the server to print: its text would be longer than ` +
      `max_allowed_packet (${maxPacketBytes} bytes)`,
    advice:
      'Raise max_allowed_packet on the source (SET GLOBAL max_allowed_packet = 1073741824), then run again.',
  });
}
