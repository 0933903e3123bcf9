/** An authenticator and the browser before it, in software: registers and signs as real ones do, or wrongly if told. */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { RelyingParty } from '@conclave/consensus-core';

type Algorithm = 'webauthn-es256' | 'webauthn-eddsa';

/** What a registration says otherwise than an honest one. */
export interface Deviation {
  readonly clientData?: object;
  readonly flags?: number;
  readonly rpId?: string;
  readonly coseKey?: Buffer;
  readonly extensions?: Buffer;
  /** Bytes after the attestation object. */
  readonly after?: Buffer;
  readonly attStmt?: Buffer;
}

export class SoftAuthenticator {
  private readonly privateKey: KeyObject;
  /** Raw: 32 bytes of Ed25519, or an uncompressed point. */
  readonly publicKey: Buffer;
  readonly credentialId = randomBytes(16);

  constructor(
    private readonly site: RelyingParty,
    readonly algorithm: Algorithm = 'webauthn-es256',
  ) {
    const { publicKey, privateKey } =
      algorithm === 'webauthn-es256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const coordinates = [x, y].map((part) => Buffer.from(part, 'base64url'));
    this.publicKey = Buffer.concat(algorithm === 'webauthn-es256' ? [Buffer.of(4), ...coordinates] : coordinates);
    this.privateKey = privateKey;
  }

  /** Answers a registration's challenge, both parts in base64. */
  register(challenge: Uint8Array, not: Deviation = {}) {
    const { flags = 0x45, rpId = this.site.rpId, coseKey = coseOf(this.publicKey), extensions = Buffer.alloc(0) } = not;
    const id = this.credentialId;
    const credential = Buffer.concat([Buffer.alloc(16), Buffer.of(0, id.length), id, coseKey, extensions]);
    const authData = Buffer.concat([headOf(rpId, flags), credential]);
    const entries = [text('fmt'), text('none'), text('attStmt'), not.attStmt ?? Buffer.of(0xa0), text('authData')];
    const object = Buffer.concat([Buffer.of(0xa3), ...entries, bytes(authData), not.after ?? Buffer.alloc(0)]);
    return {
      clientDataJSON: this.clientData('webauthn.create', challenge, not.clientData).toString('base64'),
      attestationObject: object.toString('base64'),
    };
  }

  sign(challenge: Uint8Array) {
    const authenticatorData = headOf(this.site.rpId, 0x05);
    const clientData = this.clientData('webauthn.get', challenge);
    const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientData).digest()]);
    const hash = this.algorithm === 'webauthn-es256' ? 'sha256' : null;
    return {
      algorithm: this.algorithm,
      authenticatorData: authenticatorData.toString('base64'),
      clientDataJSON: clientData.toString('base64'),
      signature: sign(hash, signed, this.privateKey).toString('base64'),
    };
  }

  private clientData(type: string, challenge: Uint8Array, not: object = {}): Buffer {
    const said = { type, challenge: Buffer.from(challenge).toString('base64url'), origin: this.site.origin };
    return Buffer.from(JSON.stringify({ ...said, crossOrigin: false, ...not }));
  }
}

const headOf = (rpId: string, flags: number): Buffer =>
  Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.of(flags, 0, 0, 0, 1)]);

/** A raw public key as COSE has it. */
export function coseOf(raw: Buffer): Buffer {
  if (raw.length === 32) return Buffer.concat([Buffer.from('a4010103272006', 'hex'), Buffer.of(0x21), bytes(raw)]);
  const [x, y] = [raw.subarray(1, 33), raw.subarray(33)];
  return Buffer.concat([Buffer.from('a5010203262001', 'hex'), Buffer.of(0x21), bytes(x), Buffer.of(0x22), bytes(y)]);
}

const text = (value: string): Buffer => Buffer.concat([Buffer.of(0x60 + value.length), Buffer.from(value)]);
function bytes(value: Uint8Array): Buffer {
  const head = value.length < 24 ? [0x40 + value.length] : value.length < 256 ? [0x58, value.length] : [0x59];
  const long = value.length < 256 ? [] : [value.length >> 8, value.length & 0xff];
  return Buffer.concat([Buffer.of(...head, ...long), value]);
}
