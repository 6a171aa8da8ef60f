import { describe, expect, it } from 'vitest';
import { TsmoltError } from './errors.js';
import { compilePosix } from './posix-regexp.js';

type Row = readonly [pattern: string, text: string, expected: boolean];
const raw = String.raw;

const tables: Readonly<Record<string, readonly Row[]>> = {
  'matches anywhere and regards case': [
    ['order', 'sales_orders', true],
    ['^order', 'sales_orders', false],
    ['Order', 'orders', false],
    ['', 'orders', true],
    ['^(orders|customers)$', 'customers', true],
    ['^$', '', true],
    ['a||b', 'x', true],
    ['^(|a)$', '', true],
    ['^()*x$', 'x', true],
  ],
  'bracket expressions': [
    ['^[]abc]$', ']', true],
    ['^[^]abc]$', ']', false],
    ['^[^]abc]$', 'x', true],
    ['^[a-c-]$', '-', true],
    ['^[--/]$', '.', true],
    ['^[a^]$', '^', true],
    ['^[[]$', '[', true],
    ['^[[.-.]]$', '-', true],
    ['^[[.a.]-c]$', 'b', true],
    ['^[[=a=]]$', 'a', true],
    [raw`^[a\]b]$`, ']', true],
    [raw`^[\d_]+$`, '1_2', true],
    [raw`^[\D]$`, '1', false],
    [raw`^[^\W]$`, 'a', true],
    ['^[[:alpha:]]+$', 'täble', true],
    ['^[[:digit:]]$', '٣', false],
    ['^[[:space:]]$', '\t', true],
    ['^[[:punct:]]$', '$', true],
    ['^[^[:punct:]]$', '$', false],
    ['^[[:word:]]+$', 'a_1', true],
    ['^[[:xdigit:]]+$', 'Ff0', true],
    ['[*.+?(){}|^$/&~]', '&', true],
  ],
  constraints: [
    ['[[:<:]]id', 'x id', true],
    ['[[:<:]]id', 'xid', false],
    ['id[[:>:]]', 'id x', true],
    [raw`\mid\M`, 'an id here', true],
    [raw`\mid\M`, 'user_id', false],
    [raw`id\y`, 'user_id', true],
    [raw`\Yid`, 'user_id', true],
    [raw`\Yid`, 'id', false],
    [raw`\Aid\Z`, 'id', true],
    [raw`^a$`, 'b\na', false],
    ['a(?=b)', 'ab', true],
    ['a(?!b)', 'ab', false],
    ['(?<=a)b', 'ab', true],
    ['(?<!a)b', 'ab', false],
    [raw`\Y`, 'a😀b', false],
  ],
  escapes: [
    [raw`^\d\D$`, '1a', true],
    [raw`^\s\S$`, ' a', true],
    [raw`^\w\W$`, '_-', true],
    [raw`^\_\-\"\/\é$`, '_-"/é', true],
    [raw`^\x41$`, 'A', true],
    [raw`^\x20ac$`, '€', true],
    [raw`^\u20acc$`, '€c', true],
    [raw`^\U0001f600$`, '😀', true],
    [raw`^\cI$`, '\t', true],
    [raw`^\e$`, '\u001b', true],
    [raw`^\B$`, '\\', true],
    [raw`^\b$`, '\b', true],
    [raw`^\101\60$`, 'A0', true],
    [raw`^.$`, '😀', true],
    ['^a.b$', 'a\nb', true],
  ],
  'quantifiers and back-references': [
    ['^a{2}$', 'aa', true],
    ['^a{2,}$', 'a', false],
    ['^a{1,2}$', 'aaa', false],
    ['^a{,2}$', 'a{,2}', true],
    ['^a{b}$', 'a{b}', true],
    ['^a+?b*?c??$', 'aab', true],
    [raw`^(a|b)\1$`, 'aa', true],
    [raw`^(a|b)\1$`, 'ab', false],
    [raw`^(a)\10$`, 'aa0', false],
    [raw`^(a)\1*$`, 'aaa', true],
    [raw`^(?:x(?=(b)))b(c)\1$`, 'xbcc', true],
  ],
  'options, directors and comments': [
    ['(?i)^ORDERS$', 'orders', true],
    ['(?i)^[k]$', '\u212a', false],
    ['(?i)^[[:upper:]]$', 'é', true],
    ['(?i)^[^a-c]$', 'B', false],
    ['(?x)^ a b # two\n c $', 'abc', true],
    [raw`(?x)^a\ b[ ]$`, 'a b ', true],
    ['(?n)^b$', 'a\nb', true],
    ['(?n)^b$', 'a\rb', false],
    ['(?n)a.b', 'a\nb', false],
    ['(?n)a[^x]b', 'a\nb', false],
    ['(?p)^b$', 'a\nb', false],
    ['(?w)a.b', 'a\nb', true],
    ['(?s)a.b', 'a\nb', true],
    ['(?q)a.b', 'axb', false],
    ['(?qi)A.B', 'xa.bx', true],
    ['***:a.b', 'axb', true],
    ['***=a.b|(', 'a.b|(', true],
    ['***=a.b', 'axb', false],
    ['a(?#a comment)*b', 'b', true],
  ],
};

