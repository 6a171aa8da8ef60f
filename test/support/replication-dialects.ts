import { connectSql, runMysql } from '@tsmolt/testkit';

/** Statements of one transaction, BEGIN and its end included, on a connection that lives as long as it works. */
export interface WriterSession {
  /** @throws what the server or the connection says; nothing of the transaction is open then */
  run(statements: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** What the engines write in different ways. */
export interface WorkloadDialect {
  readonly begin: string;
  readonly types: { readonly long: string; readonly name: string };
  /** Whether a unique constraint can be checked at the end of a statement or a transaction. */
  readonly deferrable: boolean;
  readonly literal: (text: string) => string;
  /** A text that looks like any other and cannot be compressed by much. */
  readonly hash: (text: string) => string;
  /** For the source, behind its tables. */
  readonly settle: readonly string[];
  readonly open: (url: string) => WriterSession;
  /** Whether the server has refused a statement; it may have committed where it has not. */
  readonly isRefusal: (thrown: unknown) => boolean;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export const postgresWorkload: WorkloadDialect = {
  begin: 'BEGIN',
  types: { long: 'text', name: 'varchar(60)' },
  deferrable: true,
  literal: quoted,
  hash: (text) => `md5(${text})`,
  settle: [
    // Out of line however small, so that an update of another column does not send it.
    'ALTER TABLE documents ALTER body SET STORAGE EXTERNAL',
  ],
  open: postgresSession,
  isRefusal: (thrown) => /^(?:40|23)/.test(codeOf(thrown)),
};

function mysqlFamily(collation: string): WorkloadDialect {
  const unicode = `CHARACTER SET utf8mb4 COLLATE ${collation}`;
  return {
    begin: 'START TRANSACTION',
    types: { long: `longtext ${unicode}`, name: `varchar(60) ${unicode}` },
    deferrable: false,
    literal: (text) => quoted(text.replaceAll('\\', '\\\\')),
    // MySQL 9.6 has no md5() any more.
    hash: (text) => `substr(sha2(${text}, 256), 1, 32)`,
    settle: [],
    open: (url) => ({
      run: async (statements) => void (await runMysql(url, 'SET NAMES utf8mb4', ...statements)),
      close: () => Promise.resolve(),
    }),
    isRefusal: (thrown) =>
      /^ER_(?:LOCK_|DUP_|NO_REFERENCED|ROW_IS_REFERENCED|CHECKREAD)/.test(codeOf(thrown)),
  };
}

export const mysqlWorkload = mysqlFamily('utf8mb4_0900_bin');
export const mariadbWorkload = mysqlFamily('utf8mb4_nopad_bin');

function postgresSession(url: string): WriterSession {
  let client: ReturnType<typeof connectSql> | undefined;
  const forget = async (): Promise<void> => {
    const broken = client;
    client = undefined;
    await broken?.then((one) => one.end()).catch(() => undefined);
  };
  return {
    run: async (statements) => {
      try {
        client ??= connectSql(url);
        const connected = await client;
        for (const statement of statements) await connected.query(statement);
      } catch (thrown) {
        // Whatever is open ends with its connection.
        await forget();
        throw thrown;
      }
    },
    close: forget,
  };
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
