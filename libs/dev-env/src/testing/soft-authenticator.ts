/** An authenticator and the browser before it, in software: makes passkeys and signs as real ones do, or wrongly if told. */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** What an answer says otherwise than an honest one. */
export interface Deviation {
  readonly clientData?: object;
  readonly flags?: number;
  readonly rpId?: string;
  readonly counter?: number;
  readonly userHandle?: string;
  readonly signature?: Buffer;
}

/** What the platform asks for, as far as an authenticator cares. */
interface Options {
  readonly challenge: string;
  readonly user?: { readonly id: string };
}

const UP_UV_AT = 0x45;
const UP_UV = 0x05;

export class SoftAuthenticator {
  private readonly privateKey: KeyObject;
  private readonly cose: Buffer;
  private counter = 0;
  private userHandle = '';

  constructor(
    private readonly origin: string,
    readonly credentialId = randomBytes(16),
  ) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const [px, py] = [x, y].map((part) => Buffer.from(part, 'base64url')) as [Buffer, Buffer];
    const start = Buffer.from('a5010203262001', 'hex');
    this.cose = Buffer.concat([start, Buffer.of(0x21), bytes(px), Buffer.of(0x22), bytes(py)]);
    this.privateKey = privateKey;
  }

  /** Answers `creation options`. */
  make(options: object, not: Deviation = {}) {
    const { challenge, user } = options as Options;
    this.userHandle = user!.id;
    const id = this.credentialId;
    const credential = Buffer.concat([Buffer.alloc(16), Buffer.of(0, id.length), id, this.cose]);
    const authData = Buffer.concat([this.head(UP_UV_AT, not), credential]);
    const entries = [text('fmt'), text('none'), text('attStmt'), Buffer.of(0xa0), text('authData'), bytes(authData)];
    return {
      id: id.toString('base64url'),
      clientDataJSON: this.clientData('webauthn.create', challenge, not).toString('base64url'),
      attestationObject: Buffer.concat([Buffer.of(0xa3), ...entries]).toString('base64url'),
    };
  }

  /** Answers `request options`. */
  sign(options: object, not: Deviation = {}) {
    this.counter += 1;
    const data = this.head(UP_UV, { counter: this.counter, ...not });
    const clientData = this.clientData('webauthn.get', (options as Options).challenge, not);
    const signed = Buffer.concat([data, createHash('sha256').update(clientData).digest()]);
    return {
      id: this.credentialId.toString('base64url'),
      authenticatorData: data.toString('base64url'),
      clientDataJSON: clientData.toString('base64url'),
      signature: (not.signature ?? sign('sha256', signed, this.privateKey)).toString('base64url'),
      userHandle: not.userHandle ?? this.userHandle,
    };
  }

  private head(
    honest: number,
    { flags = honest, counter = 0, rpId = new URL(this.origin).hostname }: Deviation,
  ): Buffer {
    const tail = Buffer.alloc(5);
    tail.writeUInt8(flags);
    tail.writeUInt32BE(counter, 1);
    return Buffer.concat([createHash('sha256').update(rpId).digest(), tail]);
  }

  private clientData(type: string, challenge: string, { clientData = {} }: Deviation): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false, ...clientData }));
  }
}

/** A CBOR byte string of 24 to 255 bytes, and a text of fewer. */
function bytes(value: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0x58, value.length), value]);
}
const text = (value: string): Buffer => Buffer.concat([Buffer.of(0x60 | value.length), Buffer.from(value)]);
