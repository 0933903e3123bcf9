import { GitError } from './git-error.js';
import { git, gitStream } from './git-process.js';

/** A piece of one blob; `last` ends it. Every blob has at least one piece. */
export interface BlobChunk {
  /** Which of the ids asked for. */
  index: number;
  chunk: Buffer;
  last: boolean;
}

/** Sizes in bytes; an object that is missing or no blob has none. */
export async function blobSizes(repository: string, ids: readonly string[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  if (ids.length === 0) return sizes;
  const answer = await git(repository, ['cat-file', '--batch-check'], { input: `${ids.join('\n')}\n` });
  for (const line of answer.toString('latin1').split('\n')) {
    const [id, type, size] = line.split(' ');
    if (id && type === 'blob') sizes.set(id, Number(size));
  }
  return sizes;
}

/** The content of blobs in the order asked for, in pieces, so that no blob need fit into memory. */
export async function* blobChunks(repository: string, ids: readonly string[]): AsyncGenerator<BlobChunk> {
  if (ids.length === 0) return;
  const run = { input: `${ids.join('\n')}\n`, timeoutMs: 300_000 };
  let index = 0;
  let left = -1;
  let head: Buffer = Buffer.alloc(0);
  for await (const piece of gitStream(repository, ['cat-file', '--batch'], run)) {
    let at = 0;
    while (at < piece.length) {
      if (left < 0) {
        const end = piece.indexOf(10, at);
        head = Buffer.concat([head, piece.subarray(at, end < 0 ? piece.length : end)]);
        at = end < 0 ? piece.length : end + 1;
        if (end < 0) continue;
        const [, type, size] = head.toString('latin1').split(' ');
        if (type !== 'blob')
          throw new GitError('unknown-ref', `the clone lacks the object ${ids[index]}: fetch it completely`);
        head = Buffer.alloc(0);
        left = Number(size);
        if (left === 0) yield { index, chunk: Buffer.alloc(0), last: true };
      } else if (left > 0) {
        const chunk = piece.subarray(at, at + left);
        left -= chunk.length;
        at += chunk.length;
        yield { index, chunk, last: left === 0 };
      } else {
        at++;
        index++;
        left = -1;
      }
    }
  }
}

/** The first bytes of a blob of any size; Git is stopped as soon as they are there. */
export async function headOfBlob(repository: string, id: string, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const { chunk } of blobChunks(repository, [id])) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks).subarray(0, bytes);
}

/** Whole blobs by id. The caller has asked for their sizes first and asks only for what it can hold. */
export async function readBlobs(repository: string, ids: readonly string[]): Promise<Map<string, Buffer>> {
  const blobs = new Map<string, Buffer>();
  let chunks: Buffer[] = [];
  for await (const { index, chunk, last } of blobChunks(repository, ids)) {
    chunks.push(chunk);
    if (!last) continue;
    blobs.set(ids[index] ?? '', Buffer.concat(chunks));
    chunks = [];
  }
  return blobs;
}
