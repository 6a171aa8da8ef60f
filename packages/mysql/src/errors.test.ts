import { expect, test } from 'vitest';
import { ConnectionUrl } from '@tsmolt/core';
import { classify } from './errors.js';

const url = ConnectionUrl.parse('mysql://app:secret@old:3306/shop', '--source');

/** As the driver throws what ended a TLS handshake. */
function ofHandshake(message: string): Error {
  return Object.assign(new Error(message), { code: 'HANDSHAKE_SSL_ERROR', fatal: true });
}

test.each([
  'read ECONNRESET',
  'write EPIPE',
  'Client network socket disconnected before secure TLS connection was established',
])('a connection that is cut within the TLS handshake is lost, and may be tried again: %s', (message) => {
  expect(classify(ofHandshake(message), url, 'cannot connect')).toMatchObject({
    code: 'TSM2007',
    kind: 'retry',
  });
});

test.each(['self-signed certificate', 'certificate has expired'])(
  'a certificate that is not trusted is for a person: %s',
  (message) => {
    expect(classify(ofHandshake(message), url, 'cannot connect')).toMatchObject({
      code: 'TSM2005',
      kind: 'operator',
    });
  },
);

test('what a server says last on a connection that was idle is its own number, and the connection is lost', () => {
  const thrown = Object.assign(
    new Error('The client was disconnected by the server because of inactivity.'),
    {
      code: 4031,
      fatal: true,
    },
  );
  expect(classify(thrown, url, 'reading the binary log')).toMatchObject({
    code: 'TSM2007',
    kind: 'retry',
    serverCode: '4031',
  });
});
