import type { ChangeLog } from '@tsmolt/core';
import type { SessionPool } from '@tsmolt/pgwire';
import { markedEnd } from './log-end.js';
import { positionNumber } from './log-position.js';

/** The write-ahead log. */
export function changeLog(pool: SessionPool): ChangeLog {
  return {
    names: {
      command: 'pglogical',
      memoPrefix: 'pglogical-wal-offset-',
      progressMessage: 'progressed to LSN:',
    },
    currentPosition: () => markedEnd(pool),
    compare: (left, right) => {
      const [a, b] = [positionNumber(left), positionNumber(right)];
      if (a === b) return 0;
      return a < b ? -1 : 1;
    },
  };
}
