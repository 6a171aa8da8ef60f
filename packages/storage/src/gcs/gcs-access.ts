import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { IdempotencyStrategy, Storage } from '@google-cloud/storage';
import { Secret, TsmoltError } from '@tsmolt/core';
import { GoogleAuth, Impersonated } from 'google-auth-library';
import { environmentVariable } from '../environment.js';
import type { Patience } from '../patience.js';

export interface GcsOptions extends Patience {
  /** `--use-implicit-auth`: the servers use what credentials they have, not ours. */
  readonly implicit: boolean;
  /** `--assume-role`: a service account, or several that are impersonated in turn, separated by commas. */
  readonly assumeRole?: string | undefined;
}

/** A client, and what a server has to be told to get at the same objects. */
export interface GcsAccess {
  readonly storage: Storage;
  /** Those of CockroachDB's `gs://` URLs. @throws TsmoltError `TSM1001` when there is no key file to hand on */
  urlParameters(): Record<string, string | undefined>;
}

/** For a request that the service never answers; a chunk of an upload has to pass within it. */
const requestLimitMs = 5 * 60_000;

/** Application Default Credentials; `STORAGE_EMULATOR_HOST` is the library's own. */
export async function openGcs(options: GcsOptions): Promise<GcsAccess> {
  const keyFile = options.implicit ? undefined : await applicationCredentials();
  const storage = new Storage({
    ...(options.assumeRole === undefined ? {} : { authClient: await impersonated(options.assumeRole) }),
    retryOptions: {
      autoRetry: true,
      maxRetries: options.maxAttempts - 1,
      maxRetryDelay: 8,
      totalTimeout: 120,
      // A put replaces what is there: to do it twice is to do it once.
      idempotencyStrategy: IdempotencyStrategy.RetryAlways,
    },
  });
  // The library's types ask the function for more than its requests have.
  const limited: Interceptor = {
    request: (request) => ({ ...request, timeout: requestLimitMs }) as ReturnType<Interceptor['request']>,
  };
  storage.interceptors.push(limited);
  return {
    storage,
    urlParameters: () =>
      options.implicit
        ? { AUTH: 'implicit', ASSUME_ROLE: options.assumeRole }
        : { AUTH: 'specified', CREDENTIALS: base64(keyFile) },
  };
}

/** The file's text, from where the Google libraries look for it. */
async function applicationCredentials(): Promise<Secret | undefined> {
  const named = environmentVariable('GOOGLE_APPLICATION_CREDENTIALS');
  const configuration = environmentVariable('CLOUDSDK_CONFIG') ?? join(homedir(), '.config', 'gcloud');
  const file = named ?? join(configuration, 'application_default_credentials.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined && isJson(text)) return new Secret(text);
  if (named === undefined) return undefined;
  throw new TsmoltError('TSM1001', {
    message: `GOOGLE_APPLICATION_CREDENTIALS names ${file}, which ${text === undefined ? 'cannot be read' : 'is no JSON'}`,
    advice: 'Let it name the JSON key file of a service account.',
  });
}

/** What is wrong with it stays here: a parser's error quotes the text, which is a secret. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function base64(keyFile: Secret | undefined): string {
  if (keyFile !== undefined) return Buffer.from(keyFile.reveal()).toString('base64');
  throw new TsmoltError('TSM1001', {
    message: 'there is no credentials file of Google Cloud to hand to the server',
    advice:
      'Set GOOGLE_APPLICATION_CREDENTIALS, or let the servers use their own credentials with --use-implicit-auth.',
  });
}

type Interceptor = Storage['interceptors'][number];

async function impersonated(chain: string): Promise<Impersonated> {
  const scopes = ['https://www.googleapis.com/auth/cloud-platform'];
  const accounts = chain.split(',').map((account) => account.trim());
  return new Impersonated({
    sourceClient: await new GoogleAuth({ scopes }).getClient(),
    targetPrincipal: accounts.at(-1) ?? '',
    delegates: accounts.slice(0, -1),
    targetScopes: ['https://www.googleapis.com/auth/devstorage.read_write'],
    lifetime: 3600,
  });
}
