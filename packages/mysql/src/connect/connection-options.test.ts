import { checkServerIdentity } from 'node:tls';
import type { PeerCertificate } from 'node:tls';
import { ConnectionUrl, silentLogger } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { connectionOptions } from './connection-options.js';

const options = {
  allowUnencrypted: true,
  applicationName: 'tsmolt',
  maxConnections: 1,
  logger: silentLogger(),
};

function optionsFor(text: string, tls = false): ReturnType<typeof connectionOptions> {
  const attempt = tls ? ({ tls, options: {} } as const) : ({ tls } as const);
  return connectionOptions(ConnectionUrl.parse(text, '--source'), attempt, options);
}

test.each([
  [
    'mysql://u:p@db.example/shop',
    { host: 'db.example', port: 3306, user: 'u', password: 'p', database: 'shop' },
  ],
  ['mysql://u:p@db.example:3307/shop', { host: 'db.example', port: 3307 }],
  ['mysql://u:p@unix(/run/mysqld/mysqld.sock)/shop', { socketPath: '/run/mysqld/mysqld.sock' }],
  ['mysql://u:p@10.0.0.1/shop', { host: '10.0.0.1' }],
  ['mysql://u:p@db.example/shop?connect_timeout=3', { connectTimeout: 3000 }],
  ['mysql://u:p@db.example/shop?timeout=500ms', { connectTimeout: 500 }],
  ['mysql://u:p@db.example/shop?timeout=2m&parseTime=true', { connectTimeout: 120_000 }],
])('%s', (text, expected) => {
  expect(optionsFor(text)).toMatchObject(expected);
});

test('a timeout that is none is refused', () => {
  expect(() => optionsFor('mysql://u:p@db/shop?timeout=soon')).toThrow(
    expect.objectContaining({ code: 'TSM1002' }),
  );
});

test.each(['10.0.0.1', '::1'])('the certificate of %s must be for that address', (address) => {
  const { host = '' } = optionsFor(
    `mysql://u:p@${address.includes(':') ? `[${address}]` : address}/shop`,
    true,
  );
  const issuedFor = (names: string): PeerCertificate =>
    ({ subject: { CN: 'localhost' }, subjectaltname: names }) as unknown as PeerCertificate;
  expect(checkServerIdentity(host, issuedFor(`DNS:localhost, IP Address:${address}`))).toBeUndefined();
  expect(checkServerIdentity(host, issuedFor('DNS:localhost, IP Address:10.9.9.9'))).toBeInstanceOf(Error);
});
