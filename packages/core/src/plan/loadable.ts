import { comparisonKey } from '../names.js';
import { withoutDomain } from '../types.js';
import type { CompositeField, LogicalType } from '../types.js';

type Kind = LogicalType['kind'];

/** Which kinds of target column take the text of which kinds of source column, beside their own kind. */
const widenings: Partial<Record<Kind, readonly Kind[]>> = {
  boolean: ['string'],
  integer: ['decimal', 'string'],
  decimal: ['string'],
  float: ['decimal', 'string'],
  date: ['string', 'timestamp'],
  time: ['string'],
  timestamp: ['string'],
  interval: ['string'],
  uuid: ['string'],
  json: ['string'],
  bit: ['string', 'boolean'],
  inet: ['string'],
  enum: ['string'],
  array: ['string', 'json'],
  composite: ['string'],
  native: ['string'],
  string: ['json', 'enum', 'uuid', 'inet', 'bit', 'native'],
};

/**
 * Whether every value that fits the source type can be given to a column of the target type as text.
 *
 * Width is not judged (an int8 may be loaded into an int4): a value that does not fit is refused by the target, with
 * the row named, and nothing is cut. In the same way a small integer may go into a boolean, which takes 0 and 1, and a
 * text into a bit string: MOLT's manual, "Type mapping", allows both.
 *
 * The attributes of composite types are judged: the text of a value gives them in their order and without their names, so
 * that a target with another order would take one for another and refuse nothing.
 */
export function loadable(sourceType: LogicalType, targetType: LogicalType): boolean {
  const source = withoutDomain(sourceType);
  const target = withoutDomain(targetType);
  const alike = sameKind(source, target);
  if (alike !== undefined) return alike;
  if (source.kind === 'integer' && target.kind === 'boolean') return source.bits <= 16;
  // Beyond 24 hours a time of MySQL's is an interval and nothing else.
  if (source.kind === 'time' && target.kind === 'interval') return !source.withZone;
  return widenings[source.kind]?.includes(target.kind) ?? false;
}

/** Undefined for types of two kinds. */
function sameKind(source: LogicalType, target: LogicalType): boolean | undefined {
  if (source.kind === 'array' && target.kind === 'array') return loadable(source.element, target.element);
  if (source.kind === 'native' && target.kind === 'native') return sameNative(source.name, target.name);
  if (source.kind === 'composite' && target.kind === 'composite')
    return sameAttributes(source.fields, target.fields);
  return source.kind === target.kind ? true : undefined;
}

/** Case decides only where nothing else tells two attributes apart, as with the names of columns. */
function sameAttributes(source: readonly CompositeField[], target: readonly CompositeField[]): boolean {
  const folded = new Set(source.map(({ name }) => comparisonKey(name, false)));
  const caseSensitive = folded.size < source.length;
  return (
    source.length === target.length &&
    source.every(({ name, type }, at) => {
      const other = target[at];
      return (
        other !== undefined &&
        comparisonKey(name, caseSensitive) === comparisonKey(other.name, caseSensitive) &&
        loadable(type, other.type)
      );
    })
  );
}

/** Types that engines name in their own ways, each with its modifiers: shapes and vectors. The target checks those. */
const sharedNatives = /^(?:"?\w+"?\.)?"?(geometry|geography|vector)"?(?:\(.*\))?$/i;

function sameNative(source: string, target: string): boolean {
  const family = (name: string): string => sharedNatives.exec(name)?.[1]?.toLowerCase() ?? name.toLowerCase();
  return family(source) === family(target);
}
