/**
 * Key-encryption keys in a PKCS#11 token: AES-256-GCM inside it, with the place as associated data. The keys never leave the
 * token: one that could be read out of it is refused.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConclaveError } from '@conclave/contracts';
import type { KeyEncryption, WrappedKey } from './key-encryption.js';

type Pkcs11Module = typeof import('pkcs11js');
type Pkcs11 = InstanceType<Pkcs11Module['PKCS11']>;

export interface Pkcs11Options {
  /** The library of the token's maker. */
  readonly module: string;
  readonly token: string;
  /** Labels of keys: the first wraps, all of them open. */
  readonly keys: readonly [string, ...string[]];
  /** Read at every sign-in to the token. */
  readonly pinFile: string;
}

/** A sign-in to the token, and the handles of its keys by their labels. */
interface Session {
  readonly lib: Pkcs11Module;
  readonly token: Pkcs11;
  readonly handle: Buffer;
  readonly keys: ReadonlyMap<string, Buffer>;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A library is loaded and initialised once in a process, whoever uses it. */
const loaded = new Map<string, Promise<{ lib: Pkcs11Module; token: Pkcs11 }>>();

export class Pkcs11Keys implements KeyEncryption {
  private session: Promise<Session> | undefined;

  constructor(private readonly options: Pkcs11Options) {}

  async current(): Promise<string> {
    return this.idOf(this.options.keys[0]);
  }

  holds(keyId: string): boolean {
    return this.options.keys.some((label) => this.idOf(label) === keyId);
  }

  wrap(dataKey: Uint8Array, place: string): Promise<WrappedKey> {
    const [label] = this.options.keys;
    return this.using(label, ({ lib, token, handle }, key) => {
      const nonce = randomBytes(NONCE_BYTES);
      token.C_EncryptInit(handle, gcm(lib, nonce, place), key);
      const room = Buffer.alloc(dataKey.length + TAG_BYTES);
      const sealed = token.C_Encrypt(handle, Buffer.from(dataKey), room);
      return { keyId: this.idOf(label), wrapped: Buffer.concat([nonce, sealed]).toString('base64') };
    });
  }

  unwrap({ keyId, wrapped }: WrappedKey, place: string): Promise<Buffer> {
    const label = this.options.keys.find((name) => this.idOf(name) === keyId)!;
    const bytes = Buffer.from(wrapped, 'base64');
    return this.using(label, ({ lib, token, handle }, key) => {
      token.C_DecryptInit(handle, gcm(lib, bytes.subarray(0, NONCE_BYTES), place), key);
      return Buffer.from(token.C_Decrypt(handle, bytes.subarray(NONCE_BYTES), Buffer.alloc(bytes.length)));
    });
  }

  private idOf(label: string): string {
    return `pkcs11:${this.options.token}:${label}`;
  }

  /**
   * Each piece of work is done before another begins, as a session has one operation at a time. After a failure it is
   * tried once more under a new session: tokens are unplugged, and libraries lose sessions.
   *
   * @throws ConclaveError `service.unavailable`
   */
  private async using<T>(label: string, work: (session: Session, key: Buffer) => T): Promise<T> {
    for (let fresh = false; ; fresh = true) {
      try {
        const session = await (this.session ??= this.open());
        return work(session, session.keys.get(label)!);
      } catch (cause) {
        const { session } = this;
        this.session = undefined;
        await session?.then(close, () => undefined);
        if (fresh) throw new ConclaveError('service.unavailable', { service: 'pkcs11' }, { cause });
      }
    }
  }

  private async open(): Promise<Session> {
    const { module, token: name, pinFile, keys } = this.options;
    const { lib, token } = await load(module);
    const slot = token.C_GetSlotList(true).find((it) => token.C_GetTokenInfo(it).label.trim() === name);
    if (!slot) throw new Error(`there is no token labelled ${name}`);
    const pin = (await readFile(pinFile, 'utf8')).trim();
    const handle = token.C_OpenSession(slot, lib.CKF_SERIAL_SESSION);
    try {
      logIn(lib, token, handle, pin);
      return { lib, token, handle, keys: new Map(keys.map((label) => [label, keyOf(lib, token, handle, label)])) };
    } catch (error) {
      token.C_CloseSession(handle);
      throw error;
    }
  }
}

function load(module: string): Promise<{ lib: Pkcs11Module; token: Pkcs11 }> {
  const known = loaded.get(module) ?? initialise(module);
  loaded.set(module, known);
  known.catch(() => loaded.delete(module));
  return known;
}

async function initialise(module: string): Promise<{ lib: Pkcs11Module; token: Pkcs11 }> {
  const { default: lib } = (await import('pkcs11js')) as { default: Pkcs11Module };
  const token = new lib.PKCS11();
  token.load(module);
  token.C_Initialize();
  return { lib, token };
}

/** A sign-in holds for all sessions of a process. */
function logIn(lib: Pkcs11Module, token: Pkcs11, handle: Buffer, pin: string): void {
  try {
    token.C_Login(handle, lib.CKU_USER, pin);
  } catch (error) {
    if ((error as { code?: number }).code !== lib.CKR_USER_ALREADY_LOGGED_IN) throw error;
  }
}

function keyOf(lib: Pkcs11Module, token: Pkcs11, handle: Buffer, label: string): Buffer {
  token.C_FindObjectsInit(handle, [
    { type: lib.CKA_CLASS, value: lib.CKO_SECRET_KEY },
    { type: lib.CKA_LABEL, value: label },
  ]);
  const [key, ...more] = token.C_FindObjects(handle, 2);
  token.C_FindObjectsFinal(handle);
  if (!key || more.length > 0) throw new Error(`the token needs exactly one secret key labelled ${label}`);
  const [extractable, sensitive, length] = token.C_GetAttributeValue(handle, key, [
    { type: lib.CKA_EXTRACTABLE },
    { type: lib.CKA_SENSITIVE },
    { type: lib.CKA_VALUE_LEN },
  ]);
  const flag = (attribute: { value?: unknown } | undefined) => (attribute?.value as Buffer | undefined)?.[0] === 1;
  if (flag(extractable) || !flag(sensitive)) throw new Error(`the key ${label} can be read out of the token`);
  if (length?.value?.[0] !== 32) throw new Error(`the key ${label} is not one of 256 bits`);
  return key;
}

const gcm = (lib: Pkcs11Module, iv: Buffer, place: string) => ({
  mechanism: lib.CKM_AES_GCM,
  parameter: {
    ...{ type: lib.CK_PARAMS_AES_GCM, iv, aad: Buffer.from(place) },
    ...{ ivBits: NONCE_BYTES * 8, tagBits: TAG_BYTES * 8 },
  },
});

function close({ token, handle }: Session): void {
  try {
    token.C_CloseSession(handle);
  } catch {
    // A session that is lost cannot be closed.
  }
}
