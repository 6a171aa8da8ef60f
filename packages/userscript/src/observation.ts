/** What happened in one crossing, for the metrics `script_*` of MOLT Replicator. */
export interface Observation {
  readonly schema: string;
  /** `*` for the handlers of a schema. */
  readonly table: string;
  readonly function: 'onRowUpsert' | 'onRowDelete' | 'onWrite';
  /** `script_invocations_total`. */
  readonly invocations: number;
  /** `script_rows_processed_total`. */
  readonly processed: number;
  /** `script_rows_filtered_total`. */
  readonly filtered: number;
  /** `script_errors_total`. */
  readonly errors: number;
  /** The time of all these invocations together (`script_exec_time_seconds`). */
  readonly seconds: number;
  /** How long the rows waited for the script to be free (`script_entry_wait_seconds`). */
  readonly waitSeconds: number;
}

export type Observer = (observation: Observation) => void;
