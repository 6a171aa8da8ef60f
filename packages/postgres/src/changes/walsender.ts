import pg from 'pg';
import { quoteIdentifier } from '@tsmolt/pgwire';
import type { Server } from '@tsmolt/pgwire';
import { sessionSettings } from '../sql.js';
import { printPosition } from './log-position.js';
import { ownSessionQuery } from './queries.js';
import { MessageCursor, postgresEpochMs } from './message-cursor.js';
import { MessageFrames } from './message-frames.js';
import { ReadPacer } from './read-pacer.js';
import { youngPublication } from './stream-errors.js';

/** First bytes of the messages inside CopyData. */
const xlogData = 0x77;
const keepalive = 0x6b;
const xlogDataHeader = 25;

/** How often the server hears from this side even where nothing is acknowledged, and how long its silence is borne. */
const mostStatusMs = 10_000;
const mostSilenceMs = 120_000;
/** How long the server may take to close a connection that has said goodbye. */
const goodbyeMs = 2000;

/** What a setting of the server holds at most. */
const mostKilobytes = 2 ** 31 - 1;

/** SQLSTATE. */
const objectNotInPrerequisiteState = '55000';

export interface StreamRequest {
  readonly slot: string;
  readonly publication: string;
  readonly from: bigint;
  readonly statusEveryMs: number;
  /** Large transactions are to come while they run. */
  readonly streaming: boolean;
}

/** Who listens. What `message` and `keepalive` throw ends the stream with that. */
export interface StreamListener {
  /** A message of the output plugin. Its bytes are never written again. */
  message(bytes: Buffer, start: number, end: number): void;
  keepalive(position: bigint, at: number): void;
  /** How far the stream has come here, and how far it is durable on the target. */
  progress(): { readonly received: bigint; readonly acknowledged: bigint };
  /** The stream has ended without being told to. */
  broken(failure: unknown): void;
}

/** The driver's connection, as far as its types do not know it. */
interface DriverConnection extends pg.Connection {
  sendCopyFromChunk(chunk: Buffer): void;
}

/**
 * A session of the server that sends changes (walsender).
 *
 * It stands on the driver's own connection and not on pg-logical-replication, which would be its upper floor: there one
 * number serves as received, flushed and applied position, moved one byte further than it was told; a timer acknowledges
 * what was merely received; its flow control pauses the socket for each message, and keepalives overtake the changes that
 * wait. A slot would move past what the target has made durable.
 *
 * Source: PostgreSQL manual, "Streaming Replication Protocol".
 */
export class Walsender {
  readonly #client: pg.Client;
  readonly #connection: DriverConnection;
  readonly #versionNumber: number;
  readonly #cursor = new MessageCursor();
  readonly #pacer = new ReadPacer(this);
  #listener: StreamListener | undefined;
  #timer: NodeJS.Timeout | undefined;
  #heardAt = 0;
  /** How many have paused it. */
  #pauses = 0;
  #stopped = false;
  #starting = false;

  constructor(server: Server) {
    // The driver's types do not know `replication`; the driver does (a startup parameter of the protocol).
    this.#client = new pg.Client({ ...server.config, replication: 'database' } as pg.ClientConfig);
    this.#connection = (this.#client as pg.Client & { readonly connection: DriverConnection }).connection;
    this.#versionNumber = server.versionNumber;
    // What breaks is reported to the statement that runs; a listener keeps it from being fatal.
    this.#client.on('error', () => undefined);
    this.#client.on('notice', (notice) => this.#heed(notice));
  }

