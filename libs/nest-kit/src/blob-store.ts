/**
 * Where bytes too large for a row live: per tenant, named by their SHA-256, so that a blob is never changed and storing
 * it twice costs nothing to undo. A blob is stored before the row that names it; what no row names is swept later.
 */
import type { Readable } from 'node:stream';

export interface BlobRef {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface PutOptions {
  /** Content longer than this is refused while it streams in. Default: the store's own limit. */
  readonly limitBytes?: number;
}

export interface SweepOptions {
  /** Younger blobs are left alone: their row may not have committed yet. */
  readonly graceMs: number;
  /** Which of a tenant's digests (at most 500 at a time) some row still names. */
  readonly referenced: (tenantId: string, sha256s: readonly string[]) => Promise<ReadonlySet<string>>;
}

export interface BlobStore {
  /**
   * Stores content durably: once this resolves it survives a power cut. Storing again renews the blob's grace.
   *
   * @throws BlobError `too-large`
   */
  put(tenantId: string, content: Uint8Array | AsyncIterable<Uint8Array>, options?: PutOptions): Promise<BlobRef>;
  /**
   * The content as a stream that fails with `corrupt` instead of ending when the bytes are not those that were stored.
   *
   * @throws BlobError `missing`
   */
  get(tenantId: string, sha256: string): Promise<Readable>;
  has(tenantId: string, sha256: string): Promise<boolean>;
  /** Removes what nothing names and what interrupted writes left behind, in every tenant. */
  sweep(options: SweepOptions): Promise<{ readonly removed: number; readonly removedBytes: number }>;
  /** Removes all that is kept of a tenant. */
  forget(tenantId: string): Promise<void>;
}

/** What a store could not do; the caller picks the code its client sees. */
export class BlobError extends Error {
  override readonly name = 'BlobError';
  constructor(
    readonly fault: 'too-large' | 'missing' | 'corrupt',
    readonly detail: { readonly sha256?: string; readonly limitBytes?: number },
  ) {
    super(`blob ${fault}`);
  }
}
