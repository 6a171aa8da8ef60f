import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.js';
import type { RunningServer, ServerProduct } from './running-server.js';
import type { ServerFolder } from './server-folder.js';
import { logTail, ServerProcess } from './server-process.js';
import type { Command } from './server-process.js';
import type { TlsFiles } from './tls-files.js';
import { Watchdog } from './watchdog.js';

/** What tells one database server from another. */
export interface ServerRecipe {
  readonly product: ServerProduct;
  readonly folder: ServerFolder;
  readonly tls: TlsFiles | undefined;
  /** The signal for a shutdown in good order. */
  readonly shutdownSignal: NodeJS.Signals;
  /** The signal that takes it down fast, children included, when the test program has gone. */
  readonly abortSignal: NodeJS.Signals;
  /** Makes the empty database. Called once. */
  initialize(): Promise<void>;
  command(port: number): Command;
  url(port: number): string;
  /** @returns the version. @throws while the server does not answer */
  ping(url: string): Promise<string>;
}

const startLimitMs = 60_000;
const portAttempts = 3;

/** A server of our own in a temporary folder, listening on 127.0.0.1. It dies with this process. */
export class LocalServer implements RunningServer {
  readonly #recipe: ServerRecipe;
  readonly #watchdog: Watchdog;
  #process: ServerProcess | undefined;
  #removed = false;
  #port = 0;
  #version = '';

  private constructor(recipe: ServerRecipe) {
    this.#recipe = recipe;
    this.#watchdog = new Watchdog(recipe.folder.path, recipe.abortSignal);
  }

  /** @throws with the end of the server's log if it does not come up; nothing is left behind then. */
  static async start(recipe: ServerRecipe): Promise<LocalServer> {
    const server = new LocalServer(recipe);
    try {
      await recipe.initialize();
      await server.#startOnFreePort();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get product(): ServerProduct {
    return this.#recipe.product;
  }

  get version(): string {
    return this.#version;
  }

  get url(): string {
    return this.#recipe.url(this.#port);
  }

  get port(): number {
    return this.#port;
  }

  get dataDirectory(): string {
    return this.#recipe.folder.dataDirectory;
  }

  get logFile(): string {
    return this.#recipe.folder.logFile;
  }

  get tls(): TlsFiles | undefined {
    return this.#recipe.tls;
  }

  async start(): Promise<void> {
    if (this.#removed) throw new Error(`this ${this.product} was stopped and its data are gone`);
    if (this.#process?.running === true) throw new Error(`this ${this.product} runs already`);
    this.#process = await ServerProcess.spawn(this.#recipe.command(this.#port), this.logFile);
    this.#watch(this.#process);
    this.#version = await this.#answer(this.#process);
  }

  async restart(): Promise<void> {
    await this.#process?.end(this.#recipe.shutdownSignal);
    await this.start();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async stop(): Promise<void> {
    if (this.#removed) return;
    this.#removed = true;
    await this.#process?.end(this.#recipe.shutdownSignal);
    await this.#recipe.folder.remove();
    this.#watchdog.dismiss();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #startOnFreePort(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#port = await freePort();
      try {
        await this.start();
        return;
      } catch (error) {
        // Somebody took the port between our asking and the server's binding it.
        if (attempt === portAttempts || !/address already in use/i.test(String(error))) throw error;
      }
    }
  }

  #watch(started: ServerProcess): void {
    this.#watchdog.watch(started.pid);
    void started.exited.then(() => {
      if (!this.#removed && this.#process === started) this.#watchdog.rest();
    });
  }

  async #answer(started: ServerProcess): Promise<string> {
    const deadline = performance.now() + startLimitMs;
    for (;;) {
      try {
        return await this.#recipe.ping(this.url);
      } catch (error) {
        if (started.running && performance.now() < deadline && !isRefusedLogin(error)) await delay(25);
        else throw await this.#didNotStart(started, error);
      }
    }
  }

  async #didNotStart(started: ServerProcess, cause: unknown): Promise<Error> {
    await started.kill();
    return new Error(`${this.product} did not start. The end of its log:\n${await logTail(this.logFile)}`, {
      cause,
    });
  }
}

/** The server is up and will not change its mind. */
function isRefusedLogin(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === '28P01' || code === '28000' || code === 'ER_ACCESS_DENIED_ERROR';
}
