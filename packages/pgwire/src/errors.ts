import { DatabaseError } from 'pg';
import { ChangeRefused, TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl, ErrorCode, ErrorDetails, Refusal, RefusalKind } from '@tsmolt/core';

interface Classification {
  readonly code: ErrorCode;
  readonly advice: string;
}

/** Whole SQLSTATEs first, then classes (their first two characters). Source: PostgreSQL manual, appendix A. */
const bySqlState: Readonly<Record<string, Classification>> = {
  '28P01': { code: 'TSM2003', advice: 'Check user and password; percent-encode special characters of the password in the connection string.' },
  '28000': { code: 'TSM2003', advice: 'Check the user, and the rules for it in the server\'s pg_hba.conf.' },
  '3D000': { code: 'TSM2006', advice: 'Check the database name at the end of the connection string.' },
  '42501': { code: 'TSM3001', advice: 'Grant the privilege to the migration user (SELECT on the source; INSERT, and ownership for truncate or drop, on the target).' },
  '25006': { code: 'TSM2001', advice: 'It is a standby, or default_transaction_read_only is on: name the primary, or wait until it takes writes again.' },
  '42P01': { code: 'TSM3002', advice: 'Check that nobody dropped or renamed the table while the migration ran, then run it again.' },
  '3F000': { code: 'TSM3002', advice: 'Create the schema on the target, or use --table-handling drop-on-target-and-recreate.' },
  '42704': { code: 'TSM3004', advice: 'Create the type or its extension on the target first.' },
  '2BP01': { code: 'TSM3006', advice: 'Drop what depends on the table first (views, foreign keys of tables outside this run), or add those tables to the run.' },
  '40001': { code: 'TSM4003', advice: 'It is tried again; if it keeps happening, stop other writers on the target.' },
  '40P01': { code: 'TSM4003', advice: 'It is tried again; if it keeps happening, lower --export-concurrency.' },
  '40003': { code: 'TSM4007', advice: 'The server does not know whether the last batch was committed: run again with --table-handling truncate-if-exists.' },
  '53100': { code: 'TSM4002', advice: 'Make room on the disk of the server, then run again with --table-handling truncate-if-exists.' },
  '53200': { code: 'TSM4002', advice: 'Lower --table-concurrency and --export-concurrency, or give the server more memory.' },
  '53300': { code: 'TSM4002', advice: 'Lower --table-concurrency and --export-concurrency, or raise max_connections on the server.' },
  '55006': { code: 'TSM5001', advice: 'Another process uses the replication slot: stop it, or choose another --pglogical-replication-slot-name.' },
  '42710': { code: 'TSM5001', advice: 'Add --pglogical-publication-and-slot-drop-and-recreate to replace it, or choose another --pglogical-replication-slot-name.' },
  '55P03': { code: 'TSM4008', advice: 'Another session holds a lock on the table (a schema change that has not ended?): look at pg_locks, and run again when it is gone.' },
  '57014': { code: 'TSM4008', advice: 'Somebody cancelled the statement, or a statement_timeout of the role did: check both, then run again.' },
  '57P01': { code: 'TSM2007', advice: 'The server was shut down or the session was terminated: check the server, then run again.' },
  '57P02': { code: 'TSM2007', advice: 'The server crashed: check its log, then run again.' },
  '57P03': { code: 'TSM2001', advice: 'The server is starting up or shutting down: wait for it.' },
}; // prettier-ignore

const bySqlStateClass: Readonly<Record<string, Classification>> = {
  '08': { code: 'TSM2007', advice: 'Check the network and the server, then run again.' },
  '22': { code: 'TSM4001', advice: 'Correct the value on the source, or widen the column on the target.' },
  '23': { code: 'TSM4001', advice: 'Use --table-handling truncate-if-exists if the target already holds rows; otherwise drop the constraint until the data is loaded.' },
  '53': { code: 'TSM4002', advice: 'Free the resource that the server names, then run again.' },
  '40': { code: 'TSM4003', advice: 'It is tried again; if it keeps happening, stop other writers on the target.' },
}; // prettier-ignore

