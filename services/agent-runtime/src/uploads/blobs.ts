/** Injection token of the service's BlobStore. */
export const BLOBS = Symbol('blobs');
