import { readFile } from 'node:fs/promises';
import { ConclaveError } from '@conclave/contracts';
import { Egress } from '@conclave/nest-kit/egress';
import { z } from 'zod';
import type { KeyEncryption, WrappedKey } from './key-encryption.js';

const TIMEOUT_MS = 5_000;
const ANSWER_BYTES = 65_536;

const answer = z.object({ data: z.record(z.string(), z.unknown()) });
/** What Transit gives back: its key's version and bytes that only it can open. */
const ciphertext = z.string().regex(/^vault:v\d+:[A-Za-z0-9+/=]+$/);

export interface TransitOptions {
  /** The engine's mount, such as `https://bao.example.com:8200/v1/transit`. */
  readonly url: string;
  readonly key: string;
  /** Read at every call: agents renew tokens by writing the file anew. */
  readonly tokenFile: string;
  /** Networks it may be in although they are not public. */
  readonly allowed: readonly string[];
}

/** A key-encryption key that OpenBao or Vault keeps: its Transit engine wraps and opens, and the key never leaves it. */
export class TransitKeys implements KeyEncryption {
  private readonly egress: Egress;

  constructor(private readonly options: TransitOptions) {
    this.egress = new Egress(options.allowed);
  }

  /** Found out by wrapping something: whoever may only wrap and open may not read which version is the newest. */
  async current(): Promise<string> {
    return (await this.wrap(new Uint8Array(1), 'probe')).keyId;
  }

  holds(keyId: string): boolean {
    return keyId.startsWith(`transit:${this.options.key}:`);
  }

  async wrap(dataKey: Uint8Array, place: string): Promise<WrappedKey> {
    const wrapped = ciphertext.parse(
      await this.ask('encrypt', 'ciphertext', { plaintext: base64(dataKey), associated_data: base64(place) }),
    );
    return { keyId: `transit:${this.options.key}:${wrapped.split(':')[1]}`, wrapped };
  }

  async unwrap({ wrapped }: WrappedKey, place: string): Promise<Buffer> {
    const plaintext = await this.ask('decrypt', 'plaintext', { ciphertext: wrapped, associated_data: base64(place) });
    return Buffer.from(z.base64().parse(plaintext), 'base64');
  }

  private async ask(verb: 'encrypt' | 'decrypt', member: string, body: object): Promise<unknown> {
    const { url, key, tokenFile } = this.options;
    try {
      const token = (await readFile(tokenFile, 'utf8')).trim();
      const headers = { 'content-type': 'application/json', 'x-vault-token': token };
      const post = { headers, body: JSON.stringify(body), timeoutMs: TIMEOUT_MS };
      const { status, bytes } = await this.egress.ask(`${url}/${verb}/${key}`, post, ANSWER_BYTES);
      if (status !== 200) throw new Error(`Transit answered ${verb} with ${status}`);
      return answer.parse(JSON.parse(bytes.toString('utf8'))).data[member];
    } catch (cause) {
      throw new ConclaveError('service.unavailable', { service: 'transit' }, { cause });
    }
  }
}

const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');