const byNodeCode: Readonly<Record<string, Classification>> = {
  ECONNREFUSED: { code: 'TSM2001', advice: 'Check host and port, that the server runs, and that it listens on that address.' },
  ETIMEDOUT: { code: 'TSM2001', advice: 'Check host and port, and the firewall between here and the server.' },
  EHOSTUNREACH: { code: 'TSM2001', advice: 'Check the network route to the server.' },
  ENETUNREACH: { code: 'TSM2001', advice: 'Check the network route to the server.' },
  ENOENT: { code: 'TSM2001', advice: 'Check the directory of the Unix socket in the connection string.' },
  ENOTFOUND: { code: 'TSM2002', advice: 'Check the host name in the connection string.' },
  EAI_AGAIN: { code: 'TSM2002', advice: 'Check the host name in the connection string and the name server of this machine.' },
  ECONNRESET: { code: 'TSM2007', advice: 'Check the network and the server, then run again.' },
  EPIPE: { code: 'TSM2007', advice: 'Check the network and the server, then run again.' },
}; // prettier-ignore

const lostConnection =
  /Connection terminated|Client has encountered a connection error|connection is closed|Connection ended|Query read timeout/i;
/** OpenSSL could not use a certificate or key that the connection string names. */
const unusablePem = /^ERR_OSSL_/;
const tlsFault = /^(CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/;

/**
 * Turns whatever the driver threw into an error that says what to do: the one place where that is decided.
 *
 * @param subject what was being done, with its place (`connecting to the source`, `COPY into public.orders`)
 */
export function classify(thrown: unknown, url: ConnectionUrl, subject: string): TsmoltError {
  if (thrown instanceof TsmoltError) return thrown;
  if (thrown instanceof AggregateError && thrown.errors.length > 0)
    return classify(thrown.errors[0], url, subject);
  const server = `${url.host === '' ? 'localhost' : url.host}${url.port === 0 ? '' : `:${url.port}`}`;
  if (thrown instanceof DatabaseError) return classifyServerError(thrown, url, subject, server);
  const error: NodeJS.ErrnoException = thrown instanceof Error ? thrown : new Error(String(thrown));
  const found = classifyClientError(error);
  return new TsmoltError(found.code, {
    message: `${subject}: ${server}: ${error.message || error.code || 'no answer'}`,
    advice: found.advice,
    cause: thrown,
  });
}

function classifyClientError(error: NodeJS.ErrnoException): Classification {
  const known = byNodeCode[error.code ?? ''];
  if (known !== undefined) return known;
  if (tlsFault.test(error.code ?? '')) {
    return {
      code: 'TSM2005',
      advice:
        'Give the authority that signed the certificate with sslrootcert, and the host name that it was issued for.',
    };
  }
  if (unusablePem.test(error.code ?? '')) {
    return {
      code: 'TSM2005',
      advice:
        'Check the files that sslcert and sslkey name: a certificate and the key that belongs to it, in PEM format, ' +
        'and sslpassword where the key is encrypted.',
    };
  }
  if (/timeout expired/i.test(error.message)) {
    return { code: 'TSM2001', advice: 'Check host and port, and the firewall between here and the server.' };
  }
  if (lostConnection.test(error.message)) {
    return { code: 'TSM2007', advice: 'Check the network and the server, then run again.' };
  }
  return { code: 'TSM9001', advice: 'Please report this with the log at --logging debug.' };
}

function classifyServerError(
  error: DatabaseError,
  url: ConnectionUrl,
  subject: string,
  server: string,
): TsmoltError {
  const sqlState = error.code ?? 'XX000';
  const found = byMessage(error.message) ?? bySqlState[sqlState] ?? bySqlStateClass[sqlState.slice(0, 2)];
  const login = sqlState.startsWith('28') || sqlState === '3D000';
  const place = login ? `${server}, user "${url.user}", database "${url.database}"` : server;
  return new TsmoltError(found?.code ?? 'TSM9001', {
    message: `${subject}: ${place}: ${serverSentence(error)} (SQLSTATE ${sqlState})`,
    advice:
      found?.advice ??
      "Read the server's own words above; if they make no sense, report this with the log at --logging debug.",
    cause: error,
    serverCode: sqlState,
  });
}

function byMessage(message: string): Classification | undefined {
  // PostgreSQL's words, then CockroachDB's, which have no SQLSTATE of their own.
  if (
    /cannot truncate a table referenced in a foreign key|is referenced by foreign key from table/i.test(
      message,
    )
  ) {
    return {
      code: 'TSM3006',
      advice:
        'Add the tables that refer to it to the run, or drop their foreign keys until the data is loaded.',
    };
  }
  if (/row-level security policy/i.test(message)) {
    return {
      code: 'TSM3001',
      advice:
        'Some rows are hidden from the migration user, or kept from it: ALTER ROLE ... BYPASSRLS, or let the owner of the table migrate.',
    };
  }
  if (/must be after replica GC threshold/i.test(message)) {
    return {
      code: 'TSM2009',
      advice:
        'Raise gc.ttlseconds of the source until it exceeds the time of the export (ALTER DATABASE ... CONFIGURE ZONE), then run again.',
    };
  }
  if (/is offline: importing/i.test(message)) {
    return {
      code: 'TSM3009',
      advice:
        'An import into the table is running, and nobody can use it meanwhile: see SHOW JOBS, and run again when it has ended.',
    };
  }
  if (/logical decoding requires|wal_level/i.test(message)) {
    return {
      code: 'TSM5002',
      advice:
        'Set wal_level = logical on the source and restart it, or use --ignore-replication-check for a load without replication.',
    };
  }
  if (/invalid snapshot identifier|snapshot ".*" does not exist/i.test(message)) {
    return {
      code: 'TSM2009',
      advice:
        'The connection that held the snapshot was lost: find out why (idle timeouts, failover), then run again with ' +
        '--table-handling truncate-if-exists.',
    };
  }
  if (/all replication slots are in use/i.test(message)) {
    return {
      code: 'TSM5002',
      advice: 'Raise max_replication_slots on the source, or drop a slot that nobody uses.',
    };
  }
  return undefined;
}

/** The server's message with what it adds to it: which row, which line, which column. */
function serverSentence(error: DatabaseError): string {
  const parts = [error.message];
  if (error.detail !== undefined) parts.push(error.detail);
  // A context holds the row's place (`COPY orders, line 5, column total`); long values in it are cut by the server.
  if (error.where !== undefined) parts.push(error.where.split('\n')[0] ?? '');
  return parts.join('; ');
}

/** Why a row of a replicated table is refused. Whole SQLSTATEs first, then classes. Source: PostgreSQL manual, appendix A. */
const refusalKinds: Readonly<Record<string, RefusalKind>> = {
  '23502': 'not-null',
  '23503': 'foreign-key',
  '23505': 'unique',
  '23514': 'check',
  '22': 'type',
  '23': 'other',
  // A view's check option, a trigger's exception, an index entry that is too large.
  '44000': 'other',
  P0001: 'other',
  '54000': 'other',
};

/** The statement was composed for another table than the one that is there. */
const unfitTable = /^(42703|42804|42846|42P10|428C9)$/;

const refusalAdvice: Readonly<Record<RefusalKind, string>> = {
  'foreign-key':
    'Its parent is missing, or children still refer to it: it is tried again after other changes.',
  unique: 'Another row of the target has the same value: look for rows there that the source does not have.',
  'not-null': 'Drop NOT NULL on the target, or give the column a value in a userscript.',
  check: 'Drop or widen the check on the target, or correct the value on the source.',
  type: 'Widen the column on the target, or convert the value in a userscript.',
  other: "Read the server's own words above.",
};

/** As `classify`, for changes that are applied one after the other: what is wrong with a row is told from what is wrong around it. */
export function classifyApply(thrown: unknown, url: ConnectionUrl, subject: string): TsmoltError {
  const error = classify(thrown, url, subject);
  if (thrown instanceof TsmoltError || !(error.cause instanceof DatabaseError)) return error;
  const state = error.cause.code ?? '';
  const kind = refusalKinds[state] ?? refusalKinds[state.slice(0, 2)];
  const details = (advice: string): ErrorDetails => ({
    message: error.message,
    advice,
    cause: error.cause,
    serverCode: state,
  });
  if (kind !== undefined) return new ChangeRefused(refusal(kind, error.cause), details(refusalAdvice[kind]));
  if (unfitTable.test(state)) {
    const advice =
      "Make the target's columns, types and unique keys like the source's; the change is applied when they are.";
    return new TsmoltError('TSM7005', details(advice));
  }
  if (state === '0A000') {
    const advice =
      'Rows cannot be written to the table in the usual way: drop what the server names, such as a rule, until replication has ended.';
    return new TsmoltError('TSM7005', details(advice));
  }
  if (state === '57014') {
    const advice = 'Raise --applyTimeout, or look for who holds locks on the table (pg_locks).';
    return new TsmoltError('TSM4008', details(advice));
  }
  return error;
}

function refusal(kind: RefusalKind, { constraint, column }: DatabaseError): Refusal {
  return {
    kind,
    ...(constraint === undefined ? {} : { constraint }),
    ...(column === undefined ? {} : { column }),
  };
}
