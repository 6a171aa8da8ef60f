import type { ChangeValue, Table, TableName } from '@tsmolt/core';
import type { RoutedEvent } from '../route/routed-transaction.js';
import type { Route, RoutedMutation } from '../route/target-tables.js';

/** Rows of one table, no two with the same key: their order does not count. */
export interface TableChanges {
  readonly table: Table;
  readonly changes: readonly RoutedMutation[];
}

/** What is done on the target one after the other. */
export type Step =
  | { readonly kind: 'rows'; readonly tables: readonly TableChanges[] }
  /** A row gets another key, and only some of its values are known: the target has the others. */
  | { readonly kind: 'rekey'; readonly change: RoutedMutation }
  | { readonly kind: 'truncate'; readonly tables: readonly TableName[] };

/**
 * Turns changes into as few steps as keep their meaning: several changes of a row become one (`--collapseMutations`), and
 * rows of different keys are written together.
 *
 * @param trusting rows that the source inserted have different keys as long as nothing else happens to their table: they are
 *   not looked at one by one until something does. Where that was not so (a TRUNCATE between them that is ignored), the
 *   target refuses them, and they come again untrusted.
 */
export function collapse(events: Iterable<RoutedEvent>, combine: boolean, trusting = false): Step[] {
  const steps = new Steps(combine, trusting);
  for (const event of events) steps.add(event);
  return steps.finish();
}

/** The changes of one table that may go together. */
class OpenTable {
  readonly route: Route;
  /** Inserted rows, while there is nothing else. */
  #inserted: RoutedMutation[] = [];
  #byKey: Map<string, RoutedMutation> | undefined;

  constructor(route: Route) {
    this.route = route;
  }

  /** @returns whether the row could be taken as one whose key no other has */
  insert(change: RoutedMutation): boolean {
    if (this.#byKey !== undefined || change.fresh !== true || change.kind !== 'upsert') return false;
    this.#inserted.push(change);
    return true;
  }

  get byKey(): Map<string, RoutedMutation> {
    this.#byKey ??= new Map(this.#inserted.map((change) => [keyText(change), change]));
    return this.#byKey;
  }

  get changes(): readonly RoutedMutation[] {
    return this.#byKey === undefined ? this.#inserted : [...this.#byKey.values()];
  }
}

class Steps {
  readonly #combine: boolean;
  readonly #trusting: boolean;
  readonly #steps: Step[] = [];
  #open = new Map<Table, OpenTable>();

  constructor(combine: boolean, trusting: boolean) {
    this.#combine = combine;
    this.#trusting = trusting;
  }

  finish(): Step[] {
    this.#close();
    return this.#steps;
  }

  add(event: RoutedEvent): void {
    if (event.kind === 'truncate') this.#alone({ kind: 'truncate', tables: event.tables });
    else if (event.oldKey !== undefined) this.#moveRow(event, event.oldKey);
    else if (!this.#inserted(event)) this.#change(event, keyText(event));
  }

  #inserted(change: RoutedMutation): boolean {
    return this.#trusting && this.#openTable(change).insert(change);
  }

  #change(change: RoutedMutation, key: string): void {
    const open = this.#openTable(change);
    const before = open.byKey.get(key);
    if (this.#standsApart(open, change, before)) {
      this.#close();
      this.#openTable(change).byKey.set(key, change);
    } else {
      open.byKey.set(key, before === undefined ? change : combined(before, change));
    }
  }

  /** Where texts of keys do not tell rows apart, nothing but changes of one kind may go together. */
  #standsApart(open: OpenTable, change: RoutedMutation, before: RoutedMutation | undefined): boolean {
    if (before !== undefined && !this.#combine) return true;
    if (change.route.exactKey) return false;
    const [first] = open.byKey.values();
    return before !== undefined || (first !== undefined && first.kind !== change.kind);
  }

