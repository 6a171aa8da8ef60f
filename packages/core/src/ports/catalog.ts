import type { Table } from '../schema.js';
import type { NameFilter } from '../filter.js';

/** What tables there are and what they look like, in logical types with the native type kept. */
export interface Catalog {
  /**
   * The tables that the filter lets through, ordered by schema and name.
   *
   * Left out: views, foreign tables, temporary tables, system schemas, partitions (their root stands for them), and
   * tsmolt's own tables. Tables that the user may not read are listed: leaving them out would lose them in silence.
   */
  tables(filter: NameFilter): Promise<Table[]>;
}
