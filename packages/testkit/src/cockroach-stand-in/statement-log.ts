import { appendFileSync } from 'node:fs';
import { redacted } from './sql/redacted.js';

/** Whether the statement came in a Query message or in a Parse message. */
export type StatementKind = 'simple' | 'parse';

/** Every statement that clients sent: in memory as they sent it, and in a file, one JSON object a line, without the secrets of URLs. */
export class StatementLog {
  readonly #file: string | undefined;
  readonly #statements: string[] = [];

  constructor(file: string | undefined) {
    this.#file = file;
  }

  record(connection: number, kind: StatementKind, sql: string): void {
    this.#statements.push(sql);
    if (this.#file === undefined) return;
    // Written at once: the file must be whole when a test program is killed.
    appendFileSync(
      this.#file,
      `${JSON.stringify({ at: new Date().toISOString(), connection, kind, sql: redacted(sql) })}\n`,
    );
  }

  statements(): readonly string[] {
    return [...this.#statements];
  }
}
