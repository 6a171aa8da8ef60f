import type { LogText } from '../wire/messages.js';
import { defineProperty, stringify, tell } from './host.js';

const longestText = 4000;
let enabled = true;

/** Puts `console` in place: what is written to it goes to the program's log. */
export function installConsole(): void {
  const at =
    (level: LogText['level']) =>
    (...args: unknown[]): void => {
      if (enabled) tell('log', { level, message: args.map(argumentText).join(' ').slice(0, longestText) });
    };
  const console = {
    log: at('info'),
    info: at('info'),
    debug: at('debug'),
    trace: at('trace'),
    warn: at('warn'),
    error: at('error'),
    enable: () => {
      enabled = true;
    },
    disable: () => {
      enabled = false;
    },
  };
  defineProperty(globalThis, 'console', { value: console, writable: true, configurable: true });
}

function argumentText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return stringify(value);
  } catch {
    return 'an object that cannot be printed';
  }
}
