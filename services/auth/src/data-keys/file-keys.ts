import { createHash } from 'node:crypto';
import { SecretBox } from '@conclave/nest-kit';
import type { KeyEncryption, WrappedKey } from './key-encryption.js';

/** Key-encryption keys that the environment hands over: the first wraps, all of them open. */
export class FileKeys implements KeyEncryption {
  private readonly boxes: ReadonlyMap<string, SecretBox>;
  private readonly first: string;

  constructor(keys: readonly [Uint8Array, ...Uint8Array[]]) {
    this.boxes = new Map(keys.map((key) => [idOf(key), new SecretBox(key)]));
    this.first = idOf(keys[0]);
  }

  async current(): Promise<string> {
    return this.first;
  }

  holds(keyId: string): boolean {
    return this.boxes.has(keyId);
  }

  async wrap(dataKey: Uint8Array, place: string): Promise<WrappedKey> {
    const wrapped = this.boxes.get(this.first)!.seal(Buffer.from(dataKey).toString('base64'), place);
    return { keyId: this.first, wrapped };
  }

  async unwrap({ keyId, wrapped }: WrappedKey, place: string): Promise<Buffer> {
    return Buffer.from(this.boxes.get(keyId)!.open(wrapped, place), 'base64');
  }
}

/** Keys are 256 random bits, so a digest names one without telling of it. */
const idOf = (key: Uint8Array): string => `file:${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
