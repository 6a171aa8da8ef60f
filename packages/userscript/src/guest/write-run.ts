import type { AnswerText, CallText, CellsText, DoneText, ValuesText, WriteText } from '../wire/messages.js';
import { deleteCode } from '../wire/messages.js';
import { describeThrown, refusedByHost } from './failure.js';
import { defineProperty, getOwnPropertyDescriptor, tell } from './host.js';
import { tableHandlers } from './registry.js';
import { defineRelations, relationOf } from './relation.js';
import type { Relation, Row } from './relation.js';

/** `RowOp` of `replicator@v2`, of which a script may have made anything. */
export interface RowOp {
  action?: unknown;
  data?: unknown;
  before?: Row;
  meta?: unknown;
  pk?: unknown;
}

/** What a row operation was when the script got it. */
export interface Handed {
  readonly index: number;
  readonly relation: Relation;
  readonly values: ValuesText;
  readonly action: 'upsert' | 'delete';
  readonly data: Row | undefined;
}

/** One run of `onWrite`. There is only one at a time: `getTX()` could not tell two apart. */
export interface Run {
  readonly text: WriteText;
  readonly handed: Map<object, Handed>;
  readonly heeds: Heed[];
}

/** Whether anybody looks at what becomes of a call. */
interface Heed {
  readonly call: number;
  given: boolean;
}

/**
 * The promise of a call, which knows whether somebody waits for its failure. One that nobody waits for would end a run
 * as if all were well: the host has to be told.
 */
class Answer extends Promise<unknown> {
  heed: Heed | undefined;
}

type Settle = ((value: unknown) => unknown) | null | undefined;
type Then = (this: Answer, onFulfilled: Settle, onRejected: Settle) => Answer;

// `await` asks a promise of another class than Promise through its `then`.
const nativeThen = getOwnPropertyDescriptor(Promise.prototype, 'then')?.value as Then;
const heedfulThen: Then = function (onFulfilled, onRejected) {
  const next = nativeThen.call(this, onFulfilled, onRejected);
  if (typeof onRejected !== 'function') next.heed = this.heed;
  else if (this.heed !== undefined) this.heed.given = true;
  return next;
};
void defineProperty(Answer.prototype, 'then', { value: heedfulThen });

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  /** Where the script asked: when the answer comes, its stack is another one. */
  readonly place: string;
}

let current: Run | undefined;
let calls = 0;
const pending = new Map<number, Pending>();

/** Calls `onWrite`. How it ends is told to the host. */
export function beginWrite(text: WriteText): void {
  defineRelations(text.relations);
  const run: Run = { text, handed: new Map(), heeds: [] };
  current = run;
  const finish = (done: Pick<DoneText, 'failed'>): void => {
    if (current !== run) return;
    current = undefined;
    tell('done', { ...done, unheeded: run.heeds.filter(({ given }) => !given).map(({ call }) => call) });
  };
  const start = async (): Promise<unknown> => tableHandlers(text.handler).onWrite?.(rowOps(run));
  start().then(
    () => finish({}),
    (thrown: unknown) => finish({ failed: describeThrown(thrown) }),
  );
}

/** Forgets a run that nothing can bring to its end. */
export function abandonWrite(): void {
  current = undefined;
  pending.clear();
}

/** Settles the promise of a call. */
export function answerCall(answer: AnswerText): void {
  const waiting = pending.get(answer.id);
  pending.delete(answer.id);
  if (waiting === undefined) return;
  if ('refused' in answer) waiting.reject(refusedByHost(answer.id, answer.refused, waiting.place));
  else waiting.resolve(answer.value);
}

/** @throws Error outside of `onWrite` */
export function runningWrite(what: string): Run {
  if (current === undefined) throw new Error(`${what} can only be used within onWrite`);
  return current;
}

/** Asks the host for something that takes time. */
export function ask(run: Run, call: (id: number) => CallText): Promise<unknown> {
  if (current !== run) throw new Error('the transaction of this onWrite is over');
  const id = ++calls;
  const message = call(id);
  const heed: Heed = { call: id, given: false };
  run.heeds.push(heed);
  const answer = new Answer((resolve, reject) => {
    pending.set(id, { resolve, reject, place: new Error().stack ?? '' });
  });
  answer.heed = heed;
  tell('call', message);
  return answer;
}

function rowOps(run: Run): RowOp[] {
  return run.text.rows.map((cells, index) => {
    const [id, code, ...values] = cells;
    const relation = relationOf(id);
    const action = code === deleteCode ? 'delete' : 'upsert';
    const data = action === 'upsert' ? builtRow(relation, values) : undefined;
    const before = run.text.before[index] ?? null;
    const op: RowOp = {
      action,
      ...(data === undefined ? {} : { data }),
      ...(before === null ? {} : { before: rowBefore(before) }),
      meta: relation.meta,
      pk: relation.keyOf(values),
    };
    run.handed.set(op, { index, relation, values, action, data });
    return op;
  });
}

function rowBefore([id, , ...values]: CellsText): Row {
  return builtRow(relationOf(id), values);
}

function builtRow(relation: Relation, values: ValuesText): Row {
  const row: Row = {};
  relation.build(row, values);
  return row;
}
