import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createLogger } from './log.js';
import { ConnectionUrl, Secret } from './secret.js';

const password = 'hunter2/&?';

/** Every way in which a value is likely to be printed. */
function printed(value: Secret | ConnectionUrl): string[] {
  const error = new Error('failed', { cause: value });
  const lines: string[] = [];
  createLogger('info', { write: (line) => lines.push(line) }).info(
    { value, nested: { value } },
    'connecting',
  );
  return [
    `the value is ${value.toString()}`,
    String(value),
    JSON.stringify({ value, list: [value] }),
    inspect(value, { depth: null, showHidden: true }),
    inspect({ value, map: new Map([['value', value]]) }, { depth: null }),
    inspect(error, { depth: null }),
    format('%s %o %O %j', value, value, value, value),
    ...lines,
  ];
}

describe('Secret', () => {
  it('is revealed on request and printed never', () => {
    const secret = new Secret(password);
    expect(secret.reveal()).toBe(password);
    for (const text of printed(secret)) expect(text).not.toContain('hunter2');
  });

  it('does not give its value to a copy', () => {
    expect(Object.entries(new Secret(password))).toEqual([]);
    expect(Object.values(structuredClone(new Secret(password)))).toEqual([]);
  });
});

describe('ConnectionUrl', () => {
  const text = `postgres://app:${encodeURIComponent(password)}@db.example:5433/shop?sslmode=require&sslpassword=hunter2`;

  it('takes a connection string apart', () => {
    const url = ConnectionUrl.parse(text, '--source');
    expect(url).toMatchObject({
      scheme: 'postgres',
      user: 'app',
      host: 'db.example',
      port: 5433,
      database: 'shop',
    });
    expect(url.password.reveal()).toBe(password);
    expect(url.parameters.get('sslmode')).toBe('require');
  });

  it('prints everything but the secrets', () => {
    const url = ConnectionUrl.parse(text, '--source');
    expect(url.toString()).toBe(
      'postgres://app:<redacted>@db.example:5433/shop?sslmode=require&sslpassword=<redacted>',
    );
    for (const one of printed(url)) expect(one).not.toContain('hunter2');
  });

  it('keeps IPv6 addresses, socket directories and the missing parts apart', () => {
    expect(ConnectionUrl.parse('postgres://[::1]:26257/defaultdb', '--target').host).toBe('::1');
    expect(ConnectionUrl.parse('postgres://%2Fvar%2Frun/shop', '--source').host).toBe('/var/run');
    expect(ConnectionUrl.parse('postgres://db/shop', '--source')).toMatchObject({ user: '', port: 0 });
  });

  it.each([
    ['mysql://app:hunter2@tcp(db.example:3307)/shop', 'db.example', 3307],
    ['mysql://app:hunter2@tcp(db.example)/shop?sslmode=require', 'db.example', 0],
    ['mysql://app:hunter2@tcp([fe80::1]:3306)/shop', 'fe80::1', 3306],
    ['mariadb://app:hunter2@unix(/Var/run/my sql.sock)/shop', '/Var/run/my sql.sock', 0],
    ['mysql://app:hunter2@db.example:3307/shop', 'db.example', 3307],
  ])('takes the address of %s', (written, host, port) => {
    const url = ConnectionUrl.parse(written, '--source');
    expect(url).toMatchObject({ user: 'app', host, port, database: 'shop' });
    expect(url.password.reveal()).toBe('hunter2');
    for (const one of printed(url)) expect(one).not.toContain('hunter2');
    expect(ConnectionUrl.parse(url.toString(), '--source')).toMatchObject({ host, port, database: 'shop' });
  });

  it.each(['mysql://app:hunter2@tcp(db:3306/shop', 'mysql://app:hunter2@tcp(db:port)/shop'])(
    'does not take %s for an address',
    (written) => {
      const parse = (): ConnectionUrl => ConnectionUrl.parse(written, '--source');
      expect(parse).toThrow(/^--source is not a connection string$/);
    },
  );

  it('does not repeat a string that it cannot read', () => {
    const parse = (): ConnectionUrl => ConnectionUrl.parse(`postgres://app:${password}@db:port/`, '--source');
    expect(parse).toThrow(expect.objectContaining({ code: 'TSM1002' }));
    expect(parse).toThrow(/^--source is not a connection string$/);
  });
});
