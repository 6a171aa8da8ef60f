import { asTsmoltError, TsmoltError } from '@tsmolt/core';

/** What an SDK's error says, whichever SDK it is. */
export interface ServiceFailure {
  /** Of the HTTP answer; undefined where there was none. */
  readonly status: number | undefined;
  /** The service's own code (`SlowDown`), or the system's (`ECONNRESET`). */
  readonly code: string;
  readonly message: string;
}

/** How the errors of one service are told apart. */
export interface ServiceErrors {
  /** `s3://bucket/path` */
  readonly place: string;
  /** What to check when the service refuses. */
  readonly remedy: string;
  readonly read: (thrown: Error) => ServiceFailure;
  /** The object, and not its bucket, is what does not exist. */
  readonly isMissingObject: (failure: ServiceFailure) => boolean;
}

const passing = new Set([
  ...['ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ESOCKETTIMEDOUT', 'ENOTFOUND'],
  ...['EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_HTTP_REQUEST_TIMEOUT'],
  // S3
  ...['SlowDown', 'RequestTimeout', 'TimeoutError', 'InternalError', 'ServiceUnavailable'],
  // Two writers of one key, or a commit whose answer was lost: another put puts it right.
  ...['NoSuchUpload', 'InvalidBlockList', 'OperationAborted', 'ConditionalRequestConflict'],
  // @azure/core-rest-pipeline
  'REQUEST_SEND_ERROR',
]);

const withoutCredentials = new Set([
  ...['CredentialsProviderError', 'TokenProviderError'],
  ...['CredentialUnavailableError', 'AuthenticationError', 'AggregateAuthenticationError'],
]);

const certificate = /^(CERT_|ERR_TLS_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/;

/** Classifies what an SDK threw, after the SDK has retried what it could. */
export function explainFailure(thrown: unknown, errors: ServiceErrors, key?: string): TsmoltError {
  if (thrown instanceof TsmoltError || !(thrown instanceof Error)) return asTsmoltError(thrown);
  const failure = errors.read(thrown);
  const cause = bare(thrown, failure);
  if (key !== undefined && errors.isMissingObject(failure)) {
    return new TsmoltError('TSM6002', {
      message: `there is no ${key} in ${errors.place}`,
      advice: 'Somebody removed it, or it was never written: run the export again.',
      cause,
      serverCode: failure.code,
    });
  }
  const said = `${label(failure)}: ${oneLine(failure.message)}`;
  const serverCode = failure.code;
  if (certificate.test(failure.code)) {
    const advice = 'Give Node.js the authority that signed it, with NODE_EXTRA_CA_CERTS.';
    const message = `the certificate of ${errors.place} cannot be verified (${said})`;
    return new TsmoltError('TSM2005', { message, advice, cause, serverCode });
  }
  if (mayPass(failure)) {
    const advice = 'The service failed again and again: look at its status and at the network, then go on.';
    const message = `${errors.place} is not available (${said})`;
    return new TsmoltError('TSM6003', { message, advice, cause, serverCode });
  }
  if (failure.status !== undefined || withoutCredentials.has(failure.code)) {
    const message = `${errors.place} cannot be used (${said})`;
    return new TsmoltError('TSM6001', { message, advice: errors.remedy, cause, serverCode });
  }
  return asTsmoltError(cause);
}

function mayPass({ status, code }: ServiceFailure): boolean {
  if (passing.has(code)) return true;
  return status !== undefined && (status === 408 || status === 429 || (status >= 500 && status !== 501));
}

function label({ status, code }: ServiceFailure): string {
  return [status === undefined ? '' : `HTTP ${status}`, code].filter((part) => part !== '').join(' ');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
}

/** An SDK's error carries the request with its signature or token; what is logged must not. */
function bare(thrown: Error, { code, message }: ServiceFailure): Error {
  const copy = new Error(oneLine(message));
  copy.name = thrown.name;
  copy.stack = `${thrown.name}: ${copy.message}\n${(thrown.stack ?? '').split('\n').filter(isFrame).join('\n')}`;
  return Object.assign(copy, { code });
}

function isFrame(line: string): boolean {
  return /^\s+at /.test(line);
}
