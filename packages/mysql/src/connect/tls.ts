import { readFileSync } from 'node:fs';
import type { SslOptions } from 'mysql2';
import { TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl } from '@tsmolt/core';

/**
 * How a connection is encrypted, from no encryption to encryption with a proved host name. MOLT's connection strings name
 * these modes as libpq does; MySQL's own programs and Go's driver have other words for the same.
 */
export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** One way to try a connection: with TLS and these options, or without. */
export type TlsAttempt = { readonly tls: false } | { readonly tls: true; readonly options: SslOptions };

/** `sslmode`, as in MOLT's manual. */
const sslModes: Readonly<Record<string, TlsMode>> = {
  disable: 'disable',
  allow: 'prefer',
  prefer: 'prefer',
  require: 'require',
  'verify-ca': 'verify-ca',
  'verify-full': 'verify-full',
};

/** `ssl-mode` of MySQL's programs. Source: MySQL manual, "Command Options for Encrypted Connections". */
const mysqlModes: Readonly<Record<string, TlsMode>> = {
  disabled: 'disable',
  preferred: 'prefer',
  required: 'require',
  verify_ca: 'verify-ca',
  verify_identity: 'verify-full',
};

/** `tls` of Go's driver. Source: the README of go-sql-driver/mysql, section "tls". */
const goModes: Readonly<Record<string, TlsMode>> = {
  false: 'disable',
  preferred: 'prefer',
  'skip-verify': 'require',
  true: 'verify-full',
};

const modesByParameter: readonly (readonly [string, Readonly<Record<string, TlsMode>>])[] = [
  ['sslmode', sslModes],
  ['ssl-mode', mysqlModes],
  ['tls', goModes],
];

/**
 * The ways to try, in order, that a connection string asks for; without a word about TLS, `prefer`.
 *
 * A way without TLS is left out unless `allowUnencrypted`, so that `prefer` cannot fall back to it unnoticed.
 * A Unix socket never leaves the machine and needs no TLS.
 * @throws TsmoltError `TSM2004` for no TLS without `allowUnencrypted`, `TSM1002` for an unknown mode or unreadable file
 */
export function tlsAttempts(url: ConnectionUrl, allowUnencrypted: boolean): readonly TlsAttempt[] {
  if (url.host.startsWith('/')) return [{ tls: false }];
  const mode = tlsMode(url);
  const plain: TlsAttempt = { tls: false };
  if (mode === 'disable') {
    if (!allowUnencrypted) throw unencryptedRefused(url);
    return [plain];
  }
  const encrypted: TlsAttempt = { tls: true, options: tlsOptions(url, mode) };
  return allowUnencrypted && mode === 'prefer' ? [encrypted, plain] : [encrypted];
}

/** The error for a connection that would not be encrypted. */
export function unencryptedRefused(url: ConnectionUrl, cause?: unknown): TsmoltError {
  const reason =
    cause === undefined ? 'its connection string turns TLS off' : 'the server does not offer TLS';
  return new TsmoltError('TSM2004', {
    message: `the connection to ${url.host} would not be encrypted: ${reason}`,
    advice:
      'Turn TLS on at the server and use sslmode=verify-full; only where that cannot be, ' +
      'use sslmode=disable together with --allow-tls-mode-disable.',
    cause,
  });
}

function tlsMode(url: ConnectionUrl): TlsMode {
  const named = modesByParameter.flatMap(([parameter, modes]) => {
    const text = url.parameters.get(parameter);
    return text === undefined ? [] : [knownMode(url, { parameter, text, modes })];
  });
  if (new Set(named).size > 1) {
    throw new TsmoltError('TSM1002', {
      message: `the connection string for ${url.host} says different things about TLS`,
      advice: 'Keep one of sslmode, ssl-mode and tls.',
    });
  }
  return named[0] ?? 'prefer';
}

interface ModeParameter {
  readonly parameter: string;
  readonly text: string;
  readonly modes: Readonly<Record<string, TlsMode>>;
}

function knownMode(url: ConnectionUrl, { parameter, text, modes }: ModeParameter): TlsMode {
  const mode = modes[text.toLowerCase()];
  if (mode !== undefined) return mode;
  throw new TsmoltError('TSM1002', {
    message: `${parameter}=${text} in the connection string for ${url.host} is not known`,
    advice: `Use one of ${Object.keys(modes).join(', ')}.`,
  });
}

function tlsOptions(url: ConnectionUrl, mode: TlsMode): SslOptions {
  const rootCertificate = url.parameters.get('sslrootcert') ?? url.parameters.get('ssl-ca');
  // As in libpq, and so in MOLT: the chain is checked as soon as a root certificate is given.
  const verified = mode === 'verify-ca' || mode === 'verify-full' || rootCertificate !== undefined;
  return {
    rejectUnauthorized: verified,
    verifyIdentity: mode === 'verify-full' || rootCertificate === 'system',
    ...(rootCertificate === undefined || rootCertificate === 'system'
      ? {}
      : { ca: readPem(url, 'sslrootcert', rootCertificate) }),
    ...clientCertificate(url),
  };
}

function clientCertificate(url: ConnectionUrl): SslOptions {
  const certificate = url.parameters.get('sslcert') ?? url.parameters.get('ssl-cert');
  const key = url.parameters.get('sslkey') ?? url.parameters.get('ssl-key');
  const passphrase = url.parameters.get('sslpassword');
  return {
    ...(certificate === undefined ? {} : { cert: readPem(url, 'sslcert', certificate) }),
    ...(key === undefined ? {} : { key: readPem(url, 'sslkey', key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function readPem(url: ConnectionUrl, parameter: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new TsmoltError('TSM1002', {
      message: `cannot read the file ${path} that ${parameter} names in the connection string for ${url.host}`,
      advice: 'Check the path and its permissions.',
      cause,
    });
  }
}
