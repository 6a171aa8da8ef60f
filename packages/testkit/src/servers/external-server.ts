import type { RunningServer, ServerOptions, ServerProduct } from './running-server.js';

/** A server that somebody else started: it can be used, but neither stopped nor crashed. */
class ExternalServer implements RunningServer {
  readonly product: ServerProduct;
  readonly version: string;
  readonly url: string;
  readonly tls = undefined;
  readonly dataDirectory = undefined;
  readonly logFile = undefined;
  readonly #variable: string;

  constructor(
    product: ServerProduct,
    version: string,
    source: { readonly variable: string; readonly url: string },
  ) {
    this.product = product;
    this.version = version;
    this.url = source.url;
    this.#variable = source.variable;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async start(): Promise<void> {
    throw this.#notOurs('started');
  }

  async restart(): Promise<void> {
    throw this.#notOurs('restarted');
  }

  async kill(): Promise<void> {
    throw this.#notOurs('killed');
  }

  /** Does nothing: whoever started it stops it. */
  async stop(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  #notOurs(what: string): Error {
    return new Error(
      `the ${this.product} that ${this.#variable} names cannot be ${what} from here; ` +
        'start it with `own: true` to get one that can',
    );
  }
}

/**
 * The server that an environment variable names, unless the test needs one of its own.
 * @param ping asks for the version
 * @returns `undefined` where the variable is not set
 * @throws if the server does not answer
 */
export async function externalServer(
  source: {
    readonly product: ServerProduct;
    readonly variable: string;
    readonly ping: (url: string) => Promise<string>;
  },
  options: ServerOptions,
): Promise<RunningServer | undefined> {
  const url = process.env[source.variable];
  if (url === undefined || url === '' || needsOwnServer(options)) return undefined;
  try {
    return new ExternalServer(source.product, await source.ping(url), { variable: source.variable, url });
  } catch (cause) {
    throw new Error(`the ${source.product} that ${source.variable} names does not answer`, { cause });
  }
}

function needsOwnServer(options: ServerOptions): boolean {
  return Object.values(options).some((value) => value !== undefined && value !== false);
}
