import type { ServiceErrors, ServiceFailure } from '../service-failure.js';

/** @param place `azure-blob://container/path` */
export function azureErrors(place: string): ServiceErrors {
  return {
    place,
    remedy:
      'Check that the container exists in the account of AZURE_ACCOUNT_NAME, and that the credentials in use may read, write, list and delete in it.',
    read,
    isMissingObject: ({ code }) => code === 'BlobNotFound',
  };
}

/** `RestError` of @azure/core-rest-pipeline, or an error of @azure/identity. */
interface AzureError extends Error {
  readonly code?: unknown;
  readonly statusCode?: unknown;
}

function read(thrown: AzureError): ServiceFailure {
  const { name, code, statusCode, message } = thrown;
  return {
    status: typeof statusCode === 'number' ? statusCode : undefined,
    code: typeof code === 'string' && code !== '' ? code : codeByName(name),
    // After the first line come the request's id and its time.
    message: message.split('\n')[0] ?? '',
  };
}

/** A download whose connection is cut is told to us as one that somebody aborted. */
function codeByName(name: string): string {
  if (name === 'AbortError') return 'ECONNRESET';
  return name === 'Error' ? '' : name;
}
