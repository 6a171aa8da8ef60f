import { expect, test } from 'vitest';
import { shapeDifference } from './published-relation.js';

const types = new Map([
  [23, 'integer'],
  [25, 'text'],
]);

/** `name:type` or `name:type:modifier`. */
function shape(text: string): { name: string; typeOid: number; typmod: number }[] {
  return text.split(' ').map((column) => {
    const [name = '', type, typmod = '-1'] = column.split(':');
    return { name, typeOid: Number(type), typmod: Number(typmod) };
  });
}

test.each([
  ['a:23 b:25', 'a:23 b:25', []],
  ['a:23 b:25', 'a:23 b:25 c:23', ['column "c" integer was added']],
  ['a:23 b:25', 'b:25', ['column "a" was dropped']],
  ['a:23 b:25', 'a:23 B:25', ['column "b" was renamed to "B"']],
  ['a:23 b:25', 'a:25 b:25', ['column "a" was changed from integer to text']],
  ['a:23 b:25:9', 'a:23 b:25:12', ['column "b" text got another length or precision']],
  ['a:23 b:25:9', 'a:23 c:25:12', ['column "b" was renamed to "c"', 'column "c" text got another length or precision']],
  ['a:23 b:25', 'b:25 c:99', ['column "a" was dropped', 'column "c" (type with oid 99) was added']],
  ['a:23 b:25', 'b:25 a:23', ['its columns are in another order']],
])('from %s to %s', (before, after, differences) => {
  expect(shapeDifference(shape(before), shape(after), types)).toEqual(differences);
}); // prettier-ignore
