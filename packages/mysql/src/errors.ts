import { TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl, ErrorCode } from '@tsmolt/core';

interface Classification {
  readonly code: ErrorCode;
  readonly advice: string;
}

const login: Classification = { code: 'TSM2003', advice: 'Check user and password; percent-encode special characters of the password in the connection string.' }; // prettier-ignore
const account: Classification = { code: 'TSM2003', advice: 'Ask the server\'s administrator about the account: host, lock, expiry and plugin decide too.' }; // prettier-ignore
const privilege: Classification = { code: 'TSM3001', advice: 'Grant the privilege to the migration user (SELECT on the source; see the setup page for a snapshot and its position).' }; // prettier-ignore
const unreadable: Classification = { code: 'TSM3001', advice: 'GRANT SELECT ON the database\'s tables (database.*) TO the user of the connection string, then run again.' }; // prettier-ignore
const missing: Classification = { code: 'TSM3002', advice: 'Check that nobody dropped or renamed the table while the migration ran, then run it again.' }; // prettier-ignore
const conflict: Classification = { code: 'TSM4003', advice: 'It is tried again; if it keeps happening, lower --export-concurrency.' }; // prettier-ignore
const cancelled: Classification = { code: 'TSM4008', advice: 'Somebody cancelled the statement, or a time limit of the server did: check both, then run again.' }; // prettier-ignore
const lost: Classification = { code: 'TSM2007', advice: 'Check the network and the server, then run again.' };
const connections: Classification = { code: 'TSM4002', advice: 'Lower --table-concurrency and --export-concurrency, or raise max_connections and the limits of the user.' }; // prettier-ignore
const resources: Classification = { code: 'TSM4002', advice: 'Make room on the disk or in the memory of the server, then run again.' }; // prettier-ignore
const refusedRow: Classification = { code: 'TSM4001', advice: 'Correct the value on the source, or widen the column on the target.' }; // prettier-ignore

/** By the server's number. Source: MySQL manual, "Server Error Message Reference"; MariaDB manual, "MariaDB Error Codes". */
const byNumber: Readonly<Record<number, Classification>> = {
  1040: connections, 1203: connections, 1226: connections,
  1045: login, 1698: login,
  1129: account, 1130: account, 1251: account, 1524: account, 1820: account, 1862: account, 3118: account, 4151: account,
  1044: unreadable, 1142: unreadable, 1143: unreadable, 1227: privilege, 1370: privilege, 1410: privilege,
  1049: { code: 'TSM2006', advice: 'Check the database name at the end of the connection string.' },
  3159: { code: 'TSM2004', advice: 'Use sslmode=require, or better verify-full with sslrootcert.' },
  1051: missing, 1146: missing,
  1412: { code: 'TSM2009', advice: 'Somebody altered or truncated the table while it was exported: wait for the schema change, then run again with --table-handling truncate-if-exists.' },
  1205: conflict, 1213: conflict, 1020: conflict,
  1317: cancelled, 1969: cancelled, 3024: cancelled, 3572: cancelled,
  1053: lost, 1077: lost, 1152: lost, 1158: lost, 1159: lost, 1160: lost, 1161: lost, 1184: lost, 1927: lost, 2006: lost,
  2013: lost, 3169: lost, 4031: lost,
  1021: resources, 1037: resources, 1038: resources, 1041: resources, 1114: resources, 1135: resources, 1206: resources,
  1153: { code: 'TSM4002', advice: 'A row is longer than the server may send: raise max_allowed_packet on the server.' },
  1048: refusedRow, 1062: refusedRow, 1264: refusedRow, 1292: refusedRow, 1366: refusedRow, 1406: refusedRow, 1451: refusedRow,
  1452: refusedRow, 3819: refusedRow, 4025: refusedRow,
  1381: { code: 'TSM5002', advice: 'Turn the binary log on (log_bin) and restart the server, or use --ignore-replication-check for a load without replication.' },
}; // prettier-ignore

