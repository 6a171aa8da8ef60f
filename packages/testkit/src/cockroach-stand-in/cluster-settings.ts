/** Cluster settings, for as long as a stand-in lives. Values as SHOW CLUSTER SETTING prints them. */
export class ClusterSettings {
  readonly #values = new Map([
    ['version', '25.4'],
    ['kv.rangefeed.enabled', 'f'],
    ['kv.raft.command.max_size', '64 MiB'],
    ['bulkio.import.row_count_validation.mode', 'off'],
    ['sql.defaults.results_buffer.size', '512 KiB'],
    ['jobs.retention_time', '336:00:00'],
    ['changefeed.protect_timestamp.max_age', '96:00:00'],
    ['kv.rangefeed.closed_timestamp_refresh_interval', '00:00:03'],
    ['kv.closed_timestamp.target_duration', '00:00:03'],
    ['kv.rangefeed.concurrent_catchup_iterators', '64'],
    ['feature.import.enabled', 't'],
    ['feature.changefeed.enabled', 't'],
  ]);
  readonly #defaults = new Map(this.#values);

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** Any name is taken: the list above is far from whole. */
  set(name: string, value: string): void {
    this.#values.set(name, printed(value));
  }

  reset(name: string): void {
    const initial = this.#defaults.get(name);
    if (initial === undefined) this.#values.delete(name);
    else this.#values.set(name, initial);
  }
}

function printed(value: string): string {
  if (/^(?:true|on|t)$/i.test(value)) return 't';
  return /^(?:false|off|f)$/i.test(value) ? 'f' : value;
}