  /** The row under its old key goes and the one under its new key comes, provided that all its values are known. */
  #moveRow(change: RoutedMutation, oldKey: readonly ChangeValue[]): void {
    const open = this.#openTable(change);
    const oldText = textOfKey(oldKey);
    const before = open.byKey.get(oldText);
    const whole = before === undefined ? change : combined(before, change);
    if (!isWholeRow(whole) || !change.route.exactKey || !this.#combine) {
      this.#alone({ kind: 'rekey', change });
      return;
    }
    open.byKey.set(oldText, deletionOf(change, oldKey));
    open.byKey.set(keyText(change), withoutOldKey(whole));
  }

  /** One shape of a table at a time: the columns of a statement are those of one route. */
  #openTable({ route }: RoutedMutation): OpenTable {
    const known = this.#open.get(route.table);
    if (known?.route === route) return known;
    if (known !== undefined) this.#close();
    const open = new OpenTable(route);
    this.#open.set(route.table, open);
    return open;
  }

  #alone(step: Step): void {
    this.#close();
    this.#steps.push(step);
  }

  #close(): void {
    const tables = [...this.#open.values()]
      .map(({ route, changes }) => ({ table: route.table, changes }))
      .filter(({ changes }) => changes.length > 0);
    if (tables.length > 0) this.#steps.push({ kind: 'rows', tables });
    this.#open = new Map();
  }
}

/** What two changes of one row do together. A row that was deleted and came again may still be there, on the target. */
function combined(before: RoutedMutation, change: RoutedMutation): RoutedMutation {
  if (change.kind === 'delete') return change;
  if (change.encoded !== undefined && change.fresh === undefined && before.fresh === undefined) return change;
  const { route, source } = change;
  const partial = change.kind === 'update' && before.kind !== 'delete';
  const values = partial
    ? change.values.map((value, at) => (value === undefined ? before.values[at] : value))
    : change.values;
  const kind = partial ? before.kind : change.kind;
  const merged = { route, kind, values, source };
  return before.fresh === true ? { ...merged, fresh: true } : merged;
}

/** The row under its new key, where all its values are known. */
export function arrival(change: RoutedMutation): RoutedMutation | undefined {
  return change.oldKey === undefined || !isWholeRow(change) ? undefined : withoutOldKey(change);
}

/** Whether the row can be deleted and written anew: columns that only the target has would lose their values. */
export function isWholeRow({ kind, route: { table, columns } }: RoutedMutation): boolean {
  return (
    kind === 'upsert' && table.columns.every(({ generated, name }) => generated || columns.includes(name))
  );
}

/** The end of the row under its old key. */
export function departure(change: RoutedMutation): RoutedMutation | undefined {
  return change.oldKey === undefined ? undefined : deletionOf(change, change.oldKey);
}

/** @param key in the order of the route's key */
export function deletionOf({ route, source }: RoutedMutation, key: readonly ChangeValue[]): RoutedMutation {
  const values = route.columns.map((_, at): ChangeValue => {
    const index = route.keyAt.indexOf(at);
    return index === -1 ? undefined : key[index];
  });
  return { route, kind: 'delete', values, source };
}

function withoutOldKey({ route, kind, values, source }: RoutedMutation): RoutedMutation {
  return { route, kind, values, source };
}

/** The key's values as one text: equal for the same key of the same route only. */
export function keyText(change: RoutedMutation): string {
  const { keyAt } = change.route;
  const [only] = keyAt;
  if (keyAt.length === 1 && only !== undefined) return valueAt(change, only) ?? '';
  return textOfKey(keyAt.map((at) => valueAt(change, at)));
}

/** One value, without making values of the others. */
function valueAt(change: RoutedMutation, at: number): ChangeValue {
  return change.encoded === undefined ? change.values[at] : change.encoded.valueAt(at);
}

/** As `keyText`, of the values of a key alone. */
export function textOfKey(key: readonly ChangeValue[]): string {
  return key.length === 1 ? (key[0] ?? '') : JSON.stringify(key);
}
