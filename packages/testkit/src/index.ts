export { createEdgeTable, edgeTypes } from './data/edge-values.js';
export type { EdgeTable } from './data/edge-values.js';
export type { EdgeType } from './data/edge-values/edge-type.js';
export type { FilledTable } from './data/fill.js';
export { createHugeRows } from './data/huge-rows.js';
export type { HugeRowsOptions } from './data/huge-rows.js';
export { mysqlEdgeTypes } from './data/mysql-edge-values.js';
export type { MysqlEdgeType, MysqlEdgeValue } from './data/mysql-edge-values/mysql-edge-type.js';
export { createNarrow } from './data/narrow.js';
export type { OneTableOptions } from './data/one-table.js';
export { seededRandom } from './data/random.js';
export type { SeededRandom } from './data/random.js';
export { createShop } from './data/shop.js';
export type { ShopOptions } from './data/shop.js';
export { createTextHeavy } from './data/text-heavy.js';
export { createWide } from './data/wide.js';
export type { Fault, FaultPoint } from './cockroach-stand-in/fault.js';
export type { Faults } from './cockroach-stand-in/faults.js';
export { RandomConflicts } from './cockroach-stand-in/random-conflicts.js';
export type { ConflictRates } from './cockroach-stand-in/random-conflicts.js';
export { startFileServer } from './cockroach-stand-in/file-server.js';
export type { FileServer } from './cockroach-stand-in/file-server.js';
export type { JobHold } from './cockroach-stand-in/holds.js';
export { startCockroachStandIn } from './cockroach-stand-in/stand-in.js';
export type { CockroachStandIn, CockroachStandInOptions } from './cockroach-stand-in/stand-in.js';
export { runMysql } from './mysql-client.js';
export { azuriteAccount, startAzurite } from './servers/azurite.js';
export { createDatabase } from './servers/create-database.js';
export type { TestDatabase } from './servers/create-database.js';
export { startGcsStandIn } from './servers/gcs-stand-in/stand-in.js';
export type { GcsStandIn, GcsStandInOptions } from './servers/gcs-stand-in/stand-in.js';
export { s3Error, startHttpFaults } from './servers/http-faults.js';
export type { HttpFault, HttpFaultAnswer, HttpFaults, SeenRequest } from './servers/http-faults.js';
export { startMariadb } from './servers/mariadb.js';
export { startMysql } from './servers/mysql.js';
export { embeddedVersions } from './servers/postgres-programs.js';
export type { EmbeddedVersion } from './servers/postgres-programs.js';
export { startStandby } from './servers/postgres-standby.js';
export { missingPostgres, startPostgres, startPostgres15, startPostgres18 } from './servers/postgres.js';
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
export { connectSql, runSql } from './sql-client.js';
