import type { LogicalType } from '@tsmolt/core';

/**
 * The type `"char"`, which is one byte. From version 16 on a byte beyond ASCII is printed, and read, as a backslash and
 * three octal digits; before, it is printed as it is, which is no UTF-8, and of the octal form only the backslash is read.
 * Everywhere in tsmolt its text is the octal form: servers before 16 are spoken to by these expressions.
 *
 * Source: PostgreSQL's release notes, version 16, "Data Types".
 */
const nativeName = '"char"';

/** What the text of a byte beyond ASCII looks like. */
const octalForm = String.raw`^\\[23][0-7]{2}$`;

/** The same inside of the text of an array or a composite. */
const octalInside = String.raw`\\[23][0-7]{2}`;

/** Whether a server reads and prints the octal form by itself. */
export function knowsOctalChar(versionNumber: number): boolean {
  return versionNumber >= 160_000;
}

/** How values of a type hold a `"char"`, if they do. */
export function heldChar(type: LogicalType): 'itself' | 'inside' | undefined {
  switch (type.kind) {
    case 'native':
      return type.name === nativeName ? 'itself' : undefined;
    case 'domain':
      return heldChar(type.base);
    case 'array':
      return heldChar(type.element) === undefined ? undefined : 'inside';
    case 'composite':
      return type.fields.some((field) => heldChar(field.type) !== undefined) ? 'inside' : undefined;
    default:
      return undefined;
  }
}

/** The octal form as a `"char"`, on a server before 16; undefined for every other text, which such a server reads as it is. */
export function charValue(text: string): string | undefined {
  const digits = new RegExp(octalForm).test(text) ? text.slice(1) : undefined;
  return digits === undefined ? undefined : `(${Number.parseInt(digits, 8) - 256})::"char"`;
}

/** A text as a `"char"`, on a server before 16. */
export function charFromText(text: string): string {
  const digit = (at: number): string => `substr(${text}, ${at}, 1)::int`;
  const byte = `${digit(2)} * 64 + ${digit(3)} * 8 + ${digit(4)} - 256`;
  return `CASE WHEN ${text} ~ '${octalForm}' THEN (${byte})::"char" ELSE ${text}::"char" END`;
}

/**
 * A text as a value of a type that has `"char"` inside, on a server before 16. Such a server refuses an octal form by the
 * error of the other cast, which shows the text: it would read the backslash alone.
 */
export function holderFromText(text: string, declaration: string): string {
  return `CASE WHEN ${text} ~ '${octalInside}' THEN ${text}::int::text ELSE ${text} END::${declaration}`;
}

/** The text of a `"char"`, on a server before 16. */
export function charText(value: string): string {
  const byte = `(${value}::"char"::int + 256)`;
  const digit = (divisor: number): string => `(${byte} / ${divisor} % 8)`;
  return `CASE WHEN ${value}::"char"::int < 0 THEN concat('\\', ${digit(64)}, ${digit(8)}, ${digit(1)}) ELSE ${value}::text END`;
}
