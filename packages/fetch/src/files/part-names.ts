import { displayName } from '@tsmolt/core';
import type { TableName } from '@tsmolt/core';
import type { Compression } from '../options.js';

/** The folder of a table's files: MOLT's `public.orders`. What a path cannot hold is percent-encoded. */
export function tableFolder(table: TableName): string {
  return displayName(table).replaceAll(/[%/\\\p{Cc}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

/** MOLT's file names: `public.orders/shard_01_part_00000001.csv.gz`. */
export function partName(file: {
  readonly folder: string;
  readonly shard: number;
  readonly part: number;
  readonly compression: Compression;
}): string {
  const shard = String(file.shard).padStart(2, '0');
  const part = String(file.part).padStart(8, '0');
  return `${file.folder}/shard_${shard}_part_${part}.csv${file.compression === 'gzip' ? '.gz' : ''}`;
}

/** Shard and part of a name that `partName` or MOLT made (`part_00000001.csv` before there were shards), or undefined. */
export function parsePartName(name: string): { readonly shard: number; readonly part: number } | undefined {
  const match = /(?:shard_(\d+)_)?part_(\d+)\.csv(?:\.gz)?$/.exec(name);
  return match === null ? undefined : { shard: Number(match[1] ?? 1), part: Number(match[2]) };
}

export function isCompressed(name: string): boolean {
  return name.endsWith('.gz');
}
