import { TsmoltError } from '@tsmolt/core';

export interface ListenAddress {
  /** Without the brackets of an IPv6 address; empty for all interfaces. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/**
 * Reads `host:port`, `[::1]:3000` or, as Go's programs do, `:3000`.
 *
 * @param flag the option that the text came from
 * @throws TsmoltError `TSM1001`
 */
export function parseListenAddress(text: string, flag: string): ListenAddress {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-fA-F:.%\w]*)\]|([^:/[\]@\s]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits !== undefined && port <= 65_535) return { host: bracketed ?? plain ?? '', port };
  throw new TsmoltError('TSM1001', {
    message: `${flag} is not an address: ${text}`,
    advice: 'Write it as host:port, such as localhost:3000, or [::1]:3000 for IPv6.',
  });
}

/** @returns `host:port` as it stands in a URL */
export function urlAuthority({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host.replace('%', '%25')}]` : host}:${port}`;
}
