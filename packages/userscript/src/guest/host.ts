import type { Entrance } from '../wire/messages.js';

/*
 * This folder runs inside the sandbox, bundled in front of the script. It shares its globals with the script, so what a
 * script could replace is taken out of them here, before the script's first line.
 */

type Enter = (entrance: Entrance, text: string) => string;
type Signal = 'log' | 'call' | 'done';

interface HostFunction {
  (signal: 'ready', enter: Enter, progress: Uint32Array): void;
  (signal: Signal, text: string): void;
}

const slot = globalThis as { tsmoltHost?: HostFunction };
const host = slot.tsmoltHost;
delete slot.tsmoltHost;

/** The host reads from here which row of a batch is being handled, when it has to stop the script. */
export const progress = new Uint32Array(1);

export const { parse, stringify } = JSON;
export const { getOwnPropertyDescriptor, defineProperty, keys, freeze, setPrototypeOf } = Object;
export const {
  apply,
  get: reflectGet,
  set: reflectSet,
  has: reflectHas,
  ownKeys,
  deleteProperty,
  preventExtensions,
  defineProperty: reflectDefine,
  setPrototypeOf: reflectSetPrototypeOf,
} = Reflect;
export const FunctionFromText = Function;
export const ProxyOf = Proxy;
const split = getOwnPropertyDescriptor(String.prototype, 'split')?.value as (separator: string) => string[];

/** The lines of a text. */
export function linesOf(text: string): string[] {
  return apply(split, text, ['\n']);
}

/** Tells the host where to enter. */
export function ready(enter: Enter): void {
  host?.('ready', enter, progress);
}

/** Sends the host a message. Nothing comes back. */
export function tell(signal: Signal, message: object): void {
  host?.(signal, stringify(message));
}
