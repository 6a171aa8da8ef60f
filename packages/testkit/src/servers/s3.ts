import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { externalServer } from './external-server.js';
import { freePort } from './free-port.js';
import type { RunningServer, ServerOptions } from './running-server.js';
import { replaceMissingDes } from './s3-list-tokens.js';
import { Watchdog } from './watchdog.js';

/** The only access key that the server started here knows. */
export const s3Credentials = {
  accessKeyId: 'S3RVER',
  secretAccessKey: 'S3RVER',
  region: 'us-east-1',
} as const;

export interface S3Options extends Pick<ServerOptions, 'own'> {
  /** Buckets that exist from the start. */
  readonly buckets?: readonly string[];
}

/**
 * Starts an S3 server in this process, or takes the one that `TSMOLT_TEST_S3_ENDPOINT` names (whose access key is then
 * the AWS SDK's usual business). Buckets are addressed by path.
 */
export async function startS3(options: S3Options = {}): Promise<RunningServer> {
  const source = { product: 'S3', variable: 'TSMOLT_TEST_S3_ENDPOINT', ping: pingS3 } as const;
  return (
    (await externalServer(source, { own: options.own === true })) ?? S3Server.create(options.buckets ?? [])
  );
}

class S3Server implements RunningServer {
  readonly product = 'S3';
  readonly version = 's3rver 3.7.1';
  readonly tls = undefined;
  readonly logFile = undefined;
  readonly port: number;
  readonly dataDirectory: string;
  readonly #buckets: readonly string[];
  #server: Server | undefined;
  readonly #watchdog: Watchdog;

  private constructor(port: number, dataDirectory: string, buckets: readonly string[]) {
    this.port = port;
    this.dataDirectory = dataDirectory;
    this.#buckets = buckets;
    this.#watchdog = new Watchdog(dataDirectory, 'SIGKILL');
  }

  static async create(buckets: readonly string[]): Promise<S3Server> {
    const server = new S3Server(await freePort(), await mkdtemp(join(tmpdir(), 'tsmolt-s3-')), buckets);
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    if (this.#server !== undefined) throw new Error('this S3 runs already');
    replaceMissingDes();
    const s3 = new S3rver({
      directory: this.dataDirectory,
      silent: true,
      configureBuckets: this.#buckets.map((name) => ({ name, configs: [] })),
    });
    await s3.configureBuckets();
    const server = createServer(s3.callback());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.port, '127.0.0.1', resolve);
    });
    this.#server = server;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    await new Promise((resolve) => {
      server.close(resolve);
      // Clients keep idle connections alive; they would never end by themselves.
      server.closeAllConnections();
    });
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.dataDirectory, { recursive: true, force: true });
    this.#watchdog.dismiss();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Any answer will do: without a signature most servers refuse. */
async function pingS3(url: string): Promise<string> {
  const answer = await fetch(url);
  await answer.body?.cancel();
  return answer.headers.get('server') ?? 'unknown';
}
