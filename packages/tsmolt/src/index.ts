export { errorCatalogue, TsmoltError } from '@tsmolt/core';
export type { ErrorCode, ErrorKind, Logger, TableName } from '@tsmolt/core';
export { FetchMetrics } from '@tsmolt/fetch';
export type { ChecksumReport, FetchEvent, FetchReport, TableHandling, TableReport } from '@tsmolt/fetch';
export { fetch } from './fetch.js';
export type { ContinuationRequest, FetchRequest, StorageRequest } from './fetch-request.js';
export { ReplicationMetrics, ReplicationState } from '@tsmolt/replicator';
export type { Positions, ReplicationResult, StreamStatus } from '@tsmolt/replicator';
export { listDeadLetters, retryLetter, showDeadLetter, skipLetter } from './replication/dead-letters.js';
export type { DeadLetterRequest } from './replication/dead-letters.js';
export { replicate } from './replication/replicate.js';
export type { ReplicateRequest, ReplicationTuning, StagingRequest } from './replication/replicate-request.js';
export { replicationStatus } from './replication/status.js';
export type { ReplicationStatus, StatusRequest } from './replication/status.js';
export { listTokens } from './tokens.js';
export type { TokensRequest } from './tokens.js';
export { VerifyMetrics } from '@tsmolt/verify';
export type {
  AppliedRepairs,
  DifferentColumn,
  DifferentRow,
  RepairOptions,
  RepairReport,
  Replication,
  RowCounts,
  TableResult,
  Unrepairable,
  Verdict,
  VerifyReport,
} from '@tsmolt/verify';
export { verify } from './verify.js';
export type { VerifyRequest } from './verify.js';
