import type { TableName, UnrepresentablePolicy } from '@tsmolt/core';
import type { Flavour } from '../connect/mysql-server.js';
import type { SourceTable } from './source-tables.js';
import type { CharacterSets } from './values/character-sets.js';

/** What decides how the row images of a table are read, beside the images themselves. */
export interface ShapeContext {
  readonly name: TableName;
  /** What the catalog says now; undefined where the table is no longer there. */
  readonly source: SourceTable | undefined;
  readonly flavour: Flavour;
  readonly characterSets: Pick<CharacterSets, 'ofCollation' | 'decoder'>;
  readonly unrepresentable: UnrepresentablePolicy;
  /** Hears of each value that the policy has replaced. */
  readonly onReplaced: ((table: TableName, column: string) => void) | undefined;
  /** Names of columns may be taken from the catalog (`--fetchMetadata`). */
  readonly fetchMetadata: boolean;
}
