import type { ValuesText } from '../wire/messages.js';
import {
  defineProperty,
  deleteProperty,
  getOwnPropertyDescriptor,
  ownKeys,
  parse,
  preventExtensions,
  ProxyOf,
  reflectDefine,
  reflectGet,
  reflectHas,
  reflectSet,
  reflectSetPrototypeOf,
  setPrototypeOf,
} from './host.js';
import type { Relation, Row } from './relation.js';

/*
 * Most scripts look at few of the rows that they get, and change fewer. To build a row costs several times as much as to
 * call its handler. So what a handler gets is a proxy: the row is built when something of it is looked at, and whether it
 * still says what it said is asked only of a row that something was done to.
 */

/**
 * One row in the hands of a script: the handler of its proxy. Its prototype decides what is watched: everything, until
 * somebody looks; then what changes the row, until something does; then nothing.
 */
export class GivenRow implements ProxyHandler<Row> {
  // Declared only: a field that is defined first costs as much as the rest.
  declare readonly relation: Relation;
  /** What is behind the proxy: empty until somebody looks. */
  declare readonly target: Row;
  /** The JSON text of the values, until somebody looks. */
  declare line: string | undefined;
  declare parsed: ValuesText | undefined;
  /** Whether the script may have set, added or removed a column. */
  declare written: boolean;

  constructor(relation: Relation, line: string) {
    this.relation = relation;
    this.target = {};
    this.line = line;
    this.parsed = undefined;
    this.written = false;
  }

  get(target: Row, name: string | symbol, receiver: unknown): unknown {
    look(this);
    return reflectGet(target, name, receiver);
  }

  has(target: Row, name: string | symbol): boolean {
    look(this);
    return reflectHas(target, name);
  }

  ownKeys(target: Row): (string | symbol)[] {
    look(this);
    return ownKeys(target);
  }

  getOwnPropertyDescriptor(target: Row, name: string | symbol): PropertyDescriptor | undefined {
    look(this);
    return getOwnPropertyDescriptor(target, name);
  }

  preventExtensions(target: Row): boolean {
    look(this);
    return preventExtensions(target);
  }

  setPrototypeOf(target: Row, prototype: object | null): boolean {
    look(this);
    return reflectSetPrototypeOf(target, prototype);
  }

  set(target: Row, name: string | symbol, value: unknown, receiver: unknown): boolean {
    letGo(this);
    return reflectSet(target, name, value, receiver);
  }

  deleteProperty(target: Row, name: string | symbol): boolean {
    letGo(this);
    return deleteProperty(target, name);
  }

  defineProperty(target: Row, name: string | symbol, descriptor: PropertyDescriptor): boolean {
    letGo(this);
    return reflectDefine(target, name, descriptor);
  }
}

const { prototype: everything } = GivenRow;
// What a script adds to the prototype of all objects must not become a trap.
setPrototypeOf(everything, null);
const changes: object = setPrototypeOf({}, null) as object;
for (const trap of ['set', 'deleteProperty', 'defineProperty'])
  defineProperty(changes, trap, getOwnPropertyDescriptor(everything, trap) ?? {});

/** What a script gets for a row. */
export function proxyOf(given: GivenRow): Row {
  return new ProxyOf(given.target, given);
}

/** The values that were sent. */
export function valuesOf(given: GivenRow): ValuesText {
  given.parsed ??= parse(given.line ?? '[]') as ValuesText;
  return given.parsed;
}

/** Whether the row still says what was sent. */
export function isUntouched(given: GivenRow): boolean {
  if (given.line !== undefined) return true;
  const { relation, target, written } = given;
  const values = valuesOf(given);
  return written ? relation.isUntouched(target, values) : relation.isUnread(target, values);
}

function look(given: GivenRow): void {
  given.relation.build(given.target, valuesOf(given));
  given.line = undefined;
  setPrototypeOf(given, changes);
}

function letGo(given: GivenRow): void {
  if (given.line !== undefined) look(given);
  given.written = true;
  setPrototypeOf(given, null);
}