const byClientCode: Readonly<Record<string, Classification>> = {
  ECONNREFUSED: { code: 'TSM2001', advice: 'Check host and port, that the server runs, and that it listens on that address.' },
  ETIMEDOUT: { code: 'TSM2001', advice: 'Check host and port, and the firewall between here and the server.' },
  EHOSTUNREACH: { code: 'TSM2001', advice: 'Check the network route to the server.' },
  ENETUNREACH: { code: 'TSM2001', advice: 'Check the network route to the server.' },
  ENOENT: { code: 'TSM2001', advice: 'Check the path of the Unix socket in the connection string.' },
  ENOTFOUND: { code: 'TSM2002', advice: 'Check the host name in the connection string.' },
  EAI_AGAIN: { code: 'TSM2002', advice: 'Check the host name in the connection string and the name server of this machine.' },
  ECONNRESET: lost,
  EPIPE: lost,
  PROTOCOL_CONNECTION_LOST: lost,
  HANDSHAKE_SSL_ERROR: { code: 'TSM2005', advice: 'Give the authority that signed the certificate with sslrootcert, and the host name that it was issued for.' },
  AUTH_SWITCH_PLUGIN_ERROR: account,
  MYSQL_CLEAR_PASSWORD_NOT_ENABLED: { code: 'TSM2003', advice: 'Use an account whose plugin does not need the password in clear text, such as caching_sha2_password.' },
}; // prettier-ignore

/** OpenSSL could not use a certificate or key that the connection string names. */
const unusablePem = /^ERR_OSSL_/;
/** The driver puts its own code on whatever ends a TLS handshake, also on a connection that was cut meanwhile. */
const cutOff = /\b(?:ECONNRESET|EPIPE)\b|socket disconnected/;
const closedState = /connection is in closed state|Can't write in closed state|Pool is closed/i;

/**
 * What the driver adds to its errors. `errno` is the server's number where `sqlState` or `sqlMessage` is set; `code` is, where
 * the server had the last word on a connection of which nothing was asked.
 */
interface DriverError extends Omit<NodeJS.ErrnoException, 'code'> {
  readonly code?: string | number;
  readonly sqlState?: string;
  readonly sqlMessage?: string;
}

/** The server's number of an error that it sent, undefined for errors of this side. */
export function serverErrorNumber(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const error: DriverError = thrown;
  if (typeof error.code === 'number') return error.code;
  return error.sqlMessage === undefined && error.sqlState === undefined ? undefined : error.errno;
}

/**
 * Turns whatever the driver threw into an error that says what to do: the one place where that is decided.
 *
 * @param subject what was being done, with its place (`connecting to the source`, `exporting public.orders`)
 */
export function classify(thrown: unknown, url: ConnectionUrl, subject: string): TsmoltError {
  if (thrown instanceof TsmoltError) return thrown;
  if (thrown instanceof AggregateError && thrown.errors.length > 0)
    return classify(thrown.errors[0], url, subject);
  const server = `${url.host === '' ? 'localhost' : url.host}${url.port === 0 ? '' : `:${url.port}`}`;
  const error: DriverError = thrown instanceof Error ? thrown : new Error(String(thrown));
  const number = serverErrorNumber(error);
  if (number !== undefined) return classifyServerError(error, number, { url, subject, server });
  const found = classifyClientError(error);
  return new TsmoltError(found.code, {
    message: `${subject}: ${server}: ${error.message || String(error.code ?? 'no answer')}`,
    advice: found.advice,
    cause: thrown,
  });
}

function classifyClientError(error: DriverError): Classification {
  if (error.code === 'HANDSHAKE_SSL_ERROR' && cutOff.test(error.message)) return lost;
  const code = String(error.code ?? '');
  const known = byClientCode[code];
  if (known !== undefined) return known;
  if (unusablePem.test(code)) {
    return {
      code: 'TSM2005',
      advice:
        'Check the files that sslcert and sslkey name: a certificate and the key that belongs to it, in PEM format, ' +
        'and sslpassword where the key is encrypted.',
    };
  }
  if (closedState.test(error.message)) return lost;
  return { code: 'TSM9001', advice: 'Please report this with the log at --logging debug.' };
}

interface Place {
  readonly url: ConnectionUrl;
  readonly subject: string;
  readonly server: string;
}

function classifyServerError(
  error: DriverError,
  number: number,
  { url, subject, server }: Place,
): TsmoltError {
  const found = byMessage(error.message) ?? byNumber[number];
  const atLogin = found?.code === 'TSM2003' || found?.code === 'TSM2006';
  const place = atLogin ? `${server}, user "${url.user}", database "${url.database}"` : server;
  return new TsmoltError(found?.code ?? 'TSM9001', {
    message: `${subject}: ${place}: ${error.sqlMessage ?? error.message} (error ${number})`,
    advice:
      found?.advice ??
      "Read the server's own words above; if they make no sense, report this with the log at --logging debug.",
    cause: error,
    serverCode: String(number),
  });
}

/** Numbers that stand for many faults: the words tell which. */
function byMessage(message: string): Classification | undefined {
  // 1030 "Got error 28 from storage engine", 3 "Error writing file (OS errno 28 - No space left on device)".
  return /\b(errno|error):? 28\b|No space left/i.test(message) ? resources : undefined;
}
