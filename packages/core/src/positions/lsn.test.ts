import { describe, expect, it } from 'vitest';
import { Lsn } from './lsn.js';

describe('Lsn', () => {
  it.each(['0/0', '0/43A1960', '16/B374D848', 'FFFFFFFF/FFFFFFFF'])('prints %s as it was read', (text) => {
    expect(Lsn.parse(text).toString()).toBe(text);
  });

  it('reads both halves of the 64 bits', () => {
    expect(Lsn.parse('1/2').value).toBe(0x100000002n);
    expect(Lsn.parse('0000000a/0000000b').toString()).toBe('A/B');
  });

  it('orders by number, not by text', () => {
    expect(Lsn.parse('0/9').compare(Lsn.parse('0/10'))).toBe(-1);
    expect(Lsn.parse('A/0').compare(Lsn.parse('9/FFFFFFFF'))).toBe(1);
    expect(Lsn.parse('0/ab').compare(Lsn.parse('0/AB'))).toBe(0);
  });

  it.each(['', '0', '0/', '/0', '0/123456789', '0/xyz', '0/1 ', '-1/0', '0x0/1'])('refuses "%s"', (text) => {
    expect(() => Lsn.parse(text)).toThrow(expect.objectContaining({ code: 'TSM1004' }));
  });
});
