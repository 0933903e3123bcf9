/**
 * Access tokens that nobody may believe. Those whose fault is a claim or a header are signed with the key that signs, so
 * that each is refused for the fault it is named by.
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { spelledOtherwise } from '@conclave/nest-kit/testing';

type Part = Readonly<Record<string, unknown>>;

export interface Forgery {
  /** A token that is good. */
  readonly good: string;
  /** The private key that signs. */
  readonly jwk: JsonWebKey & { readonly kid?: string };
  /** A good token of another tenant. */
  readonly others: string;
}

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const decode = (part: string): Part => JSON.parse(Buffer.from(part, 'base64url').toString()) as Part;
const nowS = (): number => Math.floor(Date.now() / 1_000);

function signed(header: unknown, payload: unknown, key: KeyObject, hash = 'sha256'): string {
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** Each with what is wrong with it. */
export function forgedAccessTokens(kit: Forgery): readonly (readonly [string, string])[] {
  const [head = '', body = '', signature = ''] = kit.good.split('.');
  const [header, payload] = [decode(head), decode(body)];
  const own = createPrivateKey({ key: kit.jwk, format: 'jwk' });
  const { privateKey: stranger, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const theirs = decode(kit.others.split('.')[1]!);
  const claims = (more: Part): string => signed(header, { ...payload, ...more }, own);
  const headed = (more: Part): string => signed({ ...header, ...more }, payload, own);
  const asStranger = (more: Part): string => signed({ ...header, ...more }, payload, stranger);
  const written = (more: Part): string => `${head}.${encode({ ...payload, ...more })}.${signature}`;
  return [
    // An empty one is no request at all.
    ...spelledOtherwise(kit.good).filter(([, text]) => text !== ''),
    ['with a signature of zeros', `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`],
    ['with half a signature', `${head}.${body}.${signature.slice(0, 43)}`],
    ['with padding', `${kit.good}==`],
    ...otherAlgorithms(header, payload, own),
    ...otherKeyIds(String(header['kid'])).map(
      (kid) => [`with key id ${JSON.stringify(kid).slice(0, 40)}`, headed({ kid })] as const,
    ),
    ['of a stranger', asStranger({})],
    ['of a stranger who brings a key', asStranger({ jwk: publicKey.export({ format: 'jwk' }) })],
    ['of a stranger who names a key set', asStranger({ jku: 'https://example.com/jwks.json' })],
    ['of a stranger who names a certificate', asStranger({ x5u: 'https://example.com/cert.pem' })],
    ['of a stranger who brings a certificate', asStranger({ x5c: ['MAo='] })],
    ['without a key id', headed({ kid: undefined })],
    ['of another type', headed({ typ: 'JWT' })],
    ['of the type of an ID token', headed({ typ: 'id+jwt' })],
    ['of the type of a context', headed({ typ: 'conclave-context+jwt' })],
    ['without a type', headed({ typ: undefined })],
    ['with a critical header nobody knows', headed({ crit: ['x'], x: true })],
    ['with its payload unencoded', headed({ crit: ['b64'], b64: false })],
    ['with a critical list that is empty', headed({ crit: [] })],
    ['compressed, by its header', headed({ zip: 'DEF', crit: ['zip'] })],
    ...otherClaims(payload, theirs).map(([what, more]) => [what, claims(more)] as const),
    ['with another tenant written in', written({ tenant: theirs['tenant'] })],
    ['with another person written in', written({ sub: theirs['sub'] })],
    ['with more scopes written in', written({ scope: 'api-key:manage' })],
    ['with a later expiry written in', written({ exp: nowS() + 9e6 })],
    ['with a claim twice', `${head}.${encode(twice('sub', theirs['sub'], payload))}.${signature}`],
    ['with its header’s algorithm twice', `${encode(twice('alg', 'none', header))}.${body}.${signature}`],
    ['with the signature of another token', `${head}.${body}.${kit.others.split('.')[2]!}`],
    ['with a payload that is no object', signed(header, '[]', own)],
    ['with a payload that is no JSON', signed(header, '{', own)],
    ['with a header that is no JSON', signed('{', payload, own)],
    ['with a header that is no object', signed('"ES256"', payload, own)],
    ['that is huge', signed(header, { ...payload, padding: 'x'.repeat(2_000) }, stranger)],
  ];
}

const otherClaims = (payload: Part, theirs: Part): (readonly [string, Part])[] => [
  ['for another audience', { aud: 'https://example.com' }],
  ['for an address below the audience', { aud: `${String(payload['aud'])}/v1` }],
  ['for an audience in other letters', { aud: String(payload['aud']).toUpperCase() }],
  ['without an audience', { aud: undefined }],
  ['for its client', { aud: payload['client_id'] }],
  ['of another issuer', { iss: 'https://example.com' }],
  ['of an issuer that begins alike', { iss: `${String(payload['iss'])}.example.com` }],
  ['of issuers as a list', { iss: [payload['iss']] }],
  ['without an issuer', { iss: undefined }],
  ['that expired', { exp: nowS() - 1 }],
  ['without an expiry', { exp: undefined }],
  ['with an expiry that is a text', { exp: String(nowS() + 60) }],
  ['not valid yet', { nbf: nowS() + 60 }],
  ['with a beginning that is a text', { nbf: 'now' }],
  ['without a time of issue', { iat: undefined }],
  ['without a subject', { sub: undefined }],
  ['without an id', { jti: undefined }],
  ['without a client', { client_id: undefined }],
  ['without a grant', { grant: undefined }],
  ['with a grant that is a list', { grant: [payload['grant']] }],
  ['without a tenant', { tenant: undefined }],
  ['with an empty tenant', { tenant: '' }],
  ['of our key, for the tenant of others', { tenant: theirs['tenant'] }],
  ['of our key, for the person of others', { sub: theirs['sub'] }],
  ['of our key, for the grant of others', { grant: theirs['grant'] }],
  ['with scopes that are a list', { scope: ['run:read'] }],
];

const otherKeyIds = (own: string): unknown[] => [
  ...['../../../dev/null', '/dev/null', `${own}\0`, `${own} `, '__proto__', 'constructor', "' or '1'='1", ''],
  ...['x'.repeat(1_000), null, 7, [own], { toString: own }],
];

const twice = (name: string, first: unknown, rest: Part): string =>
  `{${JSON.stringify(name)}:${JSON.stringify(first)},${JSON.stringify(rest).slice(1)}`;

function otherAlgorithms(header: Part, payload: Part, own: KeyObject): [string, string][] {
  const publicKey = createPublicKey(own);
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const x = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
  const mac = (alg: string, hash: string, secret: string | Buffer): string => {
    const text = `${encode({ ...header, alg })}.${encode(payload)}`;
    return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
  };
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
  const rs256 = `${encode({ ...header, alg: 'RS256' })}.${encode(payload)}`;
  return [
    ...['none', 'None', 'NONE', 'nOnE', ''].map((alg): [string, string] => [
      `with alg ${alg || 'empty'}`,
      `${encode({ ...header, alg })}.${encode(payload)}.`,
    ]),
    ['with alg none and a signature', signed({ ...header, alg: 'none' }, payload, own)],
    ['with the public key as a shared secret', mac('HS256', 'sha256', spki)],
    ['with the public key in PEM as a shared secret', mac('HS256', 'sha256', pem)],
    ['with the raw public key as a shared secret', mac('HS512', 'sha512', x)],
    ['with an empty shared secret', mac('HS256', 'sha256', '')],
    ['with a shared secret, as ES256', mac('ES256', 'sha256', spki)],
    ['with an algorithm in lower case', signed({ ...header, alg: 'es256' }, payload, own)],
    ['with algorithms as a list', signed({ ...header, alg: ['ES256'] }, payload, own)],
    ['without an algorithm', signed({ ...header, alg: undefined }, payload, own)],
    ['under another hash', signed({ ...header, alg: 'ES384' }, payload, own, 'sha384')],
    ['signed with RSA', `${rs256}.${sign('sha256', Buffer.from(rs256), rsa).toString('base64url')}`],
  ];
}
