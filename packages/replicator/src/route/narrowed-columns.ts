import { displayName, withoutDomain } from '@tsmolt/core';
import type { LogicalType, Table } from '@tsmolt/core';
import type { TargetTables } from './target-tables.js';

/** Digits of a second, where a type does not say how many. */
const allDigits = 6;

/** Columns of the target that round what they get, or cut it, without refusing it: in words, for a warning. */
export function narrowedColumns(tables: readonly Table[], target: TargetTables): string[] {
  return tables.flatMap(({ name, columns }) => {
    const table = target.find(name.table);
    return columns.flatMap((column) => {
      const other = table?.columns.find((candidate) => candidate.name === column.name);
      if (other === undefined || other.generated || !rounds(column.type, other.type)) return [];
      return [
        `${displayName(name)}.${column.name} (${column.nativeType} on the source, ${other.nativeType} on the target)`,
      ];
    });
  });
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
