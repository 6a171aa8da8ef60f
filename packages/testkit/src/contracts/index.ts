export { applyTargetContract } from './apply-target.js';
export type { ApplyTargetExpectations } from './apply-target.js';
export { deadLettersContract } from './dead-letters.js';
export { stagingStoreContract } from './staging-store.js';
export { transactionSpillContract } from './transaction-spill.js';
export { bulkTargetContract } from './bulk-target.js';
export type { BulkTargetExpectations } from './bulk-target.js';
export {
  exportedRows,
  hasReached,
  mutationsOf,
  readToEnd,
  readUntil,
  StrictReplica,
  transactionsOf,
} from './change-streams.js';
export type { ReadTransaction, ShownMutation } from './change-streams.js';
export { catalogContract } from './catalog.js';
export { changeSourceContract } from './change-source.js';
export { postgresChanges } from './change-dialect.js';
export type { ChangeDialect, StreamOptions } from './change-dialect.js';
export type { ContractDatabase, OpenContractDatabase } from './contract-database.js';
export type { ContractClient, ContractDialect } from './contract-dialect.js';
export { mysqlDialect } from './mysql-dialect.js';
export { fileImporterContract } from './file-importer.js';
export type { FileImporterExpectations } from './file-importer.js';
export { objectStoreContract } from './object-store.js';
export type { ObjectStoreExpectations, OpenObjectStore } from './object-store.js';
export { rowHasherContract, sharedDigestContract } from './row-hasher.js';
export { rowVerifierContract } from './row-verifier.js';
export { mysqlKeyTypes } from './verifier-keys.js';
export { snapshotSourceContract } from './snapshot-source.js';
export { fetchStatusContract } from './fetch-status.js';
export type { ContractSql } from './contract-sql.js';
export { mysqlSql } from './mysql-sql.js';
