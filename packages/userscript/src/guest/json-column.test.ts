import { describe, expect, it } from 'vitest';
import { readJson, writeJson } from './json-column.js';

type Members = Record<string, unknown>;

describe('documents in JSON columns', () => {
  it('show numbers as strings, with all digits', () => {
    expect(readJson('{"a": 1.10, "b": [12345678901234567890, -1e3], "c": "2"}')).toEqual({
      a: '1.10',
      b: ['12345678901234567890', '-1e3'],
      c: '2',
    });
  });

  it('are not mistaken about digits inside of texts', () => {
    const text = String.raw`{"1": "2 \" 3", "x\\": "4", "y": -5}`;
    expect(readJson(text)).toEqual({ 1: '2 " 3', 'x\\': '4', y: '-5' });
    expect(writeJson(readJson(text))).toBe(String.raw`{"1":"2 \" 3","x\\":"4","y":-5}`);
  });

  it.each(['"text"', '5', 'true', 'null', 'not json', ''])('%s stays text', (text) => {
    expect(readJson(text)).toBe(text);
  });

  it('are written with numbers where numbers were, wherever the object went', () => {
    const view = readJson('{"a": {"n": 1, "s": "1"}, "list": [1, 2]}') as Members;
    expect(writeJson({ moved: view['a'], list: view['list'] })).toBe(
      '{"moved":{"n":1,"s":"1"},"list":[1,2]}',
    );
  });

  it('know the numbers of a copy by those of the document', () => {
    const text = '{"a": {"n": 1, "s": "1"}}';
    const copy = { ...(readJson(text) as Members), a: { n: '2', s: '2' } };
    expect(writeJson(copy, JSON.parse(text))).toBe('{"a":{"n":2,"s":"2"}}');
  });

  it('write a text where a number was, when it is none any more', () => {
    const view = readJson('{"n": 1}') as Members;
    view['n'] = 'one';
    expect(writeJson(view)).toBe('{"n":"one"}');
  });

  it('leave out members that are undefined, and refuse what is no JSON', () => {
    expect(writeJson({ a: undefined, b: [undefined], c: 5n })).toBe('{"b":[null],"c":5}');
    expect(() => writeJson({ a: Number.NaN })).toThrow('NaN');
    expect(() => writeJson({ a: () => 1 })).toThrow('function');
  });
});
