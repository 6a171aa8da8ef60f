import { displayName, TsmoltError } from '@tsmolt/core';
import type { Column, Table, UnrepresentablePolicy } from '@tsmolt/core';
import { quoteIdentifier, quoteText } from '../sql.js';
import { utf8Text } from './field-text.js';
import { nativeTypeOf } from './native-type.js';
import { isNoText, nearestText, noText } from './stored-text.js';

/** A column some of whose values exist in no target. */
export interface LimitedColumn {
  readonly column: Column;
  /** True for values that no target can hold; NULL or false for others. */
  readonly condition: string;
  /** The nearest value that can be held, as text, where the condition is true. */
  readonly nearest: string;
  /** How the value is told in a refusal: SQL, where the condition is true. */
  readonly said: string;
}

/** Undefined for columns all of whose values can be held. */
export function limitedColumn(column: Column): LimitedColumn | undefined {
  const name = quoteIdentifier(column.name);
  const { base, length } = nativeTypeOf(column);
  const condition = isNoText(column);
  if (condition !== undefined) {
    return { column, condition, nearest: nearestText(column), said: quoteText(noText(column)) };
  }
  const said = `CAST(${name} AS CHAR)`;
  if (base === 'date') return { column, condition: noDate(name), nearest: nearestDate(name, '', ''), said };
  if (base === 'datetime') {
    const end = length === undefined || length === 0 ? ' 23:59:59' : ` 23:59:59.${'9'.repeat(length)}`;
    return { column, condition: noDate(name), nearest: nearestDate(name, ' 00:00:00', end), said };
  }
  if (base === 'timestamp') {
    return { column, condition: `${name} < '0001-01-01'`, nearest: `'0001-01-01 00:00:00+00'`, said };
  }
  if (base === 'time' && column.type.kind === 'time') {
    const beyond = `(${name} < TIME'00:00:00' OR ${name} > TIME'24:00:00')`;
    const nearest = `IF(${name} < TIME'00:00:00', '00:00:00', '24:00:00')`;
    return { column, condition: beyond, nearest, said };
  }
  return undefined;
}

/** Zero dates, months and days, year 0, and days that their month does not have (sql_mode ALLOW_INVALID_DATES). */
function noDate(name: string): string {
  return (
    `(${name} < '0001-01-01' OR MONTH(${name}) = 0 OR DAYOFMONTH(${name}) = 0` +
    ` OR (DAYOFMONTH(${name}) > 28 AND DAYOFMONTH(${name}) > DAYOFMONTH(LAST_DAY(${name}))))`
  );
}

/** The first moment after a date that is none, or the last one before it where the day is too late for its month. */
function nearestDate(name: string, start: string, end: string): string {
  const year = `LPAD(YEAR(${name}), 4, '0')`;
  const month = `LPAD(MONTH(${name}), 2, '0')`;
  return (
    `CASE WHEN YEAR(${name}) = 0 THEN '0001-01-01${start}'` +
    ` WHEN MONTH(${name}) = 0 THEN CONCAT(${year}, '-01-01${start}')` +
    ` WHEN DAYOFMONTH(${name}) = 0 THEN CONCAT(${year}, '-', ${month}, '-01${start}')` +
    ` ELSE CONCAT(LAST_DAY(${name}), '${end}') END`
  );
}

/** NULL cannot replace what may not be NULL. */
export function effectivePolicy(column: Column, policy: UnrepresentablePolicy): UnrepresentablePolicy {
  return policy === 'null' && !column.nullable ? 'reject' : policy;
}

/** How a value that is replaced is written. */
export interface Replacement {
  /** An expression in place of the value that is made NULL. */
  readonly missing: string;
  /** The expression that writes the text of another one. */
  readonly written: (nearest: string) => string;
}

const asText: Replacement = { missing: 'NULL', written: (nearest) => nearest };

/** The column's text with the policy applied: under `reject` it is the text itself, for the row is refused elsewhere. */
export function withPolicy(
  column: Column,
  text: string,
  policy: UnrepresentablePolicy,
  { missing, written }: Replacement = asText,
): string {
  const limited = limitedColumn(column);
  if (limited === undefined) return text;
  switch (effectivePolicy(column, policy)) {
    case 'reject':
      return text;
    case 'null':
      return `IF(${limited.condition}, ${missing}, ${text})`;
    case 'clamp':
      return `IF(${limited.condition}, ${written(limited.nearest)}, ${text})`;
  }
}

