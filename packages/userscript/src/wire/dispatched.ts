import type { DispatchedText, FailureText } from './messages.js';

/**
 * Reads what came of a batch. A script shares its globals with our side of the sandbox, and what it replaces there may
 * spoil the answer: it is believed only where it has the form that was agreed.
 *
 * @returns undefined for a spoiled answer
 */
export function readDispatched(text: string, rows: number): DispatchedText | FailureText | undefined {
  const answer: unknown = JSON.parse(text);
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { failed, row, shapes, outcomes } = answer as Readonly<Record<string, unknown>>;
  if (failed !== undefined)
    return isThrown(failed) && typeof row === 'number' ? (answer as FailureText) : undefined;
  const whole =
    isListOf(shapes, isShape) && isListOf(outcomes, isOutcome) && (outcomes as unknown[]).length === rows;
  return whole ? (answer as DispatchedText) : undefined;
}

function isThrown(value: unknown): boolean {
  const members = ['name', 'message', 'stack'];
  return isObject(value) && members.every((name) => typeof value[name] === 'string');
}

function isShape(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { id, table, columns } = value;
  const named = table === null || typeof table === 'string';
  return named && typeof id === 'number' && isListOf(columns, (column) => typeof column === 'string');
}

function isOutcome(value: unknown): boolean {
  return value === 0 || value === null || isListOf(value, isMadeRow);
}

function isMadeRow(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((cell, index) =>
      index === 0 ? typeof cell === 'number' : cell === null || typeof cell === 'string',
    )
  );
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isItem(item));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
