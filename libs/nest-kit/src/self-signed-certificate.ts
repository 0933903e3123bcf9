/**
 * The certificate in our SAML metadata. Identity providers pin it as it is, so it certifies nothing; it is X.509 v1 (RFC
 * 5280 §4.1) because that is the form in which metadata carries keys.
 */
import { createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const BIT_STRING = 0x03;

const SHA256_WITH_RSA = der(
  SEQUENCE,
  der(OBJECT_ID, Buffer.from('2a864886f70d01010b', 'hex')),
  Buffer.from('0500', 'hex'),
);
const COMMON_NAME = der(OBJECT_ID, Buffer.from('550403', 'hex'));

/** As PEM, for an RSA key, good from `from` on for as many years. */
export function selfSignedCertificate(key: KeyObject, commonName: string, from: Date, years: number): string {
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from(commonName)))));
  const until = new Date(from);
  until.setUTCFullYear(from.getUTCFullYear() + years);
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const body = der(
    SEQUENCE,
    der(INTEGER, serial),
    SHA256_WITH_RSA,
    name,
    der(SEQUENCE, time(from), time(until)),
    name,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
  );
  const signature = der(BIT_STRING, Buffer.of(0), sign('sha256', body, key));
  const lines = der(SEQUENCE, body, SHA256_WITH_RSA, signature)
    .toString('base64')
    .match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

const time = (at: Date): Buffer =>
  der(GENERALIZED_TIME, Buffer.from(`${at.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`));

/** Tag, length and contents (X.690). */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  if (content.length < 0x80) return Buffer.concat([Buffer.of(tag, content.length), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const bytes = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.of(tag, 0x80 | bytes.length), bytes, content]);
}