  /** The server's process that this session has, once it is connected. */
  get processId(): number | undefined {
    return (this.#client as pg.Client & { readonly processID: number | null }).processID ?? undefined;
  }

  /** Connects, and makes values print as an export prints them. */
  async connect(): Promise<void> {
    if (this.#stopped) throw new Error('Connection terminated before it began');
    await this.#client.connect();
    this.#divide();
    // One at a time: before version 15 a walsender takes no two statements at once.
    for (const statement of sessionSettings(this.#versionNumber).split('; ')) {
      await this.#client.query(statement);
    }
  }

  /**
   * Lets the server put large transactions together in so much memory before it writes them to its disk and reads them again,
   * which takes it about as long as decoding them. Never less than it would take anyway; before version 13 nothing can be said.
   */
  async allowMemory(bytes: number): Promise<void> {
    const kilobytes = Math.min(Math.floor(bytes / 1024), mostKilobytes);
    await this.#client.query(
      `SELECT set_config(name, greatest(setting::bigint, ${kilobytes})::text, false)
       FROM pg_settings WHERE name = 'logical_decoding_work_mem'`,
    );
  }

  /** What the server's views know this session by. @see SlotReader */
  async session(): Promise<string> {
    const { rows } = await this.#client.query<{ session: string }>(ownSessionQuery);
    return rows[0]?.session ?? '';
  }

  /** The number of the cluster, which stays when a standby is promoted, and that of its timeline, which does not. */
  async identify(): Promise<{ readonly system: string; readonly timeline: number }> {
    const { rows } = await this.#client.query<{ systemid: string; timeline: number | string }>(
      'IDENTIFY_SYSTEM',
    );
    const [row] = rows;
    if (row === undefined) throw new Error('the server did not say which one it is');
    return { system: row.systemid, timeline: Number(row.timeline) };
  }

  /** The file that tells where a timeline came from. */
  async timelineHistory(timeline: number): Promise<string> {
    const { rows } = await this.#client.query<{ content: string | Buffer }>(`TIMELINE_HISTORY ${timeline}`);
    return rows[0]?.content.toString() ?? '';
  }

  /** Resolves when the stream has begun. @throws what the server says where it does not begin */
  start(request: StreamRequest, listener: StreamListener): Promise<void> {
    const sql =
      `START_REPLICATION SLOT ${quoteIdentifier(request.slot)} LOGICAL ${printPosition(request.from)} ` +
      `(${request.streaming ? "proto_version '2', streaming 'on'" : "proto_version '1'"}, ` +
      `publication_names ${replicationLiteral(quoteIdentifier(request.publication))})`;
    this.#starting = true;
    return new Promise((resolve, reject) => {
      let started = false;
      const fail = (failure: unknown): void => {
        if (started) this.break(failure);
        else reject(failure);
      };
      this.#connection.once('replicationStart', () => {
        started = true;
        this.#starting = false;
        this.#begin(request, listener);
        resolve();
      });
      const ended = (): void => fail(new Error('Connection terminated unexpectedly'));
      this.#connection.once('end', ended);
      // The driver gives a statement that brings its own `submit` everything that the server answers to it.
      this.#client.query({
        submit: (connection: pg.Connection) => connection.query(sql),
        handleError: fail,
        handleCommandComplete: () => undefined,
        handleReadyForQuery: ended,
      } as pg.Submittable);
    });
  }

  /**
   * No further byte is read from the socket, until it is resumed as often as it was paused. The server is still told that
   * this side lives.
   */
  pause(): void {
    this.#pauses++;
    this.#connection.stream.pause();
  }

  resume(): void {
    this.#pauses--;
    if (this.#pauses > 0) return;
    this.#heardAt = performance.now();
    this.#connection.stream.resume();
  }

  /**
   * Says how far this side has come, says goodbye, and ends the connection; what the server still sends is dropped. What
   * has not begun to stream is broken off.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    const { stream } = this.#connection;
    // A server that still looks for where to begin does not hear a goodbye.
    const hears = this.processId !== undefined && !this.#starting;
    this.sendStatus();
    this.#unlisten();
    if (stream.destroyed) return;
    const closed = new Promise<void>((resolve) => stream.once('close', resolve));
    const patience = setTimeout(() => stream.destroy(), goodbyeMs);
    if (hears) this.#connection.end();
    else stream.destroy();
    stream.resume();
    await closed;
    clearTimeout(patience);
  }

  /** Ends the stream with a failure. */
  break(failure: unknown): void {
    this.#unlisten()?.broken(failure);
    this.#connection.stream.destroy();
  }

  /** Only what is acknowledged counts as flushed: the server forgets what lies before it. */
  sendStatus(wantsReply = false): void {
    if (this.#listener === undefined) return;
    const { received, acknowledged } = this.#listener.progress();
    const status = Buffer.alloc(34);
    status.write('r');
    status.writeBigUInt64BE(received, 1);
    status.writeBigUInt64BE(acknowledged, 9);
    status.writeBigUInt64BE(acknowledged, 17);
    status.writeBigInt64BE(BigInt(Date.now() - postgresEpochMs) * 1000n, 25);
    status.writeUInt8(wantsReply ? 1 : 0, 33);
    this.#connection.sendCopyFromChunk(status);
  }

  #begin({ statusEveryMs }: StreamRequest, listener: StreamListener): void {
    this.#listener = listener;
    this.#heardAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), Math.min(statusEveryMs, mostStatusMs));
  }

  #tick(): void {
    if (this.#pauses === 0 && performance.now() - this.#heardAt > mostSilenceMs) {
      this.break(
        new Error(`Connection terminated: the server has said nothing for ${mostSilenceMs / 1000} s`),
      );
      return;
    }
    // The answer is wanted: it shows that the server lives, and how far it has come where nothing is to be sent.
    this.sendStatus(this.#pauses === 0);
  }

  /**
   * Changes are taken from the socket where it reads them, past the driver, which makes objects of each; everything else goes
   * to the driver. Nothing has been asked of the server yet, so that the driver waits for no rest of a message.
   */
  #divide(): void {
    const { stream } = this.#connection;
    const driver = stream.listeners('data') as ((bytes: Buffer) => void)[];
    const frames = new MessageFrames({
      copyData: (bytes, start, end) => this.#take(bytes, start, end),
      other: (message) => {
        for (const take of driver) take(message);
      },
    });
    stream.removeAllListeners('data');
    stream.on('data', (bytes: Buffer) => {
      this.#heardAt = performance.now();
      frames.take(bytes);
      if (this.#listener !== undefined) this.#pacer.read(bytes.length);
    });
  }

  #take(bytes: Buffer, start: number, end: number): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    try {
      const kind = bytes[start];
      if (kind === xlogData) listener.message(bytes, start + xlogDataHeader, end);
      else if (kind === keepalive) this.#keepalive(listener, bytes.subarray(start, end));
    } catch (thrown) {
      this.break(thrown);
    }
  }

  /** From version 18 on the changes that a publication is too young for are left out with no more than a warning. */
  #heed({
    code,
    message = '',
  }: {
    readonly code?: string | undefined;
    readonly message?: string | undefined;
  }): void {
    if (this.#listener !== undefined && code === objectNotInPrerequisiteState)
      this.break(youngPublication(message));
  }

  #keepalive(listener: StreamListener, message: Buffer): void {
    this.#cursor.reset(message, 1, message.length);
    listener.keepalive(this.#cursor.position(), this.#cursor.time());
    if (this.#cursor.byte() === 1) this.sendStatus();
  }

  #unlisten(): StreamListener | undefined {
    clearInterval(this.#timer);
    this.#pacer.stop();
    const listener = this.#listener;
    this.#listener = undefined;
    return listener;
  }
}

/** The grammar of replication commands has no backslashes, and so no `E'...'`. */
function replicationLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
