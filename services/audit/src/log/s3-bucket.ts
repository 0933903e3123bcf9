/** The four requests of S3 that a log needs, signed with AWS Signature Version 4, the bucket in the path. */
import { createHash, createHmac } from 'node:crypto';
import type { Egress } from '@conclave/nest-kit/egress';

interface S3Address {
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface Call {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

const TIMEOUT_MS = 10_000;
/** More than any object of a log has. */
const MAX_ANSWER_BYTES = 64 * 1024 ** 2;

export class S3Bucket {
  constructor(
    private readonly address: S3Address,
    private readonly egress: Egress,
  ) {}

  async put(key: string, body: Uint8Array, headers: Readonly<Record<string, string>>): Promise<void> {
    await this.expect(200, { method: 'PUT', key, body, headers });
  }

  /** The newest version of an object, or undefined: when the service says that there is no such key, and nothing else. */
  async get(key: string): Promise<Uint8Array | undefined> {
    const response = await this.send({ method: 'GET', key });
    if (response.status === 200) return new Uint8Array(await response.arrayBuffer());
    const refusal = await fault(response, `GET ${key}`);
    if (refusal.code !== 'NoSuchKey') throw refusal;
    return undefined;
  }

  /** The keys below a prefix: of a log's partial tiles there are never more than one answer holds. */
  async list(prefix: string): Promise<string[]> {
    const response = await this.expect(200, { method: 'GET', query: { 'list-type': '2', prefix } });
    return [...(await response.text()).matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key!);
  }

  async delete(key: string): Promise<void> {
    await this.expect(204, { method: 'DELETE', key });
  }

  private async expect(status: number, call: Call): Promise<Response> {
    const response = await this.send(call);
    if (response.status !== status) throw await fault(response, `${call.method} ${call.key ?? ''}`);
    return response;
  }

  private send({ method, key = '', query = {}, headers = {}, body }: Call): Promise<Response> {
    const { endpoint, bucket } = this.address;
    const url = new URL(`${endpoint.replace(/\/$/, '')}/${bucket}${key ? `/${escapePath(key)}` : ''}`);
    url.search = canonicalQuery(query);
    const signed = signedHeaders(this.address, { method, url, headers, body: body ?? new Uint8Array() }, new Date());
    const request = { method, headers: signed, timeoutMs: TIMEOUT_MS, ...(body && { body }) };
    return this.egress.fetch(url.href, request, MAX_ANSWER_BYTES);
  }
}

interface Unsigned {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The request's headers with `authorization` (AWS Signature Version 4); the moment is an argument, for the vectors. */
export function signedHeaders(
  { region, accessKeyId, secretAccessKey }: Omit<S3Address, 'endpoint' | 'bucket'>,
  { method, url, headers, body }: Unsigned,
  now: Date,
): Record<string, string> {
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const digest = sha256(body);
  const sent = { ...headers, 'x-amz-content-sha256': digest, 'x-amz-date': time };
  const all: Record<string, string> = { ...sent, host: url.host };
  const names = Object.keys(all).sort();
  const lines = names.map((name) => `${name}:${all[name]!.trim()}\n`).join('');
  const canonical = [method, url.pathname, url.search.slice(1), lines, names.join(';'), digest].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** RFC 3986, which is stricter than encodeURIComponent. */
const escape = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const escapePath = (key: string): string => key.split('/').map(escape).join('/');
const canonicalQuery = (query: Readonly<Record<string, string>>): string =>
  Object.keys(query)
    .sort()
    .map((name) => `${escape(name)}=${escape(query[name]!)}`)
    .join('&');

/** What the service answered instead, with its code of that (`NoSuchBucket`). */
class S3Refusal extends Error {
  override readonly name = 'S3Refusal';

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

async function fault(response: Response, what: string): Promise<S3Refusal> {
  const code = /<Code>([^<]*)<\/Code>/.exec(await response.text())?.[1] ?? '';
  return new S3Refusal(code, `the store answered ${what} with ${response.status} ${code}`.trim());
}
