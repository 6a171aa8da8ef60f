import { inspect } from 'node:util';
import { TsmoltError } from './errors.js';

const redacted = '<redacted>';

/** A value that never prints itself: not by string conversion, not as JSON, not in an inspected object. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The only way to the value. Call it where the value is handed to a driver and nowhere else. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}

/** A connection string as a value: its password and its secret parameters are redacted wherever it is printed. */
export class ConnectionUrl {
  readonly scheme: string;
  readonly user: string;
  readonly password: Secret;
  readonly host: string;
  /** 0 where the string names none: the adapter knows its engine's default. */
  readonly port: number;
  readonly database: string;
  readonly parameters: ReadonlyMap<string, string>;

  private constructor(url: URL) {
    this.scheme = url.protocol.slice(0, -1);
    this.user = decodeURIComponent(url.username);
    this.password = new Secret(decodeURIComponent(url.password));
    // A Unix socket is written percent-encoded in the host's place; IPv6 addresses carry brackets.
    this.host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1');
    this.port = url.port === '' ? 0 : Number(url.port);
    this.database = decodeURIComponent(url.pathname.replace(/^\//, ''));
    this.parameters = new Map(url.searchParams);
  }

  /**
   * @param flag the option that the text came from, for the message
   * @throws TsmoltError `TSM1002`; the message never repeats the text, for it may hold a password.
   */
  static parse(text: string, flag: string): ConnectionUrl {
    try {
      const url = new URL(withPlainAddress(text));
      // What is left of a mistyped Go address.
      if (/[()]/.test(url.hostname)) throw new Error('parentheses in the host');
      return new ConnectionUrl(url);
    } catch {
      throw new TsmoltError('TSM1002', {
        message: `${flag} is not a connection string`,
        advice:
          'Write it as postgres://user:password@host:port/database?sslmode=verify-full, or with another scheme; ' +
          'special characters in the password must be percent-encoded.',
      });
    }
  }

  /** The string with its password and secret parameters replaced. */
  toString(): string {
    const login =
      this.user === ''
        ? ''
        : `${encodeURIComponent(this.user)}${this.password.reveal() === '' ? '' : ':' + redacted}@`;
    const port = this.port === 0 ? '' : `:${this.port}`;
    return `${this.scheme}://${login}${this.printedHost()}${port}/${encodeURIComponent(this.database)}${this.printedParameters()}`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }

  private printedHost(): string {
    if (this.host.includes('/')) return encodeURIComponent(this.host);
    return this.host.includes(':') ? `[${this.host}]` : this.host;
  }

  private printedParameters(): string {
    if (this.parameters.size === 0) return '';
    const printed = [...this.parameters].map(([name, value]) =>
      /password|secret|key|token|options/i.test(name) ? `${name}=${redacted}` : `${name}=${value}`,
    );
    return `?${printed.join('&')}`;
  }
}

/** The address as Go's MySQL driver writes it, behind scheme and login: `tcp(host:port)`, `unix(/path)`. */
const goAddress = /^([a-z][a-z\d+.-]*:\/\/(?:[^/?#]*@)?)(tcp|unix)\(([^()]*)\)/i;

/** MOLT's manual allows Go's form `{protocol}({address})`; a URL has the address alone, a socket's path percent-encoded. */
function withPlainAddress(text: string): string {
  return text.replace(goAddress, (_match, before: string, protocol: string, address: string) =>
    protocol.toLowerCase() === 'unix' ? before + encodeURIComponent(address) : before + address,
  );
}
