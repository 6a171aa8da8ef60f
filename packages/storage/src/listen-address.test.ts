import { expect, test } from 'vitest';
import { parseListenAddress, urlAuthority } from './listen-address.js';

test.each([
  ['localhost:3000', 'localhost', 3000, 'localhost:3000'],
  ['44.55.66.77:0', '44.55.66.77', 0, '44.55.66.77:0'],
  [':3000', '', 3000, ':3000'],
  ['[::1]:3000', '::1', 3000, '[::1]:3000'],
  ['[fe80::1%eth0]:3000', 'fe80::1%eth0', 3000, '[fe80::1%25eth0]:3000'],
  ['host.example.com:65535', 'host.example.com', 65_535, 'host.example.com:65535'],
])('reads %s', (text, host, port, authority) => {
  const address = parseListenAddress(text, '--flag');
  expect(address).toEqual({ host, port });
  expect(urlAuthority(address)).toBe(authority);
});

test.each([
  '',
  '3000',
  'localhost',
  'localhost:',
  '::1:3000',
  '[::1]',
  'a:65536',
  'http://a:1',
  'a:1/b',
  'u@a:1',
])('refuses "%s"', (text) => {
  expect(() => parseListenAddress(text, '--flag')).toThrow(
    expect.objectContaining({ code: 'TSM1001', message: `--flag is not an address: ${text}` }) as Error,
  );
});
