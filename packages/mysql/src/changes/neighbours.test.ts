import { expect, test } from 'vitest';
import { Neighbours } from './neighbours.js';
import type { ForeignStatement, Program, Programs } from './neighbours.js';
import { meaningOf } from './statements.js';

function foreign(statement: string, database: string): ForeignStatement {
  const meaning = meaningOf(statement, database, { database: 'shop', tables: ['t'], foldsCase: false });
  if (meaning.kind !== 'foreign rows') throw new Error(`${statement} is ${meaning.kind}`);
  return meaning;
}

const trigger = (schema: string, body: string): Program => ({ kind: 'trigger', schema, name: 'tr', body });

interface Setting {
  readonly neighbours: Neighbours;
  readonly warnings: string[];
  reads: number;
  now: number;
}

function neighboursWith(programs: Programs): Setting {
  const setting: Setting = {
    warnings: [],
    reads: 0,
    now: 0,
    neighbours: new Neighbours({
      database: 'shop',
      foldsCase: false,
      read: () => {
        setting.reads += 1;
        return Promise.resolve(programs);
      },
      warn: (message) => setting.warnings.push(message),
      now: () => setting.now,
    }),
  };
  return setting;
}

const found: Program[] = [
  trigger('audit', 'INSERT INTO `shop`.t VALUES (NEW.id)'),
  trigger('through', 'BEGIN CALL audit.note(1); END'),
  {
    kind: 'routine',
    schema: 'report',
    name: 'refresh',
    body: 'BEGIN DELETE FROM u; INSERT INTO u SELECT * FROM shop.t ON DUPLICATE KEY UPDATE n = 1; UPDATE u SET n = REPLACE(n, 1, 2); END',
  },
  trigger('loops', 'BEGIN IF NEW.a THEN UPDATE u, `shop`.t SET n = 1; END IF; END'),
  trigger('counts', 'SET NEW.n = shop.next_number()'),
  trigger('harmless', `SET NEW.shop = 'shop.t', NEW.v = t.shop`),
  { kind: 'routine', schema: 'shop', name: 'Next_Number', body: 'BEGIN UPDATE t SET n = 1; END' },
  { kind: 'view', schema: 'report', name: 'items', body: 'select `shop`.`t`.`id` AS `id` from `shop`.`t`' },
  { kind: 'view', schema: 'report', name: 'over', body: 'select `id` from `report`.`items`' },
  { kind: 'view', schema: 'report', name: 'own', body: 'select `id` from `report`.`u`' },
];

test.each<[string, string, RegExp]>([
  ['INSERT INTO src VALUES (1)', 'audit', /trigger audit\.tr writes to shop/],
  ['UPDATE audit.src SET a = 1', 'x', /trigger audit\.tr writes to shop/],
  ['INSERT INTO x.y VALUES (audit.f())', 'x', /trigger audit\.tr writes to shop/],
  ['DELETE FROM loops.src', 'x', /trigger loops\.tr writes to shop/],
  ['REPLACE INTO counts.src VALUES (1)', 'x', /trigger counts\.tr writes to shop/],
  ['DELETE FROM src', 'through', /trigger through\.tr writes to audit/],
  ['INSERT INTO x.y VALUES (next_number(1))', 'shop', /routine shop\.next_number/],
  ['INSERT INTO report.items VALUES (1)', 'x', /report\.items is a view/],
  ['UPDATE report.over, x.y SET id = 1', 'x', /report\.over is a view/],
])('%s (in %s) may change rows', async (statement, database, reason) => {
  const { neighbours } = neighboursWith({ found, complete: true });
  expect(await neighbours.reason(foreign(statement, database))).toMatch(reason);
});

test.each([
  ['INSERT INTO src VALUES (1)', 'harmless'],
  ['INSERT INTO x.y SELECT COUNT(*) FROM shop.t', 'shop'],
  ['INSERT INTO x.y SELECT * FROM report.items', 'x'],
  ['INSERT INTO x.y SELECT * FROM audit.src', 'x'],
  ['INSERT INTO u SELECT * FROM shop.t', 'report'],
  ['INSERT INTO x.items VALUES (1)', 'x'],
  ['INSERT INTO report.own VALUES (next_number(1))', 'x'],
])('%s (in %s) changes none', async (statement, database) => {
  const { neighbours, warnings } = neighboursWith({ found, complete: true });
  expect(await neighbours.reason(foreign(statement, database))).toBeUndefined();
  expect(warnings).toEqual([]);
});

test('the answer is remembered for a while, and forgotten when a program is made', async () => {
  const setting = neighboursWith({ found, complete: true });
  const { neighbours } = setting;
  const statement = foreign('INSERT INTO x.y VALUES (1)', 'x');
  const ask = async (): Promise<number> => {
    await neighbours.reason(statement);
    return setting.reads;
  };
  expect(await ask()).toBe(1);
  expect(neighbours.reason(statement), 'without waiting').toBeUndefined();
  setting.now = 9 * 60_000;
  expect(await ask()).toBe(1);
  setting.now = 11 * 60_000;
  expect(await ask()).toBe(2);
  neighbours.forget();
  expect(await ask()).toBe(3);
});

test('where not all can be seen, that is said once for each database', async () => {
  const { neighbours, warnings } = neighboursWith({ found: [], complete: false });
  for (const statement of ['INSERT INTO x.y VALUES (1)', 'INSERT INTO y.z VALUES (1)', 'DELETE FROM x.y'])
    await neighbours.reason(foreign(statement, 'z'));
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toMatch(/database x .*shop cannot be known.*GRANT SELECT, TRIGGER/);
});
