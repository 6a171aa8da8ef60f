export type { SchemaDifference } from './constraint-differences.js';
export * from './options.js';
export * from './report.js';
export { verify } from './verify.js';
export { VerifyMetrics } from './verify-metrics.js';
