import type { ThrownText } from '../wire/messages.js';

const longestMessage = 2000;
const hostErrors = new WeakMap<object, number>();

/**
 * The error that a script sees when the host refuses something. The script may catch it, wrap it or let it pass.
 *
 * @param stack of the call that was refused
 */
export function refusedByHost(
  origin: number,
  { message, code }: { readonly message: string; readonly code: string | null },
  stack: string,
): Error {
  const error = Object.assign(new Error(message), { stack }, code === null ? {} : { code });
  hostErrors.set(error, origin);
  return error;
}

/** Says of anything that can be thrown what it is, without trusting it. */
export function describeThrown(thrown: unknown): ThrownText {
  try {
    return thrown instanceof Error
      ? describeError(thrown)
      : { name: '', message: nonError(thrown), stack: '' };
  } catch {
    return { name: '', message: 'threw something that cannot be described', stack: '' };
  }
}

function describeError(error: Error): ThrownText {
  const origin = originOf(error);
  return {
    name: shortText(error.name),
    message: shortText(error.message),
    stack: shortText(error.stack),
    ...(origin === undefined ? {} : { origin }),
  };
}

function originOf(error: unknown, depth = 0): number | undefined {
  if (typeof error !== 'object' || error === null || depth > 10) return undefined;
  return hostErrors.get(error) ?? originOf((error as { cause?: unknown }).cause, depth + 1);
}

function nonError(thrown: unknown): string {
  switch (typeof thrown) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return `threw a ${typeof thrown}, not an Error: ${shortText(String(thrown))}`;
    case 'undefined':
    case 'symbol':
      return `threw ${typeof thrown}, not an Error`;
    default:
      return `threw ${thrown === null ? 'null' : 'an object'}, not an Error`;
  }
}

function shortText(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, longestMessage) : '';
}
