/** The ways to a server that this machine does not have by itself. */
export interface WaysToGetServer {
  /** As in `PostgreSQL 15`. */
  readonly server: string;
  /** What installs it, as one would say it: `"apt-get install postgresql-15"`. */
  readonly install: string;
  readonly composeService: string;
  /** The environment variable that names a server somebody else started. */
  readonly variable: string;
}

/** A missing server fails the tests that need it; this says what would get it. */
export function missingServer(ways: WaysToGetServer, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(
    `${ways.server} is neither installed nor could it be unpacked from Debian packages: ${reason}\n` +
      `Any of these gets it: ${ways.install}; "docker compose up -d ${ways.composeService}"; ` +
      `or ${ways.variable}=<connection URL> for a server that runs already.`,
    { cause },
  );
}
