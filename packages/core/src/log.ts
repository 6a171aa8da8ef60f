import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';

/** Structured log: the first argument holds the fields, the second the sentence. */
export type Logger = PinoLogger;

/** MOLT's `--logging` values. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'panic'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * A log with MOLT's field names: one JSON object a line with `level`, `time` (RFC 3339 with the local offset) and
 * `message` beside the line's own fields.
 */
export function createLogger(level: LogLevel, destination: DestinationStream): Logger {
  return pino(
    {
      // MOLT's log library ranks panic above fatal; both mean that only the last words are wanted.
      level: level === 'panic' ? 'fatal' : level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${localTimestamp(new Date())}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

/** A log that goes nowhere: the default of the library's functions. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}

/** `2025-02-10T14:28:11-05:00`. */
export function localTimestamp(at: Date): string {
  const offset = -at.getTimezoneOffset();
  const local = new Date(at.getTime() + offset * 60_000).toISOString().slice(0, 19);
  if (offset === 0) return `${local}Z`;
  const two = (value: number): string => String(Math.floor(Math.abs(value))).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
}

/** MOLT's text for a duration: `000h 01m 05s`. */
export function clockDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const pad = (value: number, width: number): string => String(value).padStart(width, '0');
  return `${pad(Math.floor(seconds / 3600), 3)}h ${pad(Math.floor(seconds / 60) % 60, 2)}m ${pad(seconds % 60, 2)}s`;
}
