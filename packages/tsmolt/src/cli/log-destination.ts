import { closeSync, openSync, writeSync } from 'node:fs';
import { createLogger, TsmoltError } from '@tsmolt/core';
import type { Logger, LogLevel } from '@tsmolt/core';

export interface LogOptions {
  readonly level: LogLevel;
  /** `stdout`, the name of a file, or true for `fetch-{datetime}.log`. */
  readonly file: string | true;
  /** For people instead of machines. */
  readonly console: boolean;
  /** How a line is written, where neither JSON nor `console` is wanted. */
  readonly format?: (line: string) => string;
  /** The command's name, for the name of the file. */
  readonly command: string;
  /** Prints a line to the terminal without disturbing a progress display. */
  readonly print: (line: string) => void;
}

export interface OpenLog {
  readonly logger: Logger;
  readonly toTerminal: boolean;
  close(): void;
}

/** Opens the log where `--log-file` says. Lines are written at once: the last words of a run that dies are kept. */
export async function openLog(options: LogOptions): Promise<OpenLog> {
  const toTerminal = options.file === 'stdout';
  const fd = toTerminal ? undefined : openFile(options);
  const write = fd === undefined ? options.print : (line: string): void => void writeSync(fd, line);
  const destination = options.console
    ? await prettyLines(write, toTerminal)
    : formatted(write, options.format);
  return {
    logger: createLogger(options.level, destination),
    toTerminal,
    close: () => (fd === undefined ? undefined : closeSync(fd)),
  };
}

function formatted(
  write: (line: string) => void,
  format: LogOptions['format'],
): { write: (line: string) => void } {
  return format === undefined ? { write } : { write: (line) => write(format(line)) };
}

function openFile(options: LogOptions): number {
  const path = options.file === true ? `${options.command}-${fileTimestamp(new Date())}.log` : options.file;
  try {
    return openSync(path, 'a');
  } catch (cause) {
    throw new TsmoltError('TSM4006', {
      message: `cannot write the log file ${path}`,
      advice: 'Name a file in a directory that exists and is writable with --log-file, or stdout.',
      cause,
    });
  }
}

async function prettyLines(
  write: (line: string) => void,
  toTerminal: boolean,
): Promise<{ write: (line: string) => void }> {
  const { prettyFactory } = await import('pino-pretty');
  const format = prettyFactory({
    messageKey: 'message',
    timestampKey: 'time',
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
    colorize: toTerminal && process.stdout.isTTY,
    ignore: 'type',
  });
  return { write: (line) => write(format(forPeople(JSON.parse(line) as Record<string, unknown>))) };
}

/** Fields for machines: the JSON log has them, and the summary shows what people want of them. */
const machineFields = /_duration_ms$|^checksum_|^columns_not_hashed$|^num_ranges$/;

/** The parts of a duration whose whole is in the same line. */
const partialDuration = /^(export|import)_duration$/;

function forPeople(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const shown = Object.entries(fields).filter(
    ([name, value]) =>
      !machineFields.test(name) &&
      !(name === 'cdc_cursor' && value === '') &&
      !(Array.isArray(value) && value.length === 0) &&
      !('net_duration' in fields && partialDuration.test(name)),
  );
  return Object.fromEntries(shown);
}

/** `20250210T142811`: sorts by time and is a name on every system. */
function fileTimestamp(at: Date): string {
  return at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
}
