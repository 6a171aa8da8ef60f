import { expect, test } from 'vitest';
import { sessionSettings } from './sql.js';

test('a session prints values in one way and loads all rows of a COPY or none', () => {
  expect(sessionSettings().split('; ')).toMatchInlineSnapshot(`
    [
      "SET timezone = 'UTC'",
      "SET datestyle = 'ISO, MDY'",
      "SET intervalstyle = 'postgres'",
      "SET extra_float_digits = '3'",
      "SET bytea_output = 'hex'",
      "SET statement_timeout = '0'",
      "SET lock_timeout = '0'",
      "SET idle_in_transaction_session_timeout = '0'",
      "SET copy_from_atomic_enabled = 'on'",
    ]
  `);
});
