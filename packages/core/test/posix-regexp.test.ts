import pg from 'pg';
import { compilePosix, TsmoltError } from '@tsmolt/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dice, generatePattern, generateText } from './pattern-generator.js';

const seed = Number(process.env['TSMOLT_TEST_SEED'] ?? 20_250_210);
const patternCount = process.env['TSMOLT_TEST_LONG'] === '1' ? 60_000 : 6_000;
const textsPerPattern = 8;

/** PostgreSQL's answer: does the text match, or does it refuse the pattern? */
type Verdict = boolean | 'refused';

/** The collation whose classes are Unicode's, as `compilePosix` promises. */
const judge = `
  create function pg_temp.judge(text, text) returns boolean language plpgsql as
  $$ begin return $1 collate "pg_c_utf8" ~ $2; exception when others then return null; end $$`;

let client: pg.Client;

beforeAll(async () => {
  client = new pg.Client({ connectionString: process.env['TSMOLT_TEST_POSTGRES_URL'] });
  await client.connect();
  await client.query(judge);
});

afterAll(async () => {
  await client.end();
});

async function ask(cases: readonly { text: string; pattern: string }[]): Promise<Verdict[]> {
  const { rows } = await client.query<{ matches: boolean | null }>(
    `select pg_temp.judge(text, pattern) as matches
     from unnest($1::text[], $2::text[]) with ordinality as cases(text, pattern, place) order by place`,
    [cases.map(({ text }) => text), cases.map(({ pattern }) => pattern)],
  );
  return rows.map(({ matches }) => matches ?? 'refused');
}

/** tsmolt's answer; `unsupported` is allowed for every pattern, but has to stay rare. */
function answer(pattern: string, text: string): Verdict | 'unsupported' {
  try {
    return compilePosix(pattern, '--table-filter').test(text);
  } catch (error) {
    if (!(error instanceof TsmoltError)) throw error;
    return error.message.includes('does not support') ? 'unsupported' : 'refused';
  }
}

describe('compilePosix against PostgreSQL', () => {
  it(`answers as ~ does for ${patternCount} generated patterns (seed ${seed})`, async () => {
    const dice = new Dice(seed);
    const cases = Array.from({ length: patternCount }, () => generatePattern(dice)).flatMap((pattern) =>
      Array.from({ length: textsPerPattern }, () => ({ pattern, text: generateText(dice) })),
    );
    const verdicts = await ask(cases);
    const tally = { matched: 0, unmatched: 0, refused: 0, unsupported: 0 };
    const differences: string[] = [];
    cases.forEach(({ pattern, text }, index) => {
      const expected = verdicts[index];
      const actual = answer(pattern, text);
      if (actual === 'unsupported') tally.unsupported++;
      else if (actual !== expected) differences.push(JSON.stringify({ pattern, text, expected, actual }));
      else if (actual === 'refused') tally.refused++;
      else tally[actual ? 'matched' : 'unmatched']++;
    });
    console.log(tally);
    expect(differences.slice(0, 40)).toEqual([]);
    // The generator must not have degenerated: every kind of answer is well represented.
    expect(tally.matched).toBeGreaterThan(cases.length / 10);
    expect(tally.unmatched).toBeGreaterThan(cases.length / 10);
    expect(tally.refused).toBeGreaterThan(cases.length / 50);
    expect(tally.unsupported).toBeLessThan(cases.length / 20);
  });
});
