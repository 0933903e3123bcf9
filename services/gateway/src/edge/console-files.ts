import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { allow } from './security-headers.js';

/** Where the page has the nonce of its answer (services/console/vite.config.ts). */
const NONCE = 'CSP-NONCE';

/** Serves the console if it has the file or the page that is asked for. @returns whether it did */
export type ConsoleFiles = (request: FastifyRequest, reply: FastifyReply) => boolean;

/**
 * The built console, by exact name: the files are listed once, so no path can lead elsewhere. A page address of the
 * console itself (whatever a browser navigates to outside of the API) gets `index.html`, with a nonce for its scripts and
 * styles, and for what those load.
 */
export async function openConsoleFiles(fastify: FastifyInstance, dir: string): Promise<ConsoleFiles> {
  const files = new Set(filesBelow(dir));
  if (!files.has('index.html')) return () => false;
  const index = readFileSync(join(dir, 'index.html'), 'utf8');
  await fastify.register(fastifyStatic, { root: dir, serve: false, index: false, dotfiles: 'deny' });

  return (request, reply) => {
    const path = request.url.split('?', 1)[0]!.slice(1);
    const isPage =
      request.headers.accept?.includes('text/html') === true &&
      !/^(v1|auth|oauth|\.well-known|healthz|readyz|metrics)(\/|$)/.test(path);
    const file = files.has(path) ? path : isPage ? 'index.html' : undefined;
    if (file === undefined) return false;
    reply.header('cache-control', file.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
    if (file === 'index.html') sendIndex(reply, index);
    else void reply.sendFile(file, { cacheControl: false });
    return true;
  };
}

function sendIndex(reply: FastifyReply, index: string): void {
  const nonce = randomBytes(16).toString('base64url');
  allow(reply, { scripts: `'nonce-${nonce}' 'strict-dynamic'`, styles: `'nonce-${nonce}'` });
  void reply.type('text/html; charset=utf-8').send(index.replaceAll(NONCE, nonce));
}

function filesBelow(dir: string): string[] {
  try {
    return readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep).join('/'));
  } catch {
    return [];
  }
}
