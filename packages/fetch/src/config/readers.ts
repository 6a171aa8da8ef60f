import type { RowFilters, Transformations, TypeMap } from '@tsmolt/core';

// Few runs have configuration files, and the library that checks them takes a tenth of a second to load.

/** Reads MOLT's `--transformations-file`. @throws TsmoltError `TSM1006` naming the file and the place in it */
export async function readTransformations(path: string): Promise<Transformations> {
  const config = await import('./transformations.js');
  return config.readTransformations(path);
}

/** Reads MOLT's `--type-map-file`. @throws TsmoltError `TSM1006` naming the file and the place in it */
export async function readTypeMap(path: string): Promise<TypeMap> {
  const config = await import('./type-map.js');
  return config.readTypeMap(path);
}

/** Reads MOLT's `--filter-path`. @throws TsmoltError `TSM1006` naming the file and the place in it */
export async function readRowFilters(path: string): Promise<RowFilters> {
  const config = await import('./row-filters.js');
  return config.readRowFilters(path);
}
