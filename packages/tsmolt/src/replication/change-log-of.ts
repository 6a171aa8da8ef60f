import { TsmoltError } from '@tsmolt/core';
import type { ChangeLog, Database } from '@tsmolt/core';

/**
 * The log of a source whose changes can be read.
 *
 * @param command the reference's name for a replication from such a source, where one was chosen
 * @throws TsmoltError `TSM1001` for a source of another kind
 */
export function changeLogOf({ changeLog, product }: Database, command?: string): ChangeLog {
  if (changeLog !== undefined && (command ?? changeLog.names.command) === changeLog.names.command) {
    return changeLog;
  }
  throw new TsmoltError('TSM1001', {
    message: `the source is ${product}, from which ${command === undefined ? 'tsmolt does not replicate' : `${command} does not replicate`}`,
    advice:
      changeLog === undefined
        ? 'Sources of a replication are PostgreSQL, MySQL and MariaDB.'
        : `Use tsmolt replicator ${changeLog.names.command}.`,
  });
}
