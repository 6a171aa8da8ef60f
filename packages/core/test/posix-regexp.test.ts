import pg from 'pg';
import { compilePosix, TsmoltError } from '@tsmolt/core';
import { createDatabase, sharedServer } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dice, generatePattern, generateText } from './pattern-generator.js';

const seed = Number(process.env['TSMOLT_TEST_SEED'] ?? 20_250_210);
const patternCount = process.env['TSMOLT_TEST_LONG'] === '1' ? 60_000 : 6_000;
const textsPerPattern = 8;

interface Case {
  readonly pattern: string;
  readonly text: string;
}

/** Does the text match, is the pattern none, or (tsmolt only) does its meaning lie beyond JavaScript? */
type Verdict = boolean | 'refused' | 'unsupported';

/** In the collation whose classes are Unicode's, as `compilePosix` promises. */
const judge = `
  create function judge(text, text) returns boolean language plpgsql as
  $$ begin return $1 collate "pg_c_utf8" ~ $2; exception when others then return null; end $$`;

let client: pg.Client;
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await createDatabase(await sharedServer('postgres18'));
  drop = () => database.drop();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(judge);
});

afterAll(async () => {
  await client.end();
  await drop();
});

async function askPostgres(cases: readonly Case[]): Promise<Verdict[]> {
  const { rows } = await client.query<{ matches: boolean | null }>(
    `select judge(text, pattern) as matches
     from unnest($1::text[], $2::text[]) with ordinality as cases(text, pattern, place) order by place`,
    [cases.map(({ text }) => text), cases.map(({ pattern }) => pattern)],
  );
  return rows.map(({ matches }) => matches ?? 'refused');
}

function askTsmolt({ pattern, text }: Case): Verdict {
  try {
    return compilePosix(pattern, '--table-filter').test(text);
  } catch (error) {
    if (!(error instanceof TsmoltError)) throw error;
    return error.message.includes('does not support') ? 'unsupported' : 'refused';
  }
}

function generateCases(): Case[] {
  const dice = new Dice(seed);
  return Array.from({ length: patternCount }, () => generatePattern(dice)).flatMap((pattern) =>
    Array.from({ length: textsPerPattern }, () => ({ pattern, text: generateText(dice) })),
  );
}

describe('compilePosix against PostgreSQL', () => {
  it(`answers as ~ does for ${patternCount} generated patterns (seed ${seed})`, async () => {
    const cases = generateCases();
    const expected = await askPostgres(cases);
    const actual = cases.map(askTsmolt);
    const differences = cases
      .map((one, index) => ({ ...one, postgres: expected[index], tsmolt: actual[index] }))
      .filter(({ postgres, tsmolt }) => tsmolt !== postgres && tsmolt !== 'unsupported');
    expect(differences.slice(0, 40)).toEqual([]);

    // The generator must not have degenerated: each kind of answer is well represented, and giving up is rare.
    const share = (verdict: Verdict): number =>
      actual.filter((one) => one === verdict).length / actual.length;
    expect(share(true)).toBeGreaterThan(0.2);
    expect(share(false)).toBeGreaterThan(0.2);
    expect(share('refused')).toBeGreaterThan(0.02);
    expect(share('unsupported')).toBeLessThan(0.03);
  });
});
