import type { ServiceErrors, ServiceFailure } from '../service-failure.js';

/** @param place `gs://bucket/path` */
export function gcsErrors(place: string): ServiceErrors {
  return {
    place,
    remedy:
      'Check that the bucket exists, and that the Application Default Credentials (GOOGLE_APPLICATION_CREDENTIALS) may read, write, list and delete in it.',
    read,
    // A bucket that does not exist is a 404 as well; only the sentence tells them apart.
    isMissingObject: ({ status, message }) => status === 404 && !/bucket does not exist/i.test(message),
  };
}

/** The library throws errors of its own, gaxios's and node-fetch's. */
interface GoogleError extends Error {
  readonly code?: unknown;
  readonly status?: unknown;
  readonly response?: { readonly status?: unknown; readonly data?: unknown };
}

function read(thrown: GoogleError): ServiceFailure {
  const status = [thrown.response?.status, thrown.status, thrown.code].map(Number).find(isStatus);
  return { status, code: codeOf(thrown), message: thrown.message };
}

function isStatus(value: number): boolean {
  return value >= 100 && value <= 599;
}

function codeOf({ code, message, name }: GoogleError): string {
  // An upload that was tried too often, or for too long, ends in an error without a code.
  if (/^Retry (total time )?limit exceeded/.test(message)) return 'ServiceUnavailable';
  if (/Could not load the default credentials/.test(message)) return 'CredentialUnavailableError';
  if (code === 'FILE_NO_UPLOAD' || code === 'FILE_NO_UPLOAD_DELETE') return 'InternalError';
  if (typeof code === 'string' && Number.isNaN(Number(code))) return code;
  return name === 'Error' ? '' : name;
}
