import { seededRandom } from '@tsmolt/testkit';
import { printedTable } from '../../support/scenario-databases.js';
import type { ScenarioDatabase } from '../../support/scenario-databases.js';
import type { NamedColumn } from './compared.js';
import { smallestChange } from './smallest-change.js';
import type { TargetColumn } from './smallest-change.js';

/** Rows that stay as they are. */
const untouched = 30;

/** Changes one value in each of most rows, of one type after the other: a value at an edge, mostly. */
export async function changeRows(
  target: ScenarioDatabase,
  columns: readonly NamedColumn[],
  seed: number,
): Promise<string[]> {
  const described = await describeTarget(target.url, columns);
  const changeable = columns.filter(({ name, type }) => {
    const typed = described.get(name);
    return typed !== undefined && type !== roundsAway && smallestChange(typed, null) !== undefined;
  });
  const names = changeable.map(({ name }) => name);
  const values = await printedTable(target.url, `SELECT id, ${names.join(', ')} FROM every_type`);
  const random = seededRandom(seed);
  const changed: { id: string; column: NamedColumn; statement: string }[] = [];
  while (values.length > untouched) {
    const place = changed.length % changeable.length;
    const [[id, ...row] = []] = values.splice(random.below(values.length), 1);
    const column = changeable[place];
    const typed = described.get(column?.name ?? '');
    if (column === undefined || typed === undefined || id === undefined || id === null)
      throw new Error('a row has no such column');
    const other = smallestChange(typed, row[place] ?? null) ?? null;
    const statement = `UPDATE every_type SET ${column.name} = ${literal(other)} WHERE id = ${id}`;
    changed.push({ id, column, statement });
  }
  await target.run(changed.map(({ statement }) => statement));
  return changed.map(({ id, column }) => `mismatch of row ${id}: ${column.name} ${column.type}`).toSorted();
}

/** What is smaller than its last digit is no change. */
const roundsAway = 'numeric(5,-3)';

function literal(text: string | null): string {
  return text === null ? 'NULL' : `e'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

async function describeTarget(
  url: string,
  columns: readonly NamedColumn[],
): Promise<Map<string, TargetColumn>> {
  const rows = await printedTable(
    url,
    `SELECT column_name, udt_name, character_maximum_length, datetime_precision
      FROM information_schema.columns WHERE table_name = 'every_type'`,
  );
  const labels = await printedTable(
    url,
    `SELECT t.typname, e.enumlabel FROM pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid`,
  );
  const number = (text: string | null = null): number | null => (text === null ? null : Number(text));
  return new Map(
    rows.map(([name, type, length, fraction]) => [
      name ?? '',
      {
        name: name ?? '',
        type: columns.find((column) => column.name === name)?.changedAs ?? type ?? '',
        maxLength: number(length),
        fraction: number(fraction),
        labels: labels.flatMap(([enumName, label]) => (enumName === type ? [label ?? ''] : [])),
      },
    ]),
  );
}
