import { Option } from 'commander';
import { duration } from '../values.js';

/** An option that takes a duration. Its default is shown as durations are given, and not as the number that it is here. */
export function durationOption(flags: string, description: string, defaultMs: number): Option {
  return new Option(flags, description).argParser(duration).default(defaultMs, durationText(defaultMs));
}

/** As Go prints a duration, and so the reference: `25ms`, `30s`, `1m0s`, `24h0m0s`. */
export function durationText(milliseconds: number): string {
  if (milliseconds === 0) return '0';
  if (milliseconds < 1000) return `${milliseconds}ms`;
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor(milliseconds / 60_000) % 60;
  const seconds = `${(milliseconds % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
