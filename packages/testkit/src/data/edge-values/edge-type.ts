/** One PostgreSQL type and the values at its edges. */
export interface EdgeType {
  /** As in a column's declaration. */
  readonly type: string;
  /** Statements that make what the type needs, in schema `edge`. */
  readonly setup?: readonly string[];
  /** `server_version_num` that the type or its values need. */
  readonly minVersion?: number;
  /** A server may have been built without it. */
  readonly optional?: boolean;
  /** SQL expressions that can be cast to the type. */
  readonly values: readonly string[];
}

/** A literal that means the same whatever `standard_conforming_strings` says. */
export function text(value: string): string {
  const doubled = value.replaceAll("'", "''");
  return doubled.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}

export function texts(...values: readonly string[]): string[] {
  return values.map(text);
}
