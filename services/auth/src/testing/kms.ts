/**
 * AWS KMS as its API reference describes it, for what symmetric keys do: JSON 1.1 by `X-Amz-Target`, requests signed with
 * Signature Version 4, encryption contexts that are authenticated, and its refusals by their names. Beside it the one
 * action of STS that a role is taken on with. It is on the wire, and it is not KMS.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

type Verb = 'Encrypt' | 'Decrypt';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface KmsServer {
  readonly url: string;
  readonly credentials: Credentials;
  /** What a role is given for. */
  webIdentity: string;
  /** Whoever took this role on, last. */
  readonly roles: string[];
  /** Every verified request: verb, key and encryption context. */
  readonly seen: string[];
  /** Answered in place of what would be, in turn. */
  readonly next: Answer[];
  readonly denied: Set<Verb>;
  /** @returns its ARN */
  makeKey(): string;
  setState(arn: string, state: KeyState): void;
  stop(): Promise<void>;
}

type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion';

interface Key {
  readonly arn: string;
  readonly bytes: Buffer;
  state: KeyState;
}

interface Wanted {
  readonly KeyId?: string;
  readonly Plaintext?: string;
  readonly CiphertextBlob?: string;
  readonly EncryptionContext?: Readonly<Record<string, string>>;
}

const REGION = 'eu-central-1';

/** A refusal in the form of JSON 1.1. */
export const kmsRefusal = (name: string, status = 400): Answer => ({
  status,
  body: JSON.stringify({ __type: name, message: `${name} of the test` }),
});

class Refused extends Error {
  constructor(readonly answer: Answer) {
    super(answer.body);
  }
}
const refuse = (name: string): never => {
  throw new Refused(kmsRefusal(name));
};

/** What KMS does with symmetric keys. */
function verbsOn(keys: ReadonlyMap<string, Key>): Record<Verb, (wanted: Wanted) => object> {
  function usable(arn: string | undefined): Key {
    const key = keys.get(arn ?? '') ?? refuse('NotFoundException');
    if (key.state === 'Disabled') refuse('DisabledException');
    if (key.state === 'PendingDeletion') refuse('KMSInvalidStateException');
    return key;
  }
  return {
    Encrypt({ KeyId, Plaintext = '', EncryptionContext }) {
      const key = usable(KeyId);
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce).setAAD(contextOf(EncryptionContext));
      const text = Buffer.concat([cipher.update(Plaintext, 'base64'), cipher.final()]);
      const blob = Buffer.concat([digestOf(key.arn), nonce, text, cipher.getAuthTag()]);
      return { CiphertextBlob: blob.toString('base64'), KeyId, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
    },
    Decrypt({ KeyId, CiphertextBlob = '', EncryptionContext }) {
      const blob = Buffer.from(CiphertextBlob, 'base64');
      const key = usable(KeyId);
      if (!digestOf(key.arn).equals(blob.subarray(0, 32))) refuse('IncorrectKeyException');
      try {
        const decipher = createDecipheriv('aes-256-gcm', key.bytes, blob.subarray(32, 44))
          .setAAD(contextOf(EncryptionContext))
          .setAuthTag(blob.subarray(-16));
        const text = Buffer.concat([decipher.update(blob.subarray(44, -16)), decipher.final()]);
        return { Plaintext: text.toString('base64'), KeyId, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
      } catch {
        return refuse('InvalidCiphertextException');
      }
    },
  };
}

export async function startKms(): Promise<KmsServer> {
  const keys = new Map<string, Key>();
  const credentials = newCredentials();
  const known = new Map<string, Credentials>([[credentials.accessKeyId, credentials]]);

  const verbs = verbsOn(keys);

  function assumeRole(form: URLSearchParams): Answer {
    if (form.get('WebIdentityToken') !== server.webIdentity) return stsRefusal('InvalidIdentityToken');
    server.roles.push(form.get('RoleArn')!);
    const made = { ...newCredentials(), sessionToken: randomBytes(32).toString('base64') };
    known.set(made.accessKeyId, made);
    return { status: 200, type: 'text/xml', body: roleXml(made) };
  }

  async function answer(request: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
      return assumeRole(new URLSearchParams(body));
    const verb = /^TrentService\.(Encrypt|Decrypt)$/.exec(String(request.headers['x-amz-target']))?.[1] as Verb;
    if (!verb || request.headers['content-type'] !== 'application/x-amz-json-1.1')
      return kmsRefusal('UnknownOperationException');
    verifySignature(request, body, known);
    const wanted = JSON.parse(body) as Wanted;
    server.seen.push(`${verb} ${wanted.KeyId} ${JSON.stringify(wanted.EncryptionContext)}`);
    const instead = server.next.shift();
    if (instead) return instead;
    if (server.denied.has(verb)) return kmsRefusal('AccessDeniedException');
    return { status: 200, body: JSON.stringify(verbs[verb](wanted)) };
  }

  const http = createServer((request, response) => {
    void answer(request)
      .catch((error: unknown) => (error instanceof Refused ? error.answer : kmsRefusal(String(error), 500)))
      .then(({ status, body, type = 'application/x-amz-json-1.1' }) =>
        response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': randomUUID() }).end(body),
      );
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const server: KmsServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    ...{ credentials, webIdentity: randomUUID(), roles: [], seen: [], next: [], denied: new Set() },
    makeKey() {
      const arn = `arn:aws:kms:${REGION}:111122223333:key/${randomUUID()}`;
      keys.set(arn, { arn, bytes: randomBytes(32), state: 'Enabled' });
      return arn;
    },
    setState: (arn, state) => void (keys.get(arn)!.state = state),
    stop: () => new Promise((resolve) => http.close(() => resolve()).closeAllConnections()),
  };
  return server;
}

const newCredentials = () => ({
  accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
  secretAccessKey: randomBytes(30).toString('base64'),
});

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();
const contextOf = (context: Readonly<Record<string, string>> = {}): Buffer =>
  Buffer.from(JSON.stringify(Object.entries(context).sort()));

/** The whole request is what was signed (Signature Version 4), for the region of the keys, with credentials we gave. */
function verifySignature(request: IncomingMessage, body: string, known: ReadonlyMap<string, Credentials>): void {
  const header = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, id = '', scope = '', names = '', signature] = header.exec(request.headers.authorization ?? '') ?? [];
  const { secretAccessKey, sessionToken } = known.get(id) ?? refuse('UnrecognizedClientException');
  if (request.headers['x-amz-security-token'] !== sessionToken) refuse('UnrecognizedClientException');
  const signed = names.split(';');
  const must = ['host', 'x-amz-date', 'x-amz-target', ...(sessionToken ? ['x-amz-security-token'] : [])];
  const at = String(request.headers['x-amz-date']);
  if (!must.every((name) => signed.includes(name))) refuse('InvalidSignatureException');
  if (scope !== `${at.slice(0, 8)}/${REGION}/kms/aws4_request`) refuse('InvalidSignatureException');
  const lines = signed.map((name) => `${name}:${String(request.headers[name])}\n`).join('');
  const canonical = [request.method, '/', '', lines, names, digestOf(body).toString('hex')].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', at, scope, digestOf(canonical).toString('hex')].join('\n');
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  if (hmac(key, toSign).toString('hex') !== signature) refuse('InvalidSignatureException');
}

const stsRefusal = (code: string): Answer => ({
  status: 400,
  type: 'text/xml',
  body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
});

const roleXml = ({ accessKeyId, secretAccessKey, sessionToken }: Credentials): string =>
  `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken>${sessionToken}</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials></AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>`;
