import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Serves the console if it has the file or the page that is asked for. @returns whether it did */
export type ConsoleFiles = (request: FastifyRequest, reply: FastifyReply) => boolean;

/**
 * The built console, by exact name: the files are listed once, so no path can lead elsewhere. A page address of the
 * console itself (whatever a browser navigates to outside of the API) gets `index.html`.
 */
export async function openConsoleFiles(fastify: FastifyInstance, dir: string): Promise<ConsoleFiles> {
  const files = new Set(filesBelow(dir));
  if (!files.has('index.html')) return () => false;
  await fastify.register(fastifyStatic, { root: dir, serve: false, index: false, dotfiles: 'deny' });

  return (request, reply) => {
    const path = request.url.split('?', 1)[0]!.slice(1);
    const isPage =
      request.headers.accept?.includes('text/html') === true &&
      !/^(v1|auth|oauth|\.well-known|healthz|readyz|metrics)(\/|$)/.test(path);
    const file = files.has(path) ? path : isPage ? 'index.html' : undefined;
    if (file === undefined) return false;
    reply.header('cache-control', file.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
    void reply.sendFile(file, { cacheControl: false });
    return true;
  };
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
