export { bulkTargetContract } from './bulk-target.js';
export type { BulkTargetExpectations } from './bulk-target.js';
export { catalogContract } from './catalog.js';
export type { ContractDatabase, OpenContractDatabase } from './contract-database.js';
export { objectStoreContract } from './object-store.js';
export type { OpenObjectStore } from './object-store.js';
export { rowHasherContract, sharedDigestContract } from './row-hasher.js';
export { snapshotSourceContract } from './snapshot-source.js';
