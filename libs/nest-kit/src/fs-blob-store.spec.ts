import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readlink, rm, truncate, utimes, writeFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { newId } from '@conclave/contracts';
import { describeBlobStore } from './test/blob-store.suite.js';
import { fsBlobStore } from './fs-blob-store.js';

const roots: string[] = [];
async function freshRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'conclave-blobs-'));
  roots.push(root);
  return root;
}
afterAll(() => Promise.all(roots.map((root) => rm(root, { recursive: true, force: true }))));

describeBlobStore('files', async () => fsBlobStore(await freshRoot()));

describe('blobs as files', () => {
  const tenant = newId('tenant');
  const text = Buffer.from('one change, two opinions');
  const fileOf = (root: string, sha256: string): string => join(root, tenant, sha256.slice(0, 2), sha256);

  it.each([
    ['changed', (path: string) => writeFile(path, Buffer.from('one change, ONE opinion '))],
    ['cut short', (path: string) => truncate(path, 5)],
  ])('fails the read of a file that was %s on disk, instead of ending it', async (_how, spoil) => {
    const root = await freshRoot();
    const store = fsBlobStore(root);
    const { sha256 } = await store.put(tenant, text);
    await spoil(fileOf(root, sha256));
    await expect(buffer(await store.get(tenant, sha256))).rejects.toMatchObject({ fault: 'corrupt' });
  });

  it('leaves no unfinished file behind, and shows blobs to their owner only', async () => {
    const root = await freshRoot();
    const store = fsBlobStore(root, { limitBytes: 30 });
    const { sha256 } = await store.put(tenant, text);
    const refused = await Promise.allSettled(Array.from({ length: 40 }, () => store.put(tenant, Buffer.alloc(31))));
    for (const put of refused) expect(put).toMatchObject({ status: 'rejected', reason: { fault: 'too-large' } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await readdir(join(root, tenant, 'incoming'))).toEqual([]);
    expect((await stat(fileOf(root, sha256))).mode & 0o077).toBe(0);
  });

  it('sweeps what a crash left half written, once it is old', async () => {
    const root = await freshRoot();
    const store = fsBlobStore(root);
    await store.put(tenant, text);
    const incoming = join(root, tenant, 'incoming');
    await writeFile(join(incoming, 'old'), 'half');
    await writeFile(join(incoming, 'young'), 'half');
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(incoming, 'old'), longAgo, longAgo);
    await store.sweep({ graceMs: 60_000, referenced: async () => new Set<string>() });
    expect(await readdir(incoming)).toEqual(['young']);
  });

  it('sweeps a volume that has files and folders of its own', async () => {
    const root = await freshRoot();
    const store = fsBlobStore(root);
    await mkdir(join(root, 'lost+found'));
    await writeFile(join(root, '.trash'), '');
    await store.put(tenant, text);
    const swept = await store.sweep({ graceMs: -1_000, referenced: async () => new Set<string>() });
    expect(swept.removed).toBe(1);
    expect((await readdir(root)).sort()).toEqual(['.trash', 'lost+found', tenant].sort());
  });

  it('closes the file of a read that is given up before it began', async () => {
    const root = await freshRoot();
    const store = fsBlobStore(root);
    const { sha256 } = await store.put(tenant, text);
    const open = async () => {
      const fds = await readdir('/proc/self/fd');
      const files = await Promise.all(fds.map((fd) => readlink(join('/proc/self/fd', fd)).catch(() => '')));
      return files.filter((file) => file.startsWith(root)).length;
    };
    const reads = await Promise.all(Array.from({ length: 5 }, () => store.get(tenant, sha256)));
    expect(await open()).toBe(5);
    for (const read of reads) read.destroy();
    for (let i = 0; i < 100 && (await open()) > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await open()).toBe(0);
  });
});
