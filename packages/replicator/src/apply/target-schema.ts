import { nameFilter, TsmoltError } from '@tsmolt/core';
import type { Table } from '@tsmolt/core';
import type { StepContext } from './apply-steps.js';
import type { ReplicationOptions } from '../options.js';
import type { Prepared } from '../route/prepare.js';
import { tableOrder } from '../route/table-order.js';
import { TargetTables } from '../route/target-tables.js';

type SchemaOptions = Pick<
  ReplicationOptions,
  'target' | 'targetSchema' | 'schemaRefreshMs' | 'script' | 'logger'
>;

/** The target's tables as they were read last (`--schemaRefresh`). */
export class TargetSchema {
  readonly #options: SchemaOptions;
  #tables: TargetTables;
  #steps: StepContext;
  #print: string;
  #readAt = performance.now();

  private constructor(options: SchemaOptions, tables: readonly Table[]) {
    this.#options = options;
    this.#tables = new TargetTables(tables);
    this.#steps = { order: tableOrder(tables), tables: this.#tables, script: options.script, trusting: true };
    this.#print = JSON.stringify(tables.map(definition));
  }

  static async read(options: SchemaOptions): Promise<TargetSchema> {
    return new TargetSchema(options, await tablesOf(options));
  }

  get tables(): TargetTables {
    return this.#tables;
  }

  get steps(): StepContext {
    return this.#steps;
  }

  /** Prepares changes; where the target does not fit them, it may have been mended since it was read. */
  async prepared(work: (tables: TargetTables) => Promise<Prepared>): Promise<Prepared> {
    const first = await work(this.#tables);
    if (first.stop?.code !== 'TSM7005' || !(await this.refresh())) return first;
    return work(this.#tables);
  }

  async refreshWhenDue(): Promise<void> {
    const { schemaRefreshMs } = this.#options;
    if (schemaRefreshMs > 0 && performance.now() - this.#readAt >= schemaRefreshMs) await this.refresh();
  }

  /** @returns whether anything has changed */
  async refresh(): Promise<boolean> {
    const tables = await tablesOf(this.#options);
    this.#readAt = performance.now();
    const print = JSON.stringify(tables.map(definition));
    if (print === this.#print) return false;
    this.#options.logger.info('the schema of the target has changed; the new one is used from here on');
    this.#tables = new TargetTables(tables);
    this.#steps = {
      order: tableOrder(tables),
      tables: this.#tables,
      script: this.#options.script,
      trusting: true,
    };
    this.#print = print;
    return true;
  }
}

/** What decides how changes are written; statistics do not. */
function definition({ name, columns, primaryKey, uniqueKeys, foreignKeys }: Table): unknown {
  return { name, columns, primaryKey, uniqueKeys, foreignKeys };
}

async function tablesOf({ target, targetSchema }: SchemaOptions): Promise<readonly Table[]> {
  const tables = await target.catalog.tables(nameFilter({}));
  const chosen = tables.filter(({ name }) => name.schema === targetSchema);
  if (chosen.length > 0) return chosen;
  throw new TsmoltError('TSM7005', {
    message: `the target has no table in the schema ${targetSchema}`,
    advice: 'Check --targetSchema (database.schema) and the database in --targetConn.',
  });
}
