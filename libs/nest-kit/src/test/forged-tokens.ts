/**
 * Context tokens that nobody may believe. Those whose fault is a claim or a header are signed with auth's own key, so
 * that each is refused for the fault it is named by.
 */
import { createHmac, createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { newId } from '@conclave/contracts';
import { SignJWT, exportJWK } from 'jose';
import type { ContextClaims } from '../context-token.js';

export interface ForgersKit {
  readonly auth: KeyObject;
  readonly authPublic: KeyObject;
  /** Another service's key. */
  readonly runtime: KeyObject;
  readonly claims: ContextClaims & Required<Pick<ContextClaims, 'principal'>>;
}

type Part = Readonly<Record<string, unknown>>;

const HEADER = { alg: 'EdDSA', typ: 'conclave-context+jwt', kid: 'auth' };
const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const nowS = (): number => Math.floor(Date.now() / 1_000);

/** A token of any bytes, signed with Ed25519. */
function signed(header: unknown, payload: unknown, key: KeyObject): string {
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
}

/** Each with what is wrong with it. */
export async function forgedTokens(kit: ForgersKit): Promise<readonly (readonly [string, string])[]> {
  const { auth, runtime, claims } = kit;
  const payload = { iss: 'auth', aud: 'conclave', exp: nowS() + 60, ctx: claims };
  const token = (header: Part = {}, more: Part = {}, key = auth): string =>
    signed({ ...HEADER, ...header }, { ...payload, ...more }, key);
  const stranger = generateKeyPairSync('ed25519');
  const good = token();
  const [head, body, signature] = good.split('.') as [string, string, string];
  const asStranger = (header: Part): string => token(header, {}, stranger.privateKey);
  const written = (header: unknown, claim: unknown): string => `${encode(header)}.${encode(claim)}.${signature}`;
  const ctx = (more: Part): string => token({}, { ctx: { ...claims, ...more } });
  return [
    ...spelledOtherwise(good),
    ...(await otherAlgorithms(kit, payload)),
    ['of a stranger', asStranger({})],
    ['of a stranger in the name of nobody', token({ kid: 'nobody' }, { iss: 'nobody' }, stranger.privateKey)],
    ['of a stranger who brings a key', asStranger({ jwk: await exportJWK(stranger.publicKey) })],
    ['of a stranger whose key is the key id', asStranger({ kid: await exportJWK(stranger.publicKey) })],
    ['of a stranger who names a key set', asStranger({ jku: 'https://example.com/jwks.json' })],
    ['of a stranger who names a certificate', asStranger({ x5u: 'https://example.com/cert.pem' })],
    ['of a stranger who brings a certificate', asStranger({ x5c: ['MAo='] })],
    ...[
      '../../../dev/null',
      '/dev/null',
      'auth\0',
      'AUTH',
      'auth ',
      '__proto__',
      'constructor',
      "' or '1'='1",
      '',
      'ａuth',
    ].map((kid) => [`of a stranger with key id ${JSON.stringify(kid)}`, asStranger({ kid })] as const),
    ['with key ids as a list', token({ kid: ['auth'] })],
    ['without a key id', token({ kid: undefined })],
    ['with the name of an object member as issuer', token({ kid: 'constructor' }, { iss: 'constructor' })],
    ['of another service in the name of auth', token({}, {}, runtime)],
    ['issued by auth under another’s key id', token({ kid: 'runtime' }, {}, runtime)],
    ['for a principal, by a service that is not auth', token({ kid: 'runtime' }, { iss: 'runtime' }, runtime)],
    ['with the issuer twice', signed({ ...HEADER, kid: 'runtime' }, twice('iss', 'auth', 'runtime', payload), runtime)],
    ['with the issuers as a list', token({}, { iss: ['auth'] })],
    ['without an issuer', token({}, { iss: undefined })],
    ['that expired', token({}, { exp: nowS() - 60 })],
    ['without an expiry', token({}, { exp: undefined })],
    ['with an expiry that is a text', token({}, { exp: String(nowS() + 60) })],
    [
      'with an expiry that is no number',
      signed(HEADER, twice('exp', 'x', 'null', payload).replace('"null"', 'null'), auth),
    ],
    ['not valid yet', token({}, { nbf: nowS() + 60 })],
    ['for another audience', token({}, { aud: 'somebody-else' })],
    ['for other audiences', token({}, { aud: ['conclave-x', 'CONCLAVE'] })],
    ['without an audience', token({}, { aud: undefined })],
    ['of another type', token({ typ: 'JWT' })],
    ['without a type', token({ typ: undefined })],
    ['with a critical header nobody knows', token({ crit: ['x'], x: true })],
    ['with its payload unencoded', token({ crit: ['b64'], b64: false })],
    ['with a critical list that is empty', token({ crit: [] })],
    ['without a context', token({}, { ctx: undefined })],
    ['with a context that is a text', token({}, { ctx: 'everything' })],
    ['with scopes that are a text', ctx({ scopes: 'run:read run:create' })],
    ['with a principal without an id', ctx({ principal: { ...claims.principal, id: '' } })],
    ['with a principal that is a text', ctx({ principal: 'prn' })],
    ['for a principal without a tenant', ctx({ tenantId: undefined })],
    ['for a principal whose tenant is nothing', ctx({ tenantId: '' })],
    ['with a tenant that is a list', ctx({ tenantId: [claims.tenantId] })],
    ['with policies that are a number', ctx({ policies: 1 })],
    ['with another tenant written in', written(HEADER, { ...payload, ctx: { ...claims, tenantId: newId('tenant') } })],
    ['with more scopes written in', written(HEADER, { ...payload, ctx: { ...claims, scopes: ['run:create'] } })],
    ['with no policies written in', written(HEADER, { ...payload, ctx: { ...claims, policies: undefined, x: 1 } })],
    ['with a later expiry written in', written(HEADER, { ...payload, exp: nowS() + 9e6 })],
    ['with another key id written in', written({ ...HEADER, kid: 'runtime' }, payload)],
    ['with the signature of another token', `${head}.${body}.${token({}, { exp: nowS() + 61 }).split('.')[2]!}`],
    ['with a payload that is no object', signed(HEADER, '[]', auth)],
    ['with a payload that is no JSON', signed(HEADER, '{', auth)],
    ['with a header that is no JSON', signed('{', payload, auth)],
    ['with a header that is no object', signed('"EdDSA"', payload, auth)],
    ['that nests', signed(HEADER, JSON.stringify({ ...payload, ctx: encode(good) }), auth)],
    ['that is huge', token({}, { padding: 'x'.repeat(100_000) }, stranger.privateKey)],
  ];
}

/** JSON with a member twice, which parsers read differently. */
const twice = (name: string, first: string, second: string, rest: Part): string =>
  `{"${name}":"${first}","${name}":"${second}",${JSON.stringify({ ...rest, [name]: undefined }).slice(1)}`;

/** The parts of a good token, put together otherwise. */
export function spelledOtherwise(good: string): [string, string][] {
  const [head = '', body = '', signature = ''] = good.split('.');
  return [
    ['empty', ''],
    ['no token', 'not.a.token'],
    ['dots alone', '..'],
    ['without a signature', `${head}.${body}.`],
    ['without its end', `${head}.${body}`],
    ['cut short', good.slice(0, -4)],
    ['with one part more', `${good}.${signature}`],
    ['encrypted, by its shape', `${head}..${body}.${signature}.${signature}`],
    ['with a flipped bit', `${good.slice(0, -10)}${good.at(-10) === 'A' ? 'B' : 'A'}${good.slice(-9)}`],
    ['with its parts in another order', `${body}.${head}.${signature}`],
    ['as a JSON object', JSON.stringify({ protected: head, payload: body, signature })],
    ['with the scheme before it', `Bearer ${good}`],
  ];
}

async function otherAlgorithms({ auth, authPublic }: ForgersKit, payload: Part): Promise<[string, string][]> {
  const spki = authPublic.export({ format: 'der', type: 'spki' });
  const pem = authPublic.export({ format: 'pem', type: 'spki' }).toString();
  const raw = Buffer.from(authPublic.export({ format: 'jwk' }).x!, 'base64url');
  const mac = (hash: string, secret: string | Buffer, header: Part): string => {
    const text = `${encode({ ...HEADER, ...header })}.${encode(payload)}`;
    return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
  };
  const none = (alg: string): string => `${encode({ ...HEADER, alg })}.${encode(payload)}.`;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const onCurve = createPrivateKey(ec.export({ format: 'pem', type: 'pkcs8' }));
  const es256 = new SignJWT({ ...payload }).setProtectedHeader({ ...HEADER, alg: 'ES256' }).sign(onCurve);
  return [
    ...['none', 'None', 'NONE', 'nOnE', ''].map((alg): [string, string] => [`with alg ${alg || 'empty'}`, none(alg)]),
    ['with alg none and a signature', signed({ ...HEADER, alg: 'none' }, payload, auth)],
    ['with the public key as a shared secret', mac('sha256', spki, { alg: 'HS256' })],
    ['with the public key in PEM as a shared secret', mac('sha256', pem, { alg: 'HS256' })],
    ['with the raw public key as a shared secret', mac('sha512', raw, { alg: 'HS512' })],
    ['with an empty shared secret', mac('sha256', '', { alg: 'HS256' })],
    ['with a shared secret, as EdDSA', mac('sha512', spki, {})],
    ['with an algorithm in lower case', signed({ ...HEADER, alg: 'eddsa' }, payload, auth)],
    ['with algorithms as a list', signed({ ...HEADER, alg: ['EdDSA'] }, payload, auth)],
    ['without an algorithm', signed({ ...HEADER, alg: undefined }, payload, auth)],
    ['on a curve that is not ours', await es256],
  ];
}
