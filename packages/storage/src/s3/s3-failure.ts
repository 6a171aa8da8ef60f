import type { ServiceErrors, ServiceFailure } from '../service-failure.js';

/** @param place `s3://bucket/path` */
export function s3Errors(place: string): ServiceErrors {
  return {
    place,
    remedy:
      'Check that the bucket exists, in the region of AWS_REGION, and that the AWS credentials in use may read, write, list and delete below this path.',
    read,
    isMissingObject: ({ code }) => code === 'NoSuchKey' || code === 'NotFound',
  };
}

interface AwsError extends Error {
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

function read({ name, code, message, $metadata }: AwsError): ServiceFailure {
  // A service's code is in the name; an error of the network is a plain error with a code.
  const isPlain = name === 'Error' || name === 'AggregateError';
  return {
    status: $metadata?.httpStatusCode,
    code: isPlain && typeof code === 'string' ? code : name,
    message,
  };
}
