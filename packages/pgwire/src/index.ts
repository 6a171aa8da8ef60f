export * from './connect.js';
export * from './copy.js';
export * from './errors.js';
export * from './rows-digest.js';
export * from './session-pool.js';
export * from './sql.js';
export { sslModes } from './tls.js';
export type { SslMode } from './tls.js';
