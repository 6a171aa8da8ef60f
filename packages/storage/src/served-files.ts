import { randomBytes, timingSafeEqual } from 'node:crypto';
import { lstat, realpath } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Secret } from '@tsmolt/core';
import send from 'send';

/** What fetch writes, whole. Other files in the directory are nobody's business. */
const servedName = /\.csv(\.gz)?$/;

/** 128 bits, in characters that a URL leaves alone. */
export function newToken(): Secret {
  return new Secret(randomBytes(16).toString('base64url'));
}

/**
 * Answers `GET` and `HEAD` of `/<token>/<key>`, with ranges, from the files below a directory. All else does not exist:
 * other names, listings, links, and every path that is not written the way a URL of ours is.
 */
export function serveFiles(root: string, token: Secret): RequestListener {
  return (request, response) => {
    void answer(request, response, { root, token }).catch(() => {
      response.destroy();
    });
  };
}

interface Place {
  readonly root: string;
  readonly token: Secret;
}

async function answer(request: IncomingMessage, response: ServerResponse, place: Place): Promise<void> {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    end(response.setHeader('Allow', 'GET, HEAD'), 405);
    return;
  }
  const key = requestedKey(request.url ?? '', place.token);
  if (key === undefined || !(await isOwnFile(place.root, key))) {
    end(response, 404);
    return;
  }
  send(request, key.split('/').map(encodeURIComponent).join('/'), {
    root: place.root,
    dotfiles: 'allow',
    index: false,
    cacheControl: false,
  })
    .on('error', (error: Error & { readonly status?: number }) => {
      end(response, error.status ?? 500);
    })
    .on('directory', () => {
      end(response, 404);
    })
    .pipe(response);
}

function end(response: ServerResponse, status: number): void {
  response.statusCode = status;
  response.setHeader('Content-Length', 0);
  response.end();
}

/** @returns undefined where the token is wrong or the rest is no key that a store would have taken */
function requestedKey(url: string, token: Secret): string | undefined {
  const [path = ''] = url.split(/[?#]/, 1);
  const [before, given = '', ...encoded] = path.split('/');
  if (before !== '' || !sameToken(given, token.reveal())) return undefined;
  try {
    const segments = encoded.map(decodeURIComponent);
    return segments.length > 0 && segments.every(isPlainSegment) ? segments.join('/') : undefined;
  } catch {
    return undefined;
  }
}

function sameToken(given: string, token: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function isPlainSegment(segment: string): boolean {
  return segment !== '' && segment !== '.' && segment !== '..' && !/[/\\\0]/.test(segment);
}

/** A file of the right name that no link leads to, out of the directory or within it. */
async function isOwnFile(root: string, key: string): Promise<boolean> {
  if (!servedName.test(key)) return false;
  try {
    const path = join(await realpath(root), key);
    return (await lstat(path)).isFile() && (await realpath(path)) === path;
  } catch {
    return false;
  }
}
