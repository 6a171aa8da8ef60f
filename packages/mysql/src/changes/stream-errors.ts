import { TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl, ErrorCode } from '@tsmolt/core';
import { classify, serverErrorNumber } from '../errors.js';
import { eventCodes } from './binlog-codes.js';

interface Words {
  readonly code: ErrorCode;
  readonly advice: string;
}

const gone: Words = {
  code: 'TSM5005',
  advice:
    'The changes between that position and the oldest one that the source has are lost: run the data load again, and ' +
    'keep the binary log for longer (binlog_expire_logs_seconds, on MariaDB expire_logs_days).',
};
const foreign: Words = {
  code: 'TSM7007',
  advice:
    'Check --sourceConn: the position belongs to another server, or to one that was restored from a backup since. Where ' +
    'the source is right, run the data load again.',
};
const sameId: Words = {
  code: 'TSM7003',
  advice:
    'Give each process and each replica of the source a number of its own with --replicationProcessID, and see that ' +
    'nobody else runs this replication.',
};

/** What a server says when it ends a stream. */
const byWords: readonly (readonly [RegExp, Words])[] = [
  [/same server_uuid|same server_id|zombie/i, sameId],
  [/more GTIDs than|diverged|alternate history/i, foreign],
  [/purged|not in the (master|source)'s binlog|Could not find GTID state|missing GTID|first log file/i, gone],
  [
    /max_allowed_packet/i,
    {
      code: 'TSM5006',
      advice:
        'Raise max_allowed_packet on the source (SET GLOBAL max_allowed_packet = 1073741824), then start again.',
    },
  ],
];

/** ER_SOURCE_FATAL_ERROR_READING_BINLOG; MariaDB has a number of its own for a second reader (ER_SLAVE_SAME_ID). */
const readingFailed: ReadonlySet<number> = new Set([1236, 4052]);
const accessDenied: ReadonlySet<number> = new Set([1227, 1045, 1142]);
/** Of a statement these are a person's wish; of a stream they are a connection that somebody ended. */
const ended: ReadonlySet<number> = new Set([1317, 1053, 1927, 3169, 1152]);

/** Turns what ended a stream into an error that says what to do. */
export function streamError(thrown: unknown, url: ConnectionUrl): TsmoltError {
  if (thrown instanceof TsmoltError) return thrown;
  const subject = 'reading the binary log';
  const number = serverErrorNumber(thrown);
  const words = thrown instanceof Error ? thrown.message : String(thrown);
  const raise = ({ code, advice }: Words): TsmoltError =>
    new TsmoltError(code, {
      message: `${subject}: ${url.host}: ${words}`,
      advice,
      cause: thrown,
      ...(number === undefined ? {} : { serverCode: String(number) }),
    });
  if (number !== undefined && readingFailed.has(number)) {
    const known = byWords.find(([pattern]) => pattern.test(words))?.[1];
    return raise(known ?? { code: 'TSM5006', advice: "Read the server's own words above; they name a file and a place in its binary log." }); // prettier-ignore
  }
  if (number !== undefined && accessDenied.has(number)) return raise(slaveMissing);
  if (number !== undefined && ended.has(number)) return raise(lostWords);
  return classify(thrown, url, subject);
}

const slaveMissing: Words = {
  code: 'TSM3001',
  advice: 'GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* to the migration user.',
};
const lostWords: Words = {
  code: 'TSM2007',
  advice: 'Check the network and the server, then run again.',
};

export function connectionLost(url: ConnectionUrl, words: string): TsmoltError {
  return new TsmoltError('TSM2007', {
    message: `reading the binary log: ${url.host}: ${words}`,
    advice: lostWords.advice,
  });
}

interface Refusal {
  readonly fault: string;
  readonly advice: string;
}

const loadAgain = 'then run the data load again';

/** Events that hold changes in a form that cannot be read. */
const refusals = new Map<number, Refusal>([
  [
    eventCodes.transactionPayload,
    {
      fault: 'is compressed (binlog_transaction_compression=ON)',
      advice: `Set binlog_transaction_compression=OFF on the source, in its configuration and for sessions that set it themselves, ${loadAgain}.`,
    },
  ],
  [
    eventCodes.partialUpdateRows,
    {
      fault: 'has parts of JSON documents in place of documents (binlog_row_value_options=PARTIAL_JSON)',
      advice: `Set binlog_row_value_options='' on the source, in its configuration and for sessions that set it themselves, ${loadAgain}.`,
    },
  ],
  [
    eventCodes.incident,
    {
      fault: 'may be missing: the source says itself that its binary log has a gap (an incident event)',
      advice: `See the error log of the source, ${loadAgain}.`,
    },
  ],
  [
    eventCodes.beginLoadQuery,
    {
      fault: 'is a LOAD DATA in statement format',
      advice: `Set binlog_format=ROW on the source, ${loadAgain}.`,
    },
  ],
  [
    eventCodes.executeLoadQuery,
    {
      fault: 'is a LOAD DATA in statement format',
      advice: `Set binlog_format=ROW on the source, ${loadAgain}.`,
    },
  ],
  [
    eventCodes.anonymousGtid,
    {
      fault: 'has no GTID (gtid_mode was not ON when it was written)',
      advice: `Set gtid_mode=ON and enforce_gtid_consistency=ON on the source, ${loadAgain}.`,
    },
  ],
]);

/** The error for an event that cannot be read; undefined for one that can. @param code undefined for one that is unknown */
export function refusedEvent(code: number | undefined, gtid: string | undefined): TsmoltError | undefined {
  const refusal =
    code === undefined
      ? {
          fault: 'has an event that tsmolt does not know',
          advice: 'Please report this with the version of the source.',
        }
      : refusals.get(code);
  if (refusal === undefined) return undefined;
  const subject = gtid === undefined ? 'a transaction' : `transaction ${gtid}`;
  return new TsmoltError('TSM5006', { message: `${subject} ${refusal.fault}`, advice: refusal.advice });
}
