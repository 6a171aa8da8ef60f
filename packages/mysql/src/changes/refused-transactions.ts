import { TsmoltError } from '@tsmolt/core';
import type { SchemaEvent } from '@tsmolt/core';
import type { Gtid } from './progress.js';

export function rolledBack({ text }: Gtid): TsmoltError {
  return new TsmoltError('TSM5006', {
    message: `transaction ${text} was rolled back after changes of it were written to the binary log: it wrote to tables with transactions and to others`,
    advice:
      'Convert the tables of other engines to InnoDB (ALTER TABLE ... ENGINE=InnoDB), then run the data load again.',
  });
}

/** A statement in statement format that changed rows, or may have. */
interface Unread {
  readonly gtid: Gtid;
  /** Empty where it is not known. */
  readonly table: string;
  readonly statement: string;
  /** Why a statement of another database concerns this one. */
  readonly reason?: string;
}

/** The event that ends the stream unless a person has accepted it. */
export function statementFormat({ gtid, table, statement, reason }: Unread): SchemaEvent {
  const words = verbOf(statement.length > 200 ? `${statement.slice(0, 200)}...` : statement);
  const rows = `which says what was done and not to which rows${table === '' ? '' : ` of ${table}`}: ${words}`;
  return {
    kind: 'ddl',
    tables: [],
    statement: words,
    changesRows: {
      message: `transaction ${gtid.text} is in statement format, ${rows}${reason === undefined ? '' : ` (${reason})`}`,
      advice:
        'Set binlog_format=ROW on the source, in its configuration and for sessions that set it themselves, then run the ' +
        'data load again.',
    },
  };
}

/** Values in a statement may be nobody's business: its first words say enough. */
function verbOf(statement: string): string {
  return `${statement.split(/[\s(]+/, 4).join(' ')} ...`;
}

export function branchUnknown({ text }: Gtid, xid: string): TsmoltError {
  return new TsmoltError('TSM5006', {
    message: `transaction ${text} commits the XA transaction ${xid}, which was prepared before the position that replication started at`,
    advice: 'Run the data load again at a time when XA RECOVER on the source shows no prepared transaction.',
  });
}

export function branchesTooLarge(xid: string, limit: number): TsmoltError {
  return new TsmoltError('TSM5006', {
    message: `XA transactions that are not committed have more than ${limit} bytes of changes, the last of them ${xid}`,
    advice: 'Commit or roll back what XA RECOVER shows on the source, then start again.',
  });
}

export function cutOff({ text }: Gtid): TsmoltError {
  return new TsmoltError('TSM5006', {
    message: `transaction ${text} has no end in the binary log: the server stopped while it wrote it`,
    advice: 'Restart the source, so that it recovers its binary log, then run the data load again.',
  });
}

export function withoutGtid(): TsmoltError {
  return new TsmoltError('TSM5002', {
    message: 'the source writes transactions without GTIDs',
    advice: 'Set gtid_mode=ON and enforce_gtid_consistency=ON on the source, then run the data load again.',
  });
}
