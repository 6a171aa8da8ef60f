import { ClientSecretCredential, DefaultAzureCredential } from '@azure/identity';
import { BlobServiceClient, StorageRetryPolicyType, StorageSharedKeyCredential } from '@azure/storage-blob';
import { Secret, TsmoltError } from '@tsmolt/core';
import { environmentVariable } from '../environment.js';
import type { Patience } from '../patience.js';

export interface AzureOptions extends Patience {
  /** `--use-implicit-auth`: the servers use what credentials they have, not ours. */
  readonly implicit: boolean;
}

/** A client, and what a server has to be told to get at the same objects. */
export interface AzureAccess {
  readonly service: BlobServiceClient;
  /** Those of CockroachDB's `azure-blob://` URLs. */
  urlParameters(): Record<string, string | undefined>;
}

/** Where the accounts of a national cloud live; the names are CockroachDB's (manual "Use Cloud Storage"). */
const blobDomains: Readonly<Record<string, string>> = {
  AZUREPUBLICCLOUD: 'blob.core.windows.net',
  AZUREUSGOVERNMENTCLOUD: 'blob.core.usgovcloudapi.net',
  AZURECHINACLOUD: 'blob.core.chinacloudapi.cn',
  AZUREGERMANCLOUD: 'blob.core.cloudapi.de',
};

type Identity =
  | { readonly kind: 'implicit' }
  | { readonly kind: 'key'; readonly key: Secret }
  | { readonly kind: 'client'; readonly id: string; readonly tenant: string; readonly secret: Secret };

/**
 * The account and its credentials, from the environment.
 *
 * @throws TsmoltError `TSM1001` when the environment names no account, or no credentials
 */
export function openAzure(options: AzureOptions): AzureAccess {
  const account = environmentVariable('AZURE_ACCOUNT_NAME');
  if (account === undefined) {
    throw new TsmoltError('TSM1001', {
      message: '--bucket-path names a container of Azure, but nothing names its account',
      advice: 'Set AZURE_ACCOUNT_NAME, and AZURE_ACCOUNT_KEY or the variables of a client.',
    });
  }
  const environment = environmentVariable('AZURE_ENVIRONMENT');
  const identity = identityOf(options);
  const service = new BlobServiceClient(endpointOf(account, environment), credential(account, identity), {
    retryOptions: {
      retryPolicyType: StorageRetryPolicyType.EXPONENTIAL,
      maxTries: options.maxAttempts,
      retryDelayInMs: 300,
      maxRetryDelayInMs: 8000,
      tryTimeoutInMs: 60_000,
    },
  });
  return {
    service,
    urlParameters: () => ({
      ...identityParameters(identity),
      AZURE_ACCOUNT_NAME: account,
      AZURE_ENVIRONMENT: environment,
    }),
  };
}

function identityOf({ implicit }: AzureOptions): Identity {
  if (implicit) return { kind: 'implicit' };
  const key = environmentVariable('AZURE_ACCOUNT_KEY');
  if (key !== undefined) return { kind: 'key', key: new Secret(key) };
  const [id, tenant, secret] = ['AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_CLIENT_SECRET'].map((name) =>
    environmentVariable(name),
  );
  if (id !== undefined && tenant !== undefined && secret !== undefined) {
    return { kind: 'client', id, tenant, secret: new Secret(secret) };
  }
  throw new TsmoltError('TSM1001', {
    message: 'there are no credentials for Azure',
    advice:
      'Set AZURE_ACCOUNT_KEY, or AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and AZURE_TENANT_ID, or add --use-implicit-auth.',
  });
}

function credential(account: string, identity: Identity) {
  if (identity.kind === 'key') return sharedKey(account, identity.key);
  if (identity.kind === 'implicit') return new DefaultAzureCredential();
  return new ClientSecretCredential(identity.tenant, identity.id, identity.secret.reveal());
}

function sharedKey(account: string, key: Secret): StorageSharedKeyCredential {
  return new StorageSharedKeyCredential(account, key.reveal());
}

/** With a key there is no AUTH: that is how the manual "Cloud Storage Authentication" writes it. */
function identityParameters(identity: Identity): Record<string, string | undefined> {
  if (identity.kind === 'implicit') return { AUTH: 'implicit' };
  if (identity.kind === 'key') return { AZURE_ACCOUNT_KEY: identity.key.reveal() };
  return {
    AUTH: 'specified',
    AZURE_CLIENT_ID: identity.id,
    AZURE_CLIENT_SECRET: identity.secret.reveal(),
    AZURE_TENANT_ID: identity.tenant,
  };
}

/** `AZURE_ENDPOINT` is the whole URL of the account, for emulators and private endpoints. */
function endpointOf(account: string, environment: string | undefined): string {
  const endpoint = environmentVariable('AZURE_ENDPOINT');
  if (endpoint !== undefined) return endpoint;
  const domain = blobDomains[(environment ?? 'AZUREPUBLICCLOUD').toUpperCase()];
  if (domain !== undefined) return `https://${account}.${domain}`;
  throw new TsmoltError('TSM1001', {
    message: `AZURE_ENVIRONMENT names no cloud of Azure: ${environment}`,
    advice: `Use one of ${Object.keys(blobDomains).join(', ')}.`,
  });
}
