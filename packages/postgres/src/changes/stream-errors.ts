import { DatabaseError } from 'pg';
import { TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl, ErrorCode } from '@tsmolt/core';
import { classify } from '@tsmolt/pgwire';

interface Known {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly advice: string;
}

const publicationFirst =
  'A slot knows only publications that are older than the changes it gives out: create the publication first, then the ' +
  'slot, and fetch again.';

/** What a walsender says, where the words mean something else than they do for a statement. */
const known: readonly Known[] = [
  {
    pattern: /replication slot ".*" is active for PID/,
    code: 'TSM2007',
    advice:
      'The server has not noticed yet that an earlier connection is gone: it is tried again. If it stays, another ' +
      'process reads the slot: stop it, or end its session with pg_terminate_backend.',
  },
  {
    pattern: /can no longer (?:get|access)|cannot (?:read from|access) .*slot|has been invalidated|WAL segment .* has already been removed/,
    code: 'TSM5005',
    advice:
      'Drop the slot, raise max_slot_wal_keep_size on the source so that it lives as long as an interruption may last, and ' +
      'fetch again.',
  },
  {
    pattern: /replication slot ".*" does not exist/,
    code: 'TSM5005',
    advice: 'The slot was dropped: changes are missing, and cannot be had any more. Fetch again with a new slot.',
  },
  {
    pattern: /publication ".*" does not exist/,
    code: 'TSM5002',
    advice: publicationFirst,
  },
  {
    pattern: /walsender|must be superuser or replication role|permission denied to (?:use replication slots|start WAL sender)/i,
    code: 'TSM3001',
    advice: 'ALTER ROLE ... REPLICATION on the source (on Amazon RDS: GRANT rds_replication TO ...).',
  },
  {
    pattern: /max_wal_senders|standby connections/i,
    code: 'TSM5002',
    advice: 'Raise max_wal_senders on the source, or end a replication that nobody needs.',
  },
]; // prettier-ignore

/** The error for what a session for replication threw. */
export function explainStream(thrown: unknown, url: ConnectionUrl, slot: string): TsmoltError {
  const subject = `replication slot ${slot}`;
  if (!(thrown instanceof DatabaseError)) return classify(thrown, url, subject);
  const words = [thrown.message, thrown.detail].filter((part) => part !== undefined).join('; ');
  const found = known.find(({ pattern }) => pattern.test(words));
  if (found === undefined) return classify(thrown, url, subject);
  return new TsmoltError(found.code, {
    message: `${subject}: ${url.host}: ${words}`,
    advice: found.advice,
    cause: thrown,
    ...(thrown.code === undefined ? {} : { serverCode: thrown.code }),
  });
}

/** The error for changes that the server left out, because the publication did not exist when they were made. */
export function youngPublication(words: string): TsmoltError {
  return new TsmoltError('TSM5002', {
    message: `changes are missing in the stream: ${words}`,
    advice: publicationFirst,
  });
}
