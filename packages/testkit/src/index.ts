export { createDatabase } from './servers/create-database.js';
export type { TestDatabase } from './servers/create-database.js';
export { startMariadb } from './servers/mariadb.js';
export { startMysql } from './servers/mysql.js';
export { startPostgres15, startPostgres18 } from './servers/postgres.js';
export type { PostgresOptions } from './servers/postgres.js';
export type {
  RunningServer,
  ServerAddress,
  ServerOptions,
  ServerProduct,
  ServerSettings,
} from './servers/running-server.js';
export { s3Credentials, startS3 } from './servers/s3.js';
export type { S3Options } from './servers/s3.js';
export { sharedServer } from './servers/shared-server.js';
export type { SharedServerName } from './servers/shared-servers.js';
export { startTcpProxy } from './servers/tcp-proxy.js';
export type { TcpProxy } from './servers/tcp-proxy.js';
export { createTlsFiles } from './servers/tls-files.js';
export type { TlsFiles } from './servers/tls-files.js';
