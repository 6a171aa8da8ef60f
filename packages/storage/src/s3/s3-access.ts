import { S3Client } from '@aws-sdk/client-s3';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { environmentVariable } from '../environment.js';
import type { Patience } from '../patience.js';

export interface S3Options extends Patience {
  /** `--import-region`: goes before what the environment says. */
  readonly region?: string | undefined;
  /** `--use-implicit-auth`: the servers use what credentials they have, not ours. */
  readonly implicit: boolean;
  /** `--assume-role`: an ARN, or several that are assumed in turn, separated by commas. */
  readonly assumeRole?: string | undefined;
}

/** A client, and what a server has to be told to get at the same objects. */
export interface S3Access {
  readonly client: S3Client;
  /** Credentials may be short-lived: the SDK is asked for those that are valid now. */
  renewCredentials(): Promise<void>;
  /** Those of CockroachDB's `s3://` URLs. */
  urlParameters(): Record<string, string | undefined>;
}

/** Credentials by the SDK's default chain. @throws the SDK's error when it finds none */
export async function openS3(options: S3Options): Promise<S3Access> {
  const endpoint = environmentVariable('AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT');
  const region = options.region ?? environmentVariable('AWS_REGION', 'AWS_DEFAULT_REGION');
  const client = await clientWithRegion(clientConfig(options, endpoint), region);
  let credentials = await client.config.credentials();
  return {
    client,
    renewCredentials: async () => {
      credentials = await client.config.credentials();
    },
    urlParameters: () => ({
      ...(options.implicit
        ? { AUTH: 'implicit', ASSUME_ROLE: options.assumeRole }
        : {
            AUTH: 'specified',
            AWS_ACCESS_KEY_ID: credentials.accessKeyId,
            AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
            AWS_SESSION_TOKEN: credentials.sessionToken,
          }),
      AWS_REGION: region,
      AWS_ENDPOINT: endpoint,
    }),
  };
}

function clientConfig(options: S3Options, endpoint: string | undefined): S3ClientConfig {
  return {
    maxAttempts: options.maxAttempts,
    retryMode: 'standard',
    // A bucket elsewhere answers where it is.
    followRegionRedirects: true,
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 60_000 },
    ...(options.assumeRole === undefined ? {} : { credentials: assumedRole(options.assumeRole) }),
    // Those who speak S3's protocol know the checksums of its beginnings, and buckets by path.
    ...(endpoint === undefined
      ? {}
      : {
          endpoint,
          forcePathStyle: true,
          requestChecksumCalculation: 'WHEN_REQUIRED',
          responseChecksumValidation: 'WHEN_REQUIRED',
        }),
  };
}

/** Where neither an option nor a configuration file names a region, the bucket's answer will. */
async function clientWithRegion(config: S3ClientConfig, region: string | undefined): Promise<S3Client> {
  if (region !== undefined) return new S3Client({ ...config, region });
  const client = new S3Client(config);
  try {
    await client.config.region();
    return client;
  } catch {
    client.destroy();
    return new S3Client({ ...config, region: 'us-east-1' });
  }
}

/**
 * The roles in CockroachDB's form: `arn,arn`, each with `;external_id=...` if it needs one (manual "Cloud Storage
 * Authentication"). All but the last only lead to the next.
 */
function assumedRole(chain: string): NonNullable<S3ClientConfig['credentials']> {
  let credentials: ReturnType<typeof fromTemporaryCredentials> | undefined;
  for (const role of chain.split(',')) {
    const [arn = '', ...settings] = role.trim().split(';');
    const externalId = settings.find((one) => one.startsWith('external_id='))?.slice('external_id='.length);
    credentials = fromTemporaryCredentials({
      params: {
        RoleArn: arn,
        RoleSessionName: 'tsmolt',
        ...(externalId === undefined ? {} : { ExternalId: externalId }),
      },
      ...(credentials === undefined ? {} : { masterCredentials: credentials }),
    });
  }
  return credentials ?? fromTemporaryCredentials({ params: { RoleArn: chain, RoleSessionName: 'tsmolt' } });
}
