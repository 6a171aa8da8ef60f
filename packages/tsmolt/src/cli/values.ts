import { InvalidArgumentError } from 'commander';

/** A whole number of at least 1. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('Give a whole number of at least 1.');
  }
  return value;
}

/** A whole number of at least 0. */
export function count(text: string): number {
  return text === '0' ? 0 : positiveInteger(text);
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** A duration as Go writes it (`24h0m0s`, `250ms`, `1.5s`, `0`), in milliseconds. */
export function duration(text: string): number {
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw new InvalidArgumentError('Give a duration such as 30s, 5m0s or 250ms.');
  }
  return parts.reduce((sum, part) => sum + Number(part[1]) * (unitMs[part[2] ?? ''] ?? 0), 0);
}

const unitBytes: Readonly<Record<string, number>> = {
  '': 1, B: 1, KB: 1000, MB: 1000 ** 2, GB: 1000 ** 3, KIB: 1024, MIB: 1024 ** 2, GIB: 1024 ** 3,
}; // prettier-ignore

/** A number of bytes, with or without a unit: `268435456`, `512MiB`, `1GB`. */
export function byteSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text);
  const bytes = Number(match?.[1]) * (unitBytes[match?.[2]?.toUpperCase() ?? ''] ?? Number.NaN);
  if (!(bytes >= 1)) throw new InvalidArgumentError('Give a number of bytes, such as 268435456 or 512MiB.');
  return Math.floor(bytes);
}
