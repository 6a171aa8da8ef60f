import { ConnectionUrl } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { supported } from './identify.js';

const url = ConnectionUrl.parse('mysql://u:p@db.example/shop', '--source');

test.each(['5.7.0', '8.4.3', '9.7.4', '10.6.0-MariaDB', '11.4.2-MariaDB'])(
  '%s is supported',
  (versionText) => {
    expect(supported(url, versionText).version.join('.')).toBe(versionText.replace('-MariaDB', ''));
  },
);

test.each(['5.6.51', '10.5.29-MariaDB', '5.5.5-10.3.39-MariaDB', 'something else'])(
  '%s is refused',
  (versionText) => {
    expect(() => supported(url, versionText)).toThrow(expect.objectContaining({ code: 'TSM2008' }));
  },
);