/** Stands between the parts of a refusal; neither a number nor a time holds it. */
const separator = '|';

/**
 * An expression that is NULL for rows without unrepresentable values, and says otherwise which columns have one:
 * `3,5,` for columns (by their place in the list) whose value was replaced, `!3|0000-00-00|id=7` for a value that is to
 * be refused. Undefined where no column can have one.
 *
 * @param sent how each column's values are sent
 */
export function reportExpression(
  table: Table,
  columns: readonly Column[],
  policy: UnrepresentablePolicy,
  sent: readonly SentValue[],
): string | undefined {
  const limited = columns.flatMap((column, index) => {
    const found = limitedColumn(column);
    if (found === undefined || sent[index] === 'seen here') return [];
    return [{ ...found, index, effective: effectivePolicy(column, policy) }];
  });
  if (limited.length === 0) return undefined;
  const refused = [
    ...limited.filter(({ effective }) => effective === 'reject'),
    ...limited.filter(({ index }) => sent[index] === 'whole').map(unknownValue),
  ];
  const replaced = limited.filter(({ effective }) => effective !== 'reject');
  const counts = replaced.map(({ index, condition }) => `IF(${condition}, '${index},', '')`);
  const otherwise = counts.length === 0 ? 'NULL' : `NULLIF(CONCAT(${counts.join(', ')}), '')`;
  if (refused.length === 0) return otherwise;
  const cases = refused.map(
    ({ index, condition, said }) =>
      `WHEN ${condition} THEN CONCAT('!${index}${separator}', ${said}, '${separator}', ${keyText(table)})`,
  );
  return `CASE ${cases.join(' ')} ELSE ${otherwise} END`;
}

/**
 * How a value comes to this side: in the row's text, which becomes NULL as a whole where a function cannot take the value;
 * whole, past the functions; or as bytes of which this side sees whether they are text.
 */
export type SentValue = 'joined' | 'whole' | 'seen here';

/** A value that is sent whole may be too long for the functions that look at it. */
function unknownValue(limited: LimitedColumn & { readonly index: number }): typeof limited {
  const condition = `${quoteIdentifier(limited.column.name)} IS NOT NULL AND ${limited.condition} IS NULL`;
  return { ...limited, condition, said: quoteText('a text that is longer than max_allowed_packet') };
}

function keyText(table: Table): string {
  const parts = (table.primaryKey?.columns ?? []).map((name) => {
    const { base } = nativeTypeOf(table.columns.find((column) => column.name === name) ?? { nativeType: '' });
    const value = /binary|blob/.test(base)
      ? `HEX(${quoteIdentifier(name)})`
      : utf8Text(quoteIdentifier(name));
    return `'${name.replaceAll('\\', '\\\\').replaceAll("'", "''")}=', ${value}`;
  });
  return parts.length === 0 ? `''` : `CONCAT(${parts.join(`, ', ', `)})`;
}

/** The error for what a report with `!` says. */
export function refusal(table: Table, columns: readonly Column[], report: string): TsmoltError {
  const [index = '', value = '', ...key] = report.slice(1).split(separator);
  return refusedValue({ table, column: columns[Number(index)], value, key: key.join(separator) });
}

export interface RefusedValue {
  readonly table: Table;
  readonly column: Column | undefined;
  readonly value: string;
  /** Empty for a row without a key. */
  readonly key: string;
}

export function refusedValue({ table, column, value, key }: RefusedValue): TsmoltError {
  const name = column?.name ?? '';
  const row = key === '' ? 'a row without a key' : `the row ${key}`;
  const notNull = column?.nullable === false ? ` (clamp: column ${name} does not allow NULL)` : '';
  return new TsmoltError('TSM3008', {
    message: `${displayName(table.name)}: ${row} has ${value} in column ${name}, which no target can hold`,
    advice: `Correct the value on the source, or use --unrepresentable-values null|clamp${notNull}, which counts what it replaces.`,
  });
}

/** Adds what a report of replaced values says. */
export function countReplaced(counts: Map<string, number>, columns: readonly Column[], report: string): void {
  for (const index of report.split(',').slice(0, -1)) {
    countReplacedValue(counts, columns[Number(index)]?.name ?? index);
  }
}

export function countReplacedValue(counts: Map<string, number>, column: string): void {
  counts.set(column, (counts.get(column) ?? 0) + 1);
}
