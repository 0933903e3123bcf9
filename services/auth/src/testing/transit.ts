/**
 * Transit as OpenBao and Vault document it (HTTP API, secret/transit), for what a key of kind aes256-gcm96 does: versions,
 * associated data, one token. It is on the wire, and it is not OpenBao.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TransitServer {
  readonly url: string;
  /** Every request's path, token and body, as text. */
  readonly seen: string[];
  token: string;
  /** Answered in place of what would be, in turn. */
  readonly next: { readonly status: number; readonly body: string }[];
  /** Makes a newer version of the key, as `transit/keys/<name>/rotate` does. */
  rotate(): void;
  stop(): Promise<void>;
}

interface Wanted {
  readonly plaintext?: string;
  readonly ciphertext?: string;
  readonly associated_data?: string;
}

export async function startTransit(key: string): Promise<TransitServer> {
  const versions = [randomBytes(32)];
  const seen: string[] = [];

  function encrypt({ plaintext = '', associated_data = '' }: Wanted) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', versions.at(-1)!, nonce).setAAD(
      Buffer.from(associated_data, 'base64'),
    );
    const text = Buffer.concat([cipher.update(plaintext, 'base64'), cipher.final()]);
    const bytes = Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64');
    return { ciphertext: `vault:v${versions.length}:${bytes}`, key_version: versions.length };
  }

  function decrypt({ ciphertext = '', associated_data = '' }: Wanted) {
    const [, version, text = ''] = /^vault:v(\d+):(.+)$/.exec(ciphertext) ?? [];
    const bytes = Buffer.from(text, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', versions[Number(version) - 1]!, bytes.subarray(0, 12))
      .setAAD(Buffer.from(associated_data, 'base64'))
      .setAuthTag(bytes.subarray(-16));
    return {
      plaintext: Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('base64'),
    };
  }

  const answer = async (request: IncomingMessage): Promise<{ status: number; body: object | string }> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const token = request.headers['x-vault-token'];
    const instead = server.next.shift();
    if (instead) return instead;
    seen.push(`${request.url} ${String(token)} ${body}`);
    if (token !== server.token) return { status: 403, body: { errors: ['permission denied'] } };
    const act = { [`/v1/transit/encrypt/${key}`]: encrypt, [`/v1/transit/decrypt/${key}`]: decrypt }[request.url!];
    if (!act) return { status: 404, body: { errors: [] } };
    try {
      return { status: 200, body: { data: act(JSON.parse(body) as Wanted) } };
    } catch {
      return { status: 400, body: { errors: ['cipher: message authentication failed'] } };
    }
  };

  const http = createServer((request, response) => {
    void answer(request).then(({ status, body }) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(typeof body === 'string' ? body : JSON.stringify(body)),
    );
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const server: TransitServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/v1/transit`,
    seen,
    next: [],
    token: randomBytes(16).toString('hex'),
    rotate: () => void versions.push(randomBytes(32)),
    stop: () => new Promise((resolve) => http.close(() => resolve()).closeAllConnections()),
  };
  return server;
}
