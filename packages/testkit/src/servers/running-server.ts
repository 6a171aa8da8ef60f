import type { TlsFiles } from './tls-files.js';

export type ServerProduct = 'PostgreSQL' | 'MySQL' | 'MariaDB' | 'S3' | 'Azurite';

/** What a test needs to talk to a server. Plain data, so that it can cross process borders. */
export interface ServerAddress {
  readonly product: ServerProduct;
  /** As the server says it, such as `18.4`, `9.7.4-2` or `10.11.14-MariaDB`. */
  readonly version: string;
  /** Connection URL of the superuser, to a default database; for S3 the endpoint, for Azurite the account's. */
  readonly url: string;
  /** The CA, server and client certificates, where the server was started with TLS. */
  readonly tls: TlsFiles | undefined;
}

/** A server that a test may stop, crash and start again. */
export interface RunningServer extends ServerAddress {
  readonly port: number;
  /** Where the server keeps its data; `undefined` where somebody else started it. */
  readonly dataDirectory: string | undefined;
  /** The server's own log; `undefined` where somebody else started it. */
  readonly logFile: string | undefined;
  /** Starts again on the same port and data after `kill()`. @throws if it runs already. */
  start(): Promise<void>;
  /** Shuts down in good order, then starts again on the same port and data. */
  restart(): Promise<void>;
  /** A crash: SIGKILL to the server and all its children. Data stay for `start()`. */
  kill(): Promise<void>;
  /** Shuts down in good order and removes the data. The server cannot be started again. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A server's settings by name, as its configuration file would have them. */
export type ServerSettings = Readonly<Record<string, string | number>>;

/** Options that every database server has. Giving any of them gets a server of one's own, whatever the environment says. */
export interface ServerOptions {
  /**
   * A server of one's own even where an environment variable names one that somebody else started: for tests that
   * crash it.
   */
  readonly own?: boolean;
  readonly settings?: ServerSettings;
  /** Flush to disk on every commit, as in production. Without it data survive a killed process, not a power cut. */
  readonly durable?: boolean;
  /** `true` accepts TLS and plain connections, `'required'` TLS alone; the server's URL then asks for it. */
  readonly tls?: boolean | 'required';
}
