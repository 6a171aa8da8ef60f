/** What a server says when it refuses something. */
export interface ServerError {
  readonly sqlstate: string;
  readonly message: string;
  readonly hint?: string;
  readonly detail?: string;
}

/** The state of a session as ReadyForQuery tells it: idle, in a transaction, in a failed transaction. */
export type TransactionStatus = 'I' | 'T' | 'E';

export function message(type: string, body: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(5 + body.length);
  framed.write(type, 0, 'latin1');
  framed.writeUInt32BE(4 + body.length, 1);
  body.copy(framed, 5);
  return framed;
}

export function queryMessage(sql: string): Buffer {
  return message('Q', Buffer.from(`${sql}\0`));
}

export interface ParseBody {
  readonly name: string;
  readonly sql: string;
  /** The declared parameter types, as sent. */
  readonly types: Buffer;
}

export function readParse(body: Buffer): ParseBody {
  const nameEnd = body.indexOf(0);
  const sqlEnd = body.indexOf(0, nameEnd + 1);
  return {
    name: body.toString('utf8', 0, nameEnd),
    sql: body.toString('utf8', nameEnd + 1, sqlEnd),
    types: body.subarray(sqlEnd + 1),
  };
}

export function parseMessage(parse: ParseBody): Buffer {
  return message('P', Buffer.concat([Buffer.from(`${parse.name}\0${parse.sql}\0`), parse.types]));
}

/** The name of the prepared statement that a Bind message is for. */
export function boundStatement(body: Buffer): string {
  const portalEnd = body.indexOf(0);
  return body.toString('utf8', portalEnd + 1, body.indexOf(0, portalEnd + 1));
}

export function errorMessage(error: ServerError, severity: 'ERROR' | 'FATAL' = 'ERROR'): Buffer {
  const fields = [`S${severity}`, `V${severity}`, `C${error.sqlstate}`, `M${error.message}`];
  if (error.detail !== undefined) fields.push(`D${error.detail}`);
  if (error.hint !== undefined) fields.push(`H${error.hint}`);
  return message('E', Buffer.from(`${fields.join('\0')}\0\0`));
}

/** The fields of an ErrorResponse by their letter. */
export function readErrorFields(body: Buffer): ReadonlyMap<string, string> {
  const fields = body
    .toString('utf8')
    .split('\0')
    .filter((field) => field !== '');
  return new Map(fields.map((field) => [field.slice(0, 1), field.slice(1)]));
}

export function parameterStatus(name: string, value: string): Buffer {
  return message('S', Buffer.from(`${name}\0${value}\0`));
}

export function readyForQuery(status: TransactionStatus): Buffer {
  return message('Z', Buffer.from(status));
}

export function readStatus(body: Buffer): TransactionStatus {
  const status = body.toString('latin1', 0, 1);
  return status === 'T' || status === 'E' ? status : 'I';
}

/** The values of a DataRow, which must be in text format. */
export function readDataRow(body: Buffer): readonly (string | null)[] {
  const values: (string | null)[] = [];
  let at = 2;
  for (let left = body.readUInt16BE(0); left > 0; left--) {
    const length = body.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? null : body.toString('utf8', at, at + length));
    at += Math.max(0, length);
  }
  return values;
}
