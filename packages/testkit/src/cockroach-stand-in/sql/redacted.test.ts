import { expect, test } from 'vitest';
import { redacted } from './redacted.js';

test.each([
  [
    's3://b/f?AWS_ACCESS_KEY_ID=K&AWS_SECRET_ACCESS_KEY=s%2Fx&AWS_REGION=r',
    's3://b/f?AWS_ACCESS_KEY_ID=K&AWS_SECRET_ACCESS_KEY=redacted&AWS_REGION=r',
  ],
  [`gs://b/f?AUTH=specified&CREDENTIALS=abc=='`, `gs://b/f?AUTH=specified&CREDENTIALS=redacted'`],
  ['http://user:secret@host/f', 'http://user:redacted@host/f'],
  ['http://host:80/f', 'http://host:80/f'],
])('%s', (text, shown) => {
  expect(redacted(text)).toBe(shown);
});
