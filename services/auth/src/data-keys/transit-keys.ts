import { readFile } from 'node:fs/promises';
import { Egress } from '@conclave/nest-kit/egress';
import { z } from 'zod';
import type { KeyEncryption, WrappedKey } from './key-encryption.js';
import { away, misconfigured, type Fault } from './key-store-refusals.js';

const TIMEOUT_MS = 5_000;
const ANSWER_BYTES = 65_536;
const REASON_CHARS = 200;

const failed = z.object({ errors: z.array(z.string()) });
/** What Transit gives back: its key's version and bytes that only it can open. */
const encrypted = z.object({ data: z.object({ ciphertext: z.string().regex(/^vault:v\d+:[A-Za-z0-9+/=]+$/) }) });
const decrypted = z.object({ data: z.object({ plaintext: z.base64() }) });

type Verb = 'encrypt' | 'decrypt';

/** What each refusal asks of an operator. Whatever else is no answer passes: sealed, standing by, busy, broken. */
const FAULTS: Readonly<Record<number, Fault | Readonly<Record<Verb, Fault>>>> = {
  ...{ 301: 'address', 302: 'address', 307: 'address', 308: 'address', 404: 'address', 405: 'address' },
  ...{ 401: 'credentials', 403: 'permission', 400: { encrypt: 'key', decrypt: 'ciphertext' } },
};

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
    const body = { plaintext: base64(dataKey), associated_data: base64(place) };
    const { ciphertext } = (await this.ask('encrypt', encrypted, body)).data;
    return { keyId: `transit:${this.options.key}:${ciphertext.split(':')[1]}`, wrapped: ciphertext };
  }

  async unwrap({ wrapped }: WrappedKey, place: string): Promise<Buffer> {
    const body = { ciphertext: wrapped, associated_data: base64(place) };
    return Buffer.from((await this.ask('decrypt', decrypted, body)).data.plaintext, 'base64');
  }

  private async ask<T>(verb: Verb, expected: z.ZodType<T>, body: object): Promise<T> {
    const { status, text } = await this.post(verb, body).catch((cause: unknown) => {
      throw away('transit', cause);
    });
    const told = jsonOf(text);
    if (status >= 200 && status < 300) {
      const { data, error } = expected.safeParse(told);
      if (error) throw misconfigured('transit', 'answer', new Error(`this is no answer of Transit to ${verb}`));
      return data;
    }
    const why = failed.safeParse(told).data?.errors.join('; ').slice(0, REASON_CHARS) ?? '';
    const cause = new Error(`Transit answered ${verb} with ${status} ${why}`.trim());
    const fault = FAULTS[status];
    if (!fault) throw away('transit', cause);
    throw misconfigured('transit', typeof fault === 'string' ? fault : fault[verb], cause);
  }

  private async post(verb: Verb, body: object): Promise<{ readonly status: number; readonly text: string }> {
    const { url, key, tokenFile } = this.options;
    const token = (await readFile(tokenFile, 'utf8')).trim();
    const headers = { 'content-type': 'application/json', 'x-vault-token': token };
    const post = { headers, body: JSON.stringify(body), timeoutMs: TIMEOUT_MS };
    const { status, bytes } = await this.egress.ask(`${url}/${verb}/${key}`, post, ANSWER_BYTES);
    return { status, text: bytes.toString('utf8') };
  }
}

const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');

/** Undefined when it is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
