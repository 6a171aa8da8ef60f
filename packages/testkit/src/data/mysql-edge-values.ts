import type { MysqlEdgeType } from './mysql-edge-values/mysql-edge-type.js';
import { mysqlNumberTypes } from './mysql-edge-values/numbers.js';
import { mysqlStringTypes } from './mysql-edge-values/strings.js';
import { mysqlDocumentTypes, mysqlTimeTypes } from './mysql-edge-values/times-and-documents.js';

/** The types of MySQL and MariaDB whose values exist in PostgreSQL, with the values at their edges. */
export const mysqlEdgeTypes: readonly MysqlEdgeType[] = [
  ...mysqlNumberTypes,
  ...mysqlStringTypes,
  ...mysqlTimeTypes,
  ...mysqlDocumentTypes,
];
