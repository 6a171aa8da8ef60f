import { displayName, NameIndex, withoutDomain } from '@tsmolt/core';
import type { ColumnPair, LogicalType, Table } from '@tsmolt/core';
import type { TargetTables } from './target-tables.js';

/** Digits of a second, where a type does not say how many. */
const allDigits = 6;

/** A column of a source's table and where its values go. */
export interface NamedPair extends ColumnPair {
  /** `schema.table.column` on the source. */
  readonly place: string;
}

/** The columns of the tables that the target has and does not compute. */
export function columnPairs(tables: readonly Table[], target: TargetTables): NamedPair[] {
  return tables.flatMap(({ name, columns }) => {
    const named = new NameIndex(target.find(name.table)?.columns ?? [], (column) => column.name);
    return columns.flatMap((source) => {
      const other = named.find(source.name);
      if (other === undefined || other.generated) return [];
      return [{ place: `${displayName(name)}.${source.name}`, source, target: other }];
    });
  });
}

/** Columns of the target that round what they get, or cut it, without refusing it: in words, for a warning. */
export function narrowedColumns(tables: readonly Table[], target: TargetTables): string[] {
  return columnPairs(tables, target)
    .filter(({ source, target: into }) => rounds(source.type, into.type))
    .map(
      ({ place, source, target: into }) =>
        `${place} (${source.nativeType} on the source, ${into.nativeType} on the target)`,
    );
}

/** Whether a value of the one type may be taken by the other and be another value then. */
export function rounds(from: LogicalType, into: LogicalType): boolean {
  const [source, target] = [withoutDomain(from), withoutDomain(into)];
  if (source.kind === 'array' && target.kind === 'array') return rounds(source.element, target.element);
  switch (target.kind) {
    case 'decimal':
      return target.scale !== undefined && digitsBehindPoint(source) > target.scale;
    case 'float':
      return source.kind === 'decimal' || (source.kind === 'float' && source.bits > target.bits);
    case 'date':
      return source.kind === 'timestamp';
    case 'time':
    case 'timestamp':
      return source.kind === target.kind && (target.precision ?? allDigits) < (source.precision ?? allDigits);
    default:
      return false;
  }
}

function digitsBehindPoint(type: LogicalType): number {
  if (type.kind === 'float') return Number.POSITIVE_INFINITY;
  return type.kind === 'decimal' ? (type.scale ?? Number.POSITIVE_INFINITY) : 0;
}
