import pg from 'pg';
import type { ClientConfig } from 'pg';
import { TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl, OpenOptions } from '@tsmolt/core';
import { clientConfig } from './connection-options.js';
import { classify } from './errors.js';
import { tlsAttempts, unencryptedRefused } from './tls.js';

/** A server that answered: what it is, and the driver's options that reached it. */
export interface Server {
  readonly url: ConnectionUrl;
  readonly config: ClientConfig;
  /** The whole text of `version()`. */
  readonly versionText: string;
  /** `server_version_num` (180000 for 18.0); CockroachDB claims 130000. */
  readonly versionNumber: number;
  readonly encrypted: boolean;
}

const noTlsOffered = /does not support SSL connections/i;

/**
 * Connects once to find out whether and how the server can be reached, and what it is.
 *
 * @throws TsmoltError `TSM2xxx`
 */
export async function identify(url: ConnectionUrl, options: OpenOptions): Promise<Server> {
  const attempts = tlsAttempts(url, options.allowUnencrypted);
  let failure: unknown;
  for (const attempt of attempts) {
    const config = clientConfig(url, attempt, options);
    try {
      return { url, config, encrypted: attempt.tls, ...(await askVersion(config)) };
    } catch (thrown) {
      failure = thrown;
      // Only a disagreement about TLS is a reason to try the other way; a wrong password is not.
      if (!aboutTls(thrown)) break;
    }
  }
  if (failure instanceof Error && noTlsOffered.test(failure.message)) throw unencryptedRefused(url, failure);
  if (mentionsEncryption(failure)) throw encryptionDemanded(url, failure);
  throw classify(failure, url, 'cannot connect');
}

async function askVersion(config: ClientConfig): Promise<{ versionText: string; versionNumber: number }> {
  const client = new pg.Client(config);
  // Errors after the connection broke are reported by the statement that waits; a listener keeps them from being fatal.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const result = await client.query<{ version: string; number: string }>(
      "SELECT version() AS version, current_setting('server_version_num') AS number",
    );
    const row = result.rows[0];
    return { versionText: row?.version ?? '', versionNumber: Number(row?.number ?? 0) };
  } finally {
    await client.end();
  }
}

function aboutTls(thrown: unknown): boolean {
  return (thrown instanceof Error && noTlsOffered.test(thrown.message)) || mentionsEncryption(thrown);
}

function mentionsEncryption(thrown: unknown): boolean {
  return (
    thrown instanceof pg.DatabaseError &&
    thrown.code === '28000' &&
    /no encryption|SSL off|SSL connection required/i.test(thrown.message)
  );
}

function encryptionDemanded(url: ConnectionUrl, cause: unknown): TsmoltError {
  return new TsmoltError('TSM2004', {
    message: `${url.host} accepts user "${url.user}" only over TLS`,
    advice: 'Use sslmode=require, or better verify-full with sslrootcert.',
    cause,
  });
}
