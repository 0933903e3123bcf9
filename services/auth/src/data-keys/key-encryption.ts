/** A data key as it is kept: under which key-encryption key, and its bytes wrapped by it. */
export interface WrappedKey {
  readonly keyId: string;
  readonly wrapped: string;
}

/**
 * Wraps data keys under keys that are not in the database. `place` is where a data key is kept: wrapped for one place it
 * opens at no other.
 */
export interface KeyEncryption {
  /** The id that what is wrapped now bears. @throws as `wrap` does */
  current(): Promise<string>;
  /** Whether it holds this key. */
  holds(keyId: string): boolean;
  /** @throws ConclaveError `service.unavailable` | `service.misconfigured` */
  wrap(dataKey: Uint8Array, place: string): Promise<WrappedKey>;
  /** @throws as `wrap` does; something else where the keys are here and it was changed or belongs to another place */
  unwrap(key: WrappedKey, place: string): Promise<Buffer>;
}
