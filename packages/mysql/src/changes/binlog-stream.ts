import { ChunkQueue } from '@tsmolt/core';
import type { ChangeChunk, ChangeEvent, ChangeOptions } from '@tsmolt/core';
import type { MysqlServer } from '../connect/mysql-server.js';
import type { MysqlSessionPool } from '../connect/session-pool.js';
import { BinlogConnection, LogEnded } from './binlog-connection.js';
import { eventCodes } from './binlog-codes.js';
import { ByteReader } from './byte-reader.js';
import { progressFrom } from './progress.js';
import type { Progress } from './progress.js';
import { connectionLost, streamError } from './stream-errors.js';
import { TransactionReader } from './transaction-reader.js';
import type { TransactionReaderOptions } from './transaction-reader.js';

export interface BinlogStreamOptions extends Pick<
  TransactionReaderOptions,
  'tables' | 'names' | 'neighbours'
> {
  readonly server: MysqlServer;
  readonly outside: MysqlSessionPool;
  readonly position: string;
  readonly serverId: number;
  readonly bufferBytes: ChangeOptions['bufferBytes'];
  /** Milliseconds since 1970, by the source's clock. */
  now(): number;
}

/** The head of an event, and the checksum behind it. */
const headBytes = 19;
const checksumBytes = 4;
/** How the format of a file says that its events have checksums. */
const crc32 = 1;

/** One reading of the binary log, from a position until it is stopped or fails. */
export class BinlogStream {
  readonly #options: BinlogStreamOptions;
  readonly #progress: Progress;
  readonly #connection: BinlogConnection;
  readonly #queue: ChunkQueue;
  readonly #reader: TransactionReader;
  #trailerBytes = 0;
  #heartbeatDue = true;

  constructor(options: BinlogStreamOptions) {
    this.#options = options;
    this.#progress = progressFrom(options.position, options.server.flavour);
    this.#connection = new BinlogConnection({
      ...options,
      position: this.#progress.position,
      take: (memory, start, end) => this.#take(memory, start, end),
      fail: (error) => this.#fail(error),
    });
    this.#queue = new ChunkQueue(options.bufferBytes, {
      pause: () => this.#connection.pause(),
      resume: () => this.#connection.resume(),
      heartbeat: () => this.#heartbeat(),
    });
    this.#reader = new TransactionReader({
      ...options,
      progress: this.#progress,
      preparedBytes: options.bufferBytes,
      push: (event, bytes) => this.#queue.add(event, bytes ?? 0),
      advanced: () => {
        this.#heartbeatDue = true;
        this.#queue.touch();
      },
    });
    this.#connection.start();
  }

  /** The next changes; undefined after `stop`. @throws TsmoltError */
  next(): Promise<ChangeChunk | undefined> {
    return this.#queue.next();
  }

  async stop(): Promise<void> {
    this.#queue.drop();
    await this.#connection.stop();
  }

  #take(memory: Buffer, start: number, end: number): Promise<void> | undefined {
    const code = memory.readUInt8(start + 4);
    if (code === eventCodes.formatDescription) {
      const hasChecksums = memory[end - checksumBytes - 1] === crc32;
      this.#trailerBytes = hasChecksums ? checksumBytes : 0;
      return undefined;
    }
    if (code === eventCodes.heartbeat || code === eventCodes.heartbeatV2) {
      this.#heartbeatDue = true;
      this.#queue.touch();
      return undefined;
    }
    if (code === eventCodes.rotate) {
      this.#queue.touch();
      return undefined;
    }
    const head = {
      code,
      at: memory.readUInt32LE(start) * 1000,
      server: memory.readUInt32LE(start + 5),
      flags: memory.readUInt16LE(start + 17),
    };
    const event = memory.subarray(start, end - this.#trailerBytes);
    return this.#reader.take(head, new ByteReader(event, headBytes));
  }

  #heartbeat(): ChangeEvent | undefined {
    if (!this.#heartbeatDue || this.#reader.insideGiven) return undefined;
    this.#heartbeatDue = false;
    return { kind: 'heartbeat', position: this.#progress.position, at: this.#options.now() };
  }

  #fail(thrown: unknown): void {
    const { url } = this.#options.server;
    this.#queue.fail(
      thrown instanceof LogEnded ? connectionLost(url, thrown.message) : streamError(thrown, url),
    );
    void this.#connection.stop();
  }
}
