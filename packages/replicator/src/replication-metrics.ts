import { Counter, Gauge, Histogram, Registry } from '@tsmolt/core';
import type { SchemaEvent, TableName } from '@tsmolt/core';
import type { TableOutcome } from './apply/apply-steps.js';
import type { ScriptObservation } from './script.js';

/** Seconds, from what a local target takes to what an operator should hear of. */
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** A handler takes microseconds for most rows. */
const callSeconds = [0.000_001, 0.000_01, 0.000_1, ...seconds];
const scriptLabels = ['schema', 'table', 'function'];

/** What a replication is doing, for Prometheus, under the names of the manual ("MOLT Replicator Metrics"). */
export class ReplicationMetrics {
  readonly registry = new Registry();
  readonly #source: string;
  readonly #registers = [this.registry];
  readonly #tableLabels = ['schema', 'table'];

  readonly #dials: { readonly success: Counter; readonly failure: Counter };
  readonly #mutations = this.#counter('mutation_total', 'Changes that were read, by source and kind.', [
    'source',
    'mutation',
  ]);
  readonly #upserts = this.#counter('apply_upserts_total', 'Rows written to the target.', this.#tableLabels);
  readonly #deletes = this.#counter('apply_deletes_total', 'Rows deleted on the target.', this.#tableLabels);
  readonly #errors = this.#counter('apply_errors_total', 'Transactions of the target that failed.', []);
  readonly #conflicts = this.#counter(
    'apply_conflicts_total',
    'Batches that the target refused as a whole.',
    [],
  );
  readonly #deferred = this.#counter(
    'stage_mutations_total',
    'Changes that were put into staging to wait.',
    this.#tableLabels,
  );
  readonly #replaced = this.#counter(
    'replicator_replaced_values_total',
    'Values that no target can hold, replaced as they were read.',
    this.#tableLabels,
  );
  readonly #passed = this.#counter(
    'replicator_passed_events_total',
    'TRUNCATE and DDL that were passed over by policy.',
    ['event'],
  );
  readonly #applyDuration = this.#histogram(
    'apply_duration_seconds',
    'Time to write the rows of a table.',
    this.#tableLabels,
  );
  readonly #mutationAge = this.#histogram(
    'target_apply_mutation_age_seconds',
    'Time from commit on the source to commit on the target.',
    [],
  );
  readonly #checkpointDuration = this.#histogram(
    'checkpoint_commit_duration_seconds',
    'Time of a transaction of the target with its checkpoint.',
    [],
  );
  readonly #sourceLag = this.#gauge(
    'core_source_lag_seconds',
    'Age of the latest commit that was read, when it was read.',
  );
  readonly #commitToApply = this.#gauge(
    'source_commit_to_apply_lag_seconds',
    'Time from commit on the source to commit on the target, last.',
  );
  readonly #transactionLag = this.#gauge(
    'target_apply_transaction_lag_seconds',
    'Age of the transaction that was applied last.',
  );
  readonly #appliedTimestamp = this.#gauge(
    'target_applied_timestamp_seconds',
    'Commit time of what was applied last.',
  );
  readonly #pendingTimestamp = this.#gauge(
    'target_pending_timestamp_seconds',
    'Commit time of what was read last.',
  );
  readonly #queueSize = this.#gauge('target_apply_queue_size', 'Changes that wait for the target.');
  readonly #queueUse = this.#gauge(
    'target_apply_queue_utilization_percent',
    'Share of the queue that is taken.',
  );
  readonly #retained = this.#gauge(
    'replicator_source_retained_bytes',
    'Log that the source keeps for this stream.',
  );
  readonly #waiting = this.#gauge('replicator_waiting_mutations', 'Changes that wait in staging.');

  readonly #leftOut = this.#gauge(
    'replicator_tables_left_out',
    'Tables that are left out because nothing identifies their rows.',
  );

  readonly #leftOutChanges = this.#counter(
    'replicator_left_out_changes_total',
    'Changed rows of tables that are left out because nothing identifies them.',
    this.#tableLabels,
  );

  readonly #script = {
    invocations: this.#counter(
      'script_invocations_total',
      'Calls of handlers of the userscript.',
      scriptLabels,
    ),
    processed: this.#counter(
      'script_rows_processed_total',
      'Rows that passed through the userscript.',
      scriptLabels,
    ),
    filtered: this.#counter('script_rows_filtered_total', 'Rows that the userscript left out.', scriptLabels),
    errors: this.#counter('script_errors_total', 'Errors of the userscript.', scriptLabels),
    execTime: this.#histogram(
      'script_exec_time_seconds',
      'Time of a call of a handler, on average over the rows that crossed together.',
      scriptLabels,
      callSeconds,
    ),
    entryWait: this.#histogram(
      'script_entry_wait_seconds',
      'Time until the userscript was free for the rows that crossed together.',
      scriptLabels,
      callSeconds,
    ),
  };

  /** @param command `pglogical` or `mylogical`: how the source's metrics are named */
  constructor(command: string) {
    this.#source = command;
    this.#dials = {
      success: this.#counter(`${command}_dial_success_total`, 'Times that replication was started.', []),
      failure: this.#counter(
        `${command}_dial_failure_total`,
        'Times that replication could not be started.',
        [],
      ),
    };
  }

  dialed(success: boolean): void {
    (success ? this.#dials.success : this.#dials.failure).inc();
  }

  received(kind: string, count: number): void {
    this.#mutations.inc({ source: this.#source, mutation: kind }, count);
  }

  /** @param committedAt milliseconds, by the source's clock */
  read(committedAt: number): void {
    this.#pendingTimestamp.set(committedAt / 1000);
    this.#sourceLag.set(Math.max(0, Date.now() - committedAt) / 1000);
  }

  wrote({ table: { name }, upserted, deleted, durationMs }: TableOutcome): void {
    const labels = { schema: name.schema, table: name.table };
    if (upserted > 0) this.#upserts.inc(labels, upserted);
    if (deleted > 0) this.#deletes.inc(labels, deleted);
    this.#applyDuration.observe(labels, durationMs / 1000);
  }

  deferred(schema: string, table: string): void {
    this.#deferred.inc({ schema, table });
  }

  applied(committedAt: number, durationMs: number): void {
    const age = Math.max(0, Date.now() - committedAt) / 1000;
    this.#appliedTimestamp.set(committedAt / 1000);
    this.#commitToApply.set(age);
    this.#transactionLag.set(age);
    this.#mutationAge.observe(age);
    this.#checkpointDuration.observe(durationMs / 1000);
  }

  queue(rows: number, percent: number): void {
    this.#queueSize.set(rows);
    this.#queueUse.set(percent);
  }

  retained(bytes: number): void {
    this.#retained.set(bytes);
  }

  waiting(changes: number): void {
    this.#waiting.set(changes);
  }

  replaced({ schema, table }: TableName): void {
    this.#replaced.inc({ schema, table });
  }

  leftOut(tables: number): void {
    this.#leftOut.set(tables);
  }

  leftOutChange({ schema, table }: TableName): void {
    this.#leftOutChanges.inc({ schema, table });
  }

  conflict(): void {
    this.#conflicts.inc();
  }

  failed(): void {
    this.#errors.inc();
  }

  passedEvent(event: SchemaEvent['kind']): void {
    this.#passed.inc({ event });
  }

  script({ schema, table, function: handler, ...done }: ScriptObservation): void {
    const labels = { schema, table, function: handler };
    this.#script.invocations.inc(labels, done.invocations);
    this.#script.processed.inc(labels, done.processed);
    this.#script.filtered.inc(labels, done.filtered);
    this.#script.errors.inc(labels, done.errors);
    if (done.invocations === 0) return;
    this.#script.execTime.observe(labels, done.seconds / done.invocations);
    this.#script.entryWait.observe(labels, done.waitSeconds);
  }

  #counter(name: string, help: string, labelNames: readonly string[]): Counter {
    return new Counter({ name, help, labelNames: [...labelNames], registers: this.#registers });
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: this.#registers });
  }

  #histogram(name: string, help: string, labelNames: readonly string[], buckets = seconds): Histogram {
    return new Histogram({
      name,
      help,
      labelNames: [...labelNames],
      buckets: [...buckets],
      registers: this.#registers,
    });
  }
}
