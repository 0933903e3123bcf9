/** What every BlobStore guarantees; each adapter runs it. */
import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { newId } from '@conclave/contracts';
import { BlobError, type BlobStore } from '../blob-store.js';

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const nothing = async (): Promise<ReadonlySet<string>> => new Set<string>();

export function describeBlobStore(adapter: string, open: () => Promise<BlobStore>): void {
  describe(`BlobStore over ${adapter}`, () => {
    const tenant = newId('tenant');
    const text = Buffer.from('one change, two opinions');

    it('gives back the bytes it was given, whole or in pieces', async () => {
      const store = await open();
      const large = Buffer.alloc(3_000_001, 'abc');
      const whole = await store.put(tenant, large);
      const pieces = await store.put(tenant, inPieces(large, 70_000));
      expect(whole).toEqual({ sha256: digestOf(large), sizeBytes: large.length });
      expect(pieces).toEqual(whole);
      expect(digestOf(await buffer(await store.get(tenant, whole.sha256)))).toBe(whole.sha256);
    });

    it('stores empty content', async () => {
      const store = await open();
      const { sha256, sizeBytes } = await store.put(tenant, new Uint8Array());
      expect(sizeBytes).toBe(0);
      expect(await buffer(await store.get(tenant, sha256))).toHaveLength(0);
    });

    it('knows what it has', async () => {
      const store = await open();
      const { sha256 } = await store.put(tenant, text);
      expect(await store.has(tenant, sha256)).toBe(true);
      expect(await store.has(tenant, digestOf(Buffer.from('never stored')))).toBe(false);
    });

    it('never shows one tenant the blob of another, even to who knows its digest', async () => {
      const store = await open();
      const { sha256 } = await store.put(tenant, text);
      const other = newId('tenant');
      expect(await store.has(other, sha256)).toBe(false);
      await expect(store.get(other, sha256)).rejects.toMatchObject({ name: 'BlobError', fault: 'missing' });
    });

    it('refuses names that are not a digest or a tenant id', async () => {
      const store = await open();
      const { sha256 } = await store.put(tenant, text);
      for (const name of ['', '..', '../..', sha256.toUpperCase(), `${sha256}/x`, `../${tenant}/${sha256}`])
        await expect(store.get(tenant, name)).rejects.toThrow();
      for (const name of ['', '.', '..', `../${tenant}`, `${tenant}/`]) {
        await expect(store.put(name, text)).rejects.toThrow();
        await expect(store.get(name, sha256)).rejects.toThrow();
      }
    });

    it('stops reading a stream at the limit and keeps nothing of it', async () => {
      const store = await open();
      let taken = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (; taken < 1_000; taken++) yield Buffer.alloc(1_000);
      }
      const refusal = await store.put(tenant, endless(), { limitBytes: 10_000 }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(BlobError);
      expect(refusal).toMatchObject({ fault: 'too-large', detail: { limitBytes: 10_000 } });
      expect(taken).toBeLessThan(500);
      expect(await store.has(tenant, digestOf(Buffer.alloc(10_000)))).toBe(false);
    });

    it('accepts content of exactly the limit', async () => {
      const store = await open();
      await expect(store.put(tenant, Buffer.alloc(10), { limitBytes: 10 })).resolves.toMatchObject({ sizeBytes: 10 });
    });

    it('keeps nothing when the source of a stream fails', async () => {
      const store = await open();
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield text;
        throw new Error('client went away');
      }
      await expect(store.put(tenant, broken())).rejects.toThrow('client went away');
      expect(await store.has(tenant, digestOf(text))).toBe(false);
    });

    it('takes the same content from many writers at once', async () => {
      const store = await open();
      const refs = await Promise.all(Array.from({ length: 8 }, () => store.put(tenant, text)));
      expect(new Set(refs.map((ref) => ref.sha256)).size).toBe(1);
      expect(await buffer(await store.get(tenant, refs[0]!.sha256))).toEqual(text);
    });

    it('sweeps what no row names and keeps what one does, tenant by tenant', async () => {
      const store = await open();
      const other = newId('tenant');
      const named = await store.put(tenant, Buffer.from('named'));
      const orphan = await store.put(tenant, Buffer.from('orphan'));
      const foreign = await store.put(other, Buffer.from('named'));
      await pause(30);
      const swept = await store.sweep({
        graceMs: 10,
        referenced: async (tenantId, sha256s) =>
          new Set(sha256s.filter((sha256) => tenantId === tenant && sha256 === named.sha256)),
      });
      expect(swept).toEqual({ removed: 2, removedBytes: orphan.sizeBytes + foreign.sizeBytes });
      expect(await store.has(tenant, named.sha256)).toBe(true);
      expect(await store.has(tenant, orphan.sha256)).toBe(false);
      expect(await store.has(other, foreign.sha256)).toBe(false);
    });

    it('leaves a young blob to the row that is about to name it', async () => {
      const store = await open();
      const { sha256 } = await store.put(tenant, text);
      await expect(store.sweep({ graceMs: 60_000, referenced: nothing })).resolves.toMatchObject({ removed: 0 });
      expect(await store.has(tenant, sha256)).toBe(true);
    });

    it('keeps a blob that is stored again while the sweep asks the rows', async () => {
      const store = await open();
      const { sha256 } = await store.put(tenant, text);
      await pause(60);
      const swept = await store.sweep({
        graceMs: 30,
        referenced: async () => {
          await pause(60);
          await store.put(tenant, text);
          return new Set<string>();
        },
      });
      expect(swept.removed).toBe(0);
      expect(await buffer(await store.get(tenant, sha256))).toEqual(text);
    });
  });
}
