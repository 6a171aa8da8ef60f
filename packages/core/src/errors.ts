/**
 * What may be done about an error. A driver's error is classified once, at the adapter:
 * - `retry`: the same work may succeed if it is tried again (lost connection, serialization failure);
 * - `operator`: a person has to change something (password, privilege, schema, disk);
 * - `bug`: tsmolt or a server did what neither may do.
 */
export type ErrorKind = 'retry' | 'operator' | 'bug';

interface CatalogueEntry {
  readonly kind: ErrorKind;
  readonly title: string;
}

/** Every error that tsmolt raises on its own account. The codes are printed and documented (docs/errors.md): never reuse one. */
export const errorCatalogue = {
  TSM1001: { kind: 'operator', title: 'invalid option' },
  TSM1002: { kind: 'operator', title: 'invalid connection string' },
  TSM1003: { kind: 'operator', title: 'invalid regular expression' },
  TSM1004: { kind: 'operator', title: 'invalid position' },
  TSM1005: { kind: 'operator', title: 'stopped on request' },
  TSM1006: { kind: 'operator', title: 'invalid configuration file' },
  TSM1007: { kind: 'operator', title: 'no such fetch to continue' },
  TSM2001: { kind: 'retry', title: 'server not reachable' },
  TSM2002: { kind: 'operator', title: 'host not found' },
  TSM2003: { kind: 'operator', title: 'login refused' },
  TSM2004: { kind: 'operator', title: 'connection is not encrypted' },
  TSM2005: { kind: 'operator', title: 'TLS verification failed' },
  TSM2006: { kind: 'operator', title: 'database does not exist' },
  TSM2007: { kind: 'retry', title: 'connection lost' },
  TSM2008: { kind: 'operator', title: 'unsupported server' },
  TSM2009: { kind: 'operator', title: 'snapshot lost' },
  TSM3001: { kind: 'operator', title: 'missing privilege' },
  TSM3002: { kind: 'operator', title: 'missing table' },
  TSM3003: { kind: 'operator', title: 'schema mismatch' },
  TSM3004: { kind: 'operator', title: 'unsupported type' },
  TSM3005: { kind: 'operator', title: 'no tables to migrate' },
  TSM3006: { kind: 'operator', title: 'dependent objects on the target' },
  TSM3007: { kind: 'operator', title: 'foreign keys in a circle on the target' },
  TSM3008: { kind: 'operator', title: 'value that no target can hold' },
  TSM3009: { kind: 'operator', title: 'table is offline' },
  TSM4001: { kind: 'operator', title: 'row refused by the target' },
  TSM4002: { kind: 'operator', title: 'target is out of space or memory' },
  TSM4003: { kind: 'retry', title: 'transaction conflict' },
  TSM4004: { kind: 'bug', title: 'row counts differ' },
  TSM4005: { kind: 'operator', title: 'checksums differ' },
  TSM4006: { kind: 'operator', title: 'cannot write a file' },
  TSM4007: { kind: 'operator', title: 'outcome of a commit unknown' },
  TSM4008: { kind: 'operator', title: 'statement cancelled on the server' },
  TSM4009: { kind: 'operator', title: 'import refused by the target' },
  TSM4010: { kind: 'operator', title: 'another process took over' },
  TSM4011: { kind: 'operator', title: 'change refused by the target' },
  TSM5001: { kind: 'operator', title: 'replication slot or publication exists' },
  TSM5002: { kind: 'operator', title: 'server is not set up for logical replication' },
  TSM5003: { kind: 'operator', title: 'table without replica identity' },
  TSM5004: { kind: 'operator', title: 'snapshot is gone and the source moved on' },
  TSM5005: { kind: 'operator', title: 'position is gone' },
  TSM5006: { kind: 'operator', title: 'changes in a form that cannot be replicated' },
  TSM5007: { kind: 'retry', title: 'replication slot is not free yet' },
  TSM6001: { kind: 'operator', title: 'intermediate storage refused access' },
  TSM6002: { kind: 'operator', title: 'intermediate file is missing or damaged' },
  TSM6003: { kind: 'retry', title: 'intermediate storage not available' },
  TSM6101: { kind: 'operator', title: 'replication does not advance' },
  TSM6102: { kind: 'operator', title: 'statement takes too long' },
  TSM6103: { kind: 'operator', title: 'verification cannot be continued' },
  TSM6104: { kind: 'operator', title: 'target cannot be repaired' },
  TSM7001: { kind: 'operator', title: 'replication paused by policy' },
  TSM7002: { kind: 'operator', title: 'no position to start from' },
  TSM7003: { kind: 'operator', title: 'another process replicates' },
  TSM7004: { kind: 'operator', title: 'staging schema missing' },
  TSM7005: { kind: 'operator', title: 'target schema does not fit the changes' },
  TSM7006: { kind: 'operator', title: 'userscript failed' },
  TSM7007: { kind: 'operator', title: 'checkpoint of another source' },
  TSM9001: { kind: 'bug', title: 'statement failed' },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

export interface ErrorDetails {
  /** One sentence that names the thing and the place. Must hold no secret. */
  readonly message: string;
  /** One sentence: what to do about it. */
  readonly advice: string;
  readonly cause?: unknown;
  /** The server's own code (SQLSTATE, MySQL number, ORA number) where there is one. */
  readonly serverCode?: string;
}

/** An error that a person can act on. `kind` comes from the catalogue. */
export class TsmoltError extends Error {
  override readonly name = 'TsmoltError';
  readonly code: ErrorCode;
  readonly advice: string;
  readonly serverCode: string | undefined;

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(details.message, details.cause === undefined ? {} : { cause: details.cause });
    this.code = code;
    this.advice = details.advice;
    this.serverCode = details.serverCode;
  }

  get kind(): ErrorKind {
    return errorCatalogue[this.code].kind;
  }

  /** The error with the place prepended (`public.orders, shard 2: ...`); everything else is kept. */
  at(place: string): TsmoltError {
    return new TsmoltError(this.code, {
      message: `${place}: ${this.message}`,
      advice: this.advice,
      cause: this,
      ...(this.serverCode === undefined ? {} : { serverCode: this.serverCode }),
    });
  }
}

/** Wraps whatever was thrown, so that every error that leaves tsmolt has a code and an advice. */
export function asTsmoltError(thrown: unknown): TsmoltError {
  if (thrown instanceof TsmoltError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new TsmoltError('TSM9001', {
    message,
    advice: 'This is not a case tsmolt knows: please report it with the log at --logging debug.',
    cause: thrown,
  });
}

/** Raised where an operation ends because its AbortSignal fired. */
export function stoppedOnRequest(): TsmoltError {
  return new TsmoltError('TSM1005', {
    message: 'stopped on request',
    advice:
      'Run the same command again; with --table-handling truncate-if-exists it starts from a clean target.',
  });
}
