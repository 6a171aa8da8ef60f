export * from './config/readers.js';
export { MemoryFetchStatus } from './continuation/memory-status.js';
export * from './dry-run.js';
export * from './events.js';
export * from './fetch.js';
export * from './fetch-metrics.js';
export * from './options.js';
export * from './report.js';
