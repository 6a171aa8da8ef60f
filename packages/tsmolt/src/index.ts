export { errorCatalogue, TsmoltError } from '@tsmolt/core';
export type { ErrorCode, ErrorKind, Logger, TableName } from '@tsmolt/core';
export { FetchMetrics } from '@tsmolt/fetch';
export type { ChecksumReport, FetchEvent, FetchReport, TableHandling, TableReport } from '@tsmolt/fetch';
export { fetch } from './fetch.js';
export type { ContinuationRequest, FetchRequest, StorageRequest } from './fetch-request.js';
export { listTokens } from './tokens.js';
export type { TokensRequest } from './tokens.js';
