import type { Connection } from 'mysql2';
import ZongJi from '@vlasky/zongji';
import { setTimeout as delay } from 'node:timers/promises';
import type { MysqlServer } from '../connect/mysql-server.js';
import type { MysqlSessionPool } from '../connect/session-pool.js';
import { serverErrorNumber } from '../errors.js';

export interface BinlogConnectionOptions {
  readonly server: MysqlServer;
  /** Sessions to end the server's side of the connection from. */
  readonly outside: MysqlSessionPool;
  readonly position: string;
  /** Tells this reader from other replicas of the server. */
  readonly serverId: number;
  /**
   * Called with each event as the server sent it, behind the byte that says that it is no error: what lies between two
   * places of memory that is used again. While a promise that it returns is open no other event comes.
   */
  take(memory: Buffer, start: number, end: number): Promise<void> | undefined;
  /** Called once: nothing comes any more. */
  fail(error: unknown): void;
}

/** How often the server says that it is there when it has nothing else to say. */
const heartbeatMs = 1_000;
/** How long it may be silent. */
const patienceMs = 30_000;
/** A reader that is slow must not be cut off: a week. */
const patientSeconds = 604_800;

/** The longest `wait_timeout` of the servers. */
const secondsOfYear = 31_536_000;

/** What is used of the packets of the driver. */
interface Packet {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly end: number;
}

/** What is used of the library's own command, which asks for the log and then reads it. */
interface DumpCommand {
  start(packet: Packet, connection: Connection): unknown;
}
type DumpCommandClass = new (callback: () => void) => DumpCommand;

/** What the library has and its types do not show. */
interface LibraryInside {
  BinlogClass: DumpCommandClass;
}

/**
 * A connection on which the server sends its binary log from a position on. The library makes it and asks for the log, for
 * MySQL and MariaDB each in its own way; the events are read here, because it gives values in JavaScript's types.
 */
export class BinlogConnection {
  readonly #options: BinlogConnectionOptions;
  readonly #library: ZongJi;
  #connection: Connection | undefined;
  #threadId: number | undefined;
  /** Reasons for which the socket is not read. */
  readonly #holds = new Set<'reader' | 'catalog'>();
  #heard = false;
  #watch: NodeJS.Timeout | undefined;
  #over = false;
  /** The connection is gone: after a restart of the server another session may have its number. */
  #lost = false;
  #stopped: Promise<void> | undefined;

  constructor(options: BinlogConnectionOptions) {
    this.#options = options;
    this.#library = new ZongJi(options.server.config);
  }

  /** Errors come through `fail`. */
  start(): void {
    this.#library.on('error', (error) => this.#lose(error));
    this.#library.on('ready', () => this.#prepare());
    this.#library.start({ gtidSet: this.#options.position, serverId: this.#options.serverId });
    this.#watch = setInterval(() => this.#listen(), patienceMs);
  }

  /** Stops reading from the socket, because the reader is behind. */
  pause(): void {
    this.#hold('reader');
  }

  resume(): void {
    this.#release('reader');
  }

  /** Resolves when the server has let go of the connection. Safe to call twice. */
  stop(): Promise<void> {
    this.#over = true;
    clearInterval(this.#watch);
    this.#stopped ??= this.#close();
    return this.#stopped;
  }

  async #close(): Promise<void> {
    const threadId = this.#threadId ?? this.#library.connection?.threadId;
    this.#library.stop();
    if (typeof threadId === 'number' && !this.#lost) await this.#letGo(threadId);
  }

  /** A server that has nothing to send does not notice that nobody reads. */
  async #letGo(threadId: number): Promise<void> {
    const gone = async (): Promise<boolean> =>
      this.#options.outside.use('ending the reading of the binary log', async (session) => {
        try {
          await session.query(`KILL ${threadId}`);
          return false;
        } catch (thrown) {
          if (serverErrorNumber(thrown) === noSuchThread) return true;
          throw thrown;
        }
      });
    try {
      for (let attempt = 0; attempt < 200 && !(await gone()); attempt++) await delay(10);
    } catch {
      // The server is out of reach, or the database is closed: the server's own time limit ends it.
    }
  }

  /** Before the log is asked for: what the session needs for it. */
  #prepare(): void {
    const { connection } = this.#library;
    if (connection === null || this.#over) return;
    this.#connection = connection;
    this.#threadId = connection.threadId;
    const nanoseconds = heartbeatMs * 1_000_000;
    const settings = [
      `@master_heartbeat_period = ${nanoseconds}`,
      `@source_heartbeat_period = ${nanoseconds}`,
      `SESSION net_write_timeout = ${patientSeconds}`,
    ];
    connection.query(`SET ${settings.join(', ')}`, (error) => {
      this.#threadId = connection.threadId;
      if (error !== null) this.#lose(error);
    });
    // The library keeps its second connection, and asks nothing more of it: the server would end it, and with it the stream.
    this.#library.ctrlConnection?.query(`SET SESSION wait_timeout = ${secondsOfYear}`, (error) => {
      if (error !== null) this.#lose(error);
    });
    const inside: unknown = this.#library;
    const library = inside as LibraryInside;
    library.BinlogClass = this.#readingClass(library.BinlogClass);
  }

  #readingClass(base: DumpCommandClass): DumpCommandClass {
    const taken = (packet: Packet): void => this.#take(packet);
    const failed = (error: unknown): void => this.#lose(error);
    return class extends base {
      readonly #next = (next: Packet): unknown => this.read(next);
      /** The driver calls it for an error packet and when the connection is lost. */
      readonly onResult = failed;

      override start(packet: Packet, connection: Connection): unknown {
        super.start(packet, connection);
        return this.#next;
      }

      read(packet: Packet): unknown {
        taken(packet);
        return this.#next;
      }
    };
  }

  #take({ buffer, offset, end }: Packet): void {
    if (this.#over) return;
    this.#heard = true;
    // The server ends the log: it shuts down.
    if (buffer[offset] !== 0) {
      this.#lose(new LogEnded());
      return;
    }
    try {
      const waiting = this.#options.take(buffer, offset + 1, end);
      if (waiting !== undefined) this.#waitFor(waiting);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #waitFor(work: Promise<void>): void {
    this.#hold('catalog');
    work.then(
      () => this.#release('catalog'),
      (thrown: unknown) => this.#fail(thrown),
    );
  }

  #hold(reason: 'reader' | 'catalog'): void {
    this.#holds.add(reason);
    this.#connection?.pause();
  }

  #release(reason: 'reader' | 'catalog'): void {
    this.#holds.delete(reason);
    // The silence of before was this side's.
    this.#heard = true;
    if (this.#holds.size === 0 && !this.#over) this.#connection?.resume();
  }

  #listen(): void {
    if (!this.#heard && this.#holds.size === 0) {
      this.#lose(new LogEnded(`the server said nothing for ${patienceMs / 1000} seconds`));
    }
    this.#heard = false;
  }

  #lose(error: unknown): void {
    this.#lost = true;
    this.#fail(error);
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#watch);
    this.#options.fail(error);
  }
}

/** ER_NO_SUCH_THREAD */
const noSuchThread = 1094;

/** The server ended the log, or is silent, without an error of its own. */
export class LogEnded extends Error {
  constructor(message = 'the server ended the connection') {
    super(message);
  }
}
