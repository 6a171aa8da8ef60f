import { ConnectionUrl } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { escapePassword } from './escape-password-command.js';

test.each(['a$52&', '-starts-with-a-hyphen', 'all of :/?#[]@!$&\'()*+,;=% "\\|<>^`{}', 'pässwörd €😀', ''])(
  '%j survives a connection string',
  (password) => {
    const url = `postgres://user:${escapePassword(password)}@host:1/db?sslmode=disable`;
    const parsed = ConnectionUrl.parse(url, '--source');
    expect(parsed.password.reveal()).toBe(password);
    expect(parsed.host).toBe('host');
  },
);
