import type { ChangeSource } from '@tsmolt/core';
import type { AcceptedAlterations } from './route/accepted-alterations.js';
import type { BatchWriter } from './apply/batch-writer.js';
import type { ReplicationOptions } from './options.js';
import type { Progress } from './progress.js';
import type { RememberedShapes } from './read/remembered-shapes.js';
import type { SourceWatch } from './read/source-watch.js';
import type { StatusMemo } from './status-memo.js';
import type { TargetSchema } from './apply/target-schema.js';
import type { Waiting } from './waiting/waiting.js';

/** What one connection to the source works with. */
export interface Stream {
  readonly options: ReplicationOptions;
  readonly source: ChangeSource;
  readonly writer: BatchWriter;
  readonly progress: Progress;
  readonly schema: TargetSchema;
  readonly waiting: Waiting;
  readonly watch: SourceWatch;
  readonly status: StatusMemo;
  readonly accepted: AcceptedAlterations;
  readonly shapes: RememberedShapes;
  /** Where it ends, or undefined for never. */
  readonly until: string | undefined;
  /** How many connections in a row have ended by a failure before this one, without anything written. */
  readonly failures: number;
}

/** Whether everything up to `until` lies before the position. */
export function hasReached(source: Pick<ChangeSource, 'compare'>, position: string, until: string): boolean {
  const order = source.compare(position, until);
  return order === 0 || order === 1;
}
