/** `1,234,567`. */
export function formatCount(value: number): string {
  return value.toLocaleString('en-US');
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `81.2 MiB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? ''}`;
}

/** `12.3 s`. */
export function formatSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
