import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asTsmoltError, errorCatalogue, stoppedOnRequest, TsmoltError } from './errors.js';

const cause = new Error('row 7');
const refused = new TsmoltError('TSM4001', {
  message: 'value too long',
  advice: 'Widen the column.',
  cause,
  serverCode: '22001',
});

describe('the catalogue', () => {
  it.each(Object.entries(errorCatalogue))('%s has a kind and a title of its own', (code, { kind, title }) => {
    expect(code).toMatch(/^TSM\d{4}$/);
    expect(['retry', 'operator', 'bug']).toContain(kind);
    expect(Object.values(errorCatalogue).filter((entry) => entry.title === title)).toHaveLength(1);
  });
});

describe('TsmoltError', () => {
  it('takes its kind from the catalogue and keeps what it was given', () => {
    expect(refused).toMatchObject({
      name: 'TsmoltError',
      code: 'TSM4001',
      kind: 'operator',
      serverCode: '22001',
      cause,
    });
    expect(new TsmoltError('TSM2007', { message: 'lost', advice: 'Wait.' })).toMatchObject({
      kind: 'retry',
      serverCode: undefined,
    });
  });

  it('has no cause where none was given', () => {
    expect('cause' in new TsmoltError('TSM1001', { message: 'bad', advice: 'Mend it.' })).toBe(false);
  });

  it('names a place and keeps everything else', () => {
    const placed = refused.at('public.orders, shard 2');
    expect(placed.message).toBe('public.orders, shard 2: value too long');
    expect(placed).toMatchObject({ code: 'TSM4001', advice: 'Widen the column.', serverCode: '22001' });
    expect(placed.cause).toBe(refused);
  });
});

describe('asTsmoltError', () => {
  it('leaves its own errors alone', () => {
    expect(asTsmoltError(refused)).toBe(refused);
  });

  it.each([
    [cause, 'row 7'],
    ['only text', 'only text'],
    [undefined, 'undefined'],
  ])('wraps %j', (thrown, message) => {
    const wrapped = asTsmoltError(thrown);
    expect(wrapped).toMatchObject({ code: 'TSM9001', kind: 'bug', message });
    expect(wrapped.cause).toBe(thrown);
    expect(wrapped.advice).not.toBe('');
  });
});

it('an operation that was stopped says so', () => {
  expect(stoppedOnRequest()).toMatchObject({ code: 'TSM1005', kind: 'operator' });
});

it('every code of the catalogue is explained in docs/2-errors.md', () => {
  const docs = readFileSync(new URL('../../../docs/2-errors.md', import.meta.url), 'utf8');
  const documented = [...docs.matchAll(/^\| (TSM\d{4})/gm)].map(([, code]) => code);
  expect(new Set(documented)).toEqual(new Set(Object.keys(errorCatalogue)));
});
