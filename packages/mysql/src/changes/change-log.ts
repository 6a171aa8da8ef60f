import { GtidSet, MariadbGtid } from '@tsmolt/core';
import type { ChangeLog } from '@tsmolt/core';
import type { MysqlServer } from '../connect/mysql-server.js';
import type { MysqlSessionPool } from '../connect/session-pool.js';
import { readPosition } from '../position.js';

/** The binary log, by GTID. */
export function changeLog(server: MysqlServer, pool: MysqlSessionPool): ChangeLog {
  return {
    names: {
      command: 'mylogical',
      memoPrefix: 'mysql-wal-offset-',
      progressMessage: 'progressed to consistent point:',
    },
    currentPosition: () =>
      pool.use('reading the position of the binary log', (session) => readPosition(session, server)),
    compare: (left, right) =>
      server.flavour === 'mariadb'
        ? MariadbGtid.parse(left).compare(MariadbGtid.parse(right))
        : GtidSet.parse(left).compare(GtidSet.parse(right)),
  };
}
