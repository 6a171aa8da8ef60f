/**
 * When a fault strikes: instead of a statement, at COMMIT, when a COPY's data are all sent, or when a job has loaded all its
 * rows and committed none. With `outcome: 'kept'` and `disconnect`, a job is accepted and the client never hears its number.
 */
export type FaultPoint = 'statement' | 'commit' | 'copy-done' | 'job';

export interface Fault {
  /** Tried on the statement as the client sent it; at `copy-done` on the COPY statement; at `job` on the job's description. */
  readonly match: RegExp;
  readonly sqlstate?: string;
  readonly message?: string;
  /** How many matching statements fail; 1 unless told otherwise. */
  readonly times?: number;
  readonly at?: FaultPoint;
  /**
   * `undone` (the default): the work did not happen. `kept`: it did, and only the client is told otherwise, as with
   * 40003 (result is ambiguous) or with a COPY that commits batch by batch.
   */
  readonly outcome?: 'undone' | 'kept';
  /** The connection breaks; no error is told. */
  readonly disconnect?: boolean;
}
