import { readFile } from 'node:fs/promises';
import { TsmoltError } from '@tsmolt/core';
import { z } from 'zod';
import { findJsonFault } from './json-fault.js';

/**
 * Reads a JSON file of a shape.
 *
 * @param flag the flag that named the file, for messages
 * @throws TsmoltError `TSM1006` naming the file and the place in it: line and column, or the path of the value
 */
export async function readConfigFile<Shape>(
  path: string,
  flag: string,
  shape: z.ZodType<Shape>,
): Promise<Shape> {
  const document = parse(path, await readText(path, flag));
  const result = shape.safeParse(document, { reportInput: true });
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => {
    const place = placeOf(issue.path);
    return `${place === '' ? '' : `${place}: `}${describeIssue(issue)}`;
  });
  throw new TsmoltError('TSM1006', {
    message: `${path}, ${faults.join('; ')}`,
    advice: `Correct the file that ${flag} names; the manual shows an example of its shape.`,
  });
}

/** A shape that has these keys and no others. */
export function exactly<Fields extends z.ZodRawShape>(fields: Fields): z.ZodObject<Fields, z.core.$strict> {
  return z.strictObject(fields, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}, expected ${Object.keys(fields).join(', ')}`
        : undefined,
  });
}

/** A string with something in it. */
export const someText = z.string().min(1, 'found "", expected a string that is not empty');

/** `transforms[1].table_rename_opts.value`; empty for the document itself. */
export function placeOf(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

async function readText(path: string, flag: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (cause) {
    throw new TsmoltError('TSM1006', {
      message: `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      advice: `Give the path of a readable JSON file to ${flag}.`,
      cause,
    });
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { line, column, fault } = findJsonFault(text);
    throw new TsmoltError('TSM1006', {
      message: `${path}, line ${line}, column ${column}: ${fault}`,
      advice: 'The file has to be JSON: no comments, no commas before a closing bracket, double quotes.',
      cause,
    });
  }
}

function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union') return `found ${describe(issue.input)}, ${issue.message}`;
  if (issue.code !== 'invalid_type') return issue.message;
  return `found ${describe(issue.input)}, expected ${withArticle(issue.expected)}`;
}

function withArticle(type: string): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