/** What PostgreSQL refuses, and where the fault lies. */
const invalid: readonly (readonly [pattern: string, character: number, fault: string])[] = [
  ['*a', 1, 'follows nothing that can be repeated'],
  ['a|*', 3, 'follows nothing that can be repeated'],
  ['a**', 3, 'follows nothing that can be repeated'],
  ['^*', 2, 'follows nothing that can be repeated'],
  ['a)', 2, ') has no ('],
  ['(a', 1, '( is not closed'],
  ['ab[c', 3, 'the bracket is not closed'],
  ['[]', 1, 'the bracket is not closed'],
  ['[[:alpha:', 2, 'the bracket is not closed'],
  ['[[:letter:]]', 2, 'there is no character class [:letter:]'],
  ['[b-a]', 2, 'the range b-a is empty'],
  ['[a-b-c]', 5, 'the hyphen follows no character'],
  [raw`[a\y]`, 3, 'no meaning between [ and ]'],
  [raw`a\q`, 2, 'there is no escape'],
  ['a\\', 3, 'ends with a backslash'],
  [raw`\u12`, 3, 'needs 4 hexadecimal digits'],
  ['a{3,1}', 2, 'the bound ends before it starts'],
  ['a{256}', 3, 'a bound is at most 255'],
  ['a{1', 2, 'the bound is not'],
  [raw`(a)\2`, 4, 'refers to no group'],
  [raw`(a\1)`, 3, 'refers to no group'],
  [raw`(a)(?=\1)`, 7, 'refers to no group'],
  ['a(?i)', 2, 'there is no group that starts with (?i'],
  ['(?y)a', 3, 'there is no embedded option y'],
  ['***a', 1, '*** must be followed by'],
];

/** What PostgreSQL knows and JavaScript cannot mean in the same way. */
const unsupported: readonly (readonly [pattern: string, construct: string])[] = [
  ['(?e)a', 'the embedded option e'],
  ['[[.space.]]', 'collating elements by name (space)'],
  [raw`(?i)(a)\1`, 'a back-reference without regard to case'],
  [raw`(a)|b\1`, 'a back-reference to a group that is in an alternative'],
  [raw`(a)?\1`, 'a back-reference to a group that is repeated'],
  [raw`(a\M)\1`, 'a back-reference to a group that is tied to its place'],
  [raw`(a)(?:b\1)*`, 'a quantifier on a group with a back-reference'],
  [raw`\xffffffff`, 'a character beyond Unicode'],
  ['(?i)İ', 'the character İ without regard to case'],
];

function faultOf(pattern: string): TsmoltError {
  try {
    compilePosix(pattern, '--table-filter');
  } catch (error) {
    if (error instanceof TsmoltError) return error;
  }
  throw new Error(`${pattern} was not refused`);
}

describe('compilePosix', () => {
  for (const [title, rows] of Object.entries(tables)) {
    it.each(rows)(`${title}: %j on %j is %j`, (pattern, text, expected) => {
      expect(compilePosix(pattern, '--table-filter').test(text)).toBe(expected);
    });
  }

  it.each(invalid)('refuses %j at character %i: %s', (pattern, character, fault) => {
    const { code, message } = faultOf(pattern);
    expect(code).toBe('TSM1003');
    expect(message).toContain(`--table-filter "${pattern}", character ${character}: `);
    expect(message).toContain(fault);
  });

  it.each(unsupported)('gives up on %j: %s', (pattern, construct) => {
    const { code, message, advice } = faultOf(pattern);
    expect(code).toBe('TSM1003');
    expect(message).toContain(`tsmolt does not support ${construct}`);
    expect(advice).not.toBe('');
  });
});
