/** A voter that is a program with an Ed25519 key of its own, and reaches Conclave through its public API alone. */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { commitmentBytes, commitOf, revealBytes, type Ballot, type Signature } from '@conclave/consensus-core';

/** The public API under one key. */
export class Api {
  constructor(
    private readonly gateway: string,
    private readonly apiKey: string,
  ) {}

  async call<Reply>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Reply> {
    const headers = { authorization: `Bearer ${this.apiKey}`, 'content-type': 'application/json' };
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${this.gateway}${path}`, { method, headers, ...init });
    const reply = (await response.json()) as Reply;
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(reply)}`);
    return reply;
  }
}

export class ProgramVoter {
  private readonly salt = randomBytes(32).toString('base64');

  private constructor(
    private readonly api: Api,
    readonly voterId: string,
    private readonly key: KeyObject,
  ) {}

  /** Enrols a fresh key by answering a challenge with it. */
  static async enrol(api: Api, name: string): Promise<ProgramVoter> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('base64');
    const { challenge } = await api.call<{ challenge: string }>('POST', '/v1/voter-keys/challenges', {});
    const { value } = signatureOf(privateKey, Buffer.from(`conclave/voter-key/v1\n${challenge}\n${raw}`));
    const request = { name, publicKey: raw, algorithm: 'ed25519', possession: { challenge, value } };
    const { voterId } = await api.call<{ voterId: string }>('POST', '/v1/voter-keys', request);
    return new ProgramVoter(api, voterId, privateKey);
  }

  async commit(id: string, termsSha256: string): Promise<void> {
    const commitment = { round: 1, voterId: this.voterId, commit: commitOf(this.ballot(id), this.salt) };
    const signature = signatureOf(this.key, commitmentBytes({ decisionId: id, ...commitment }, termsSha256));
    await this.api.call('POST', `/v1/decisions/${id}/commits`, { ...commitment, signature });
  }

  async reveal(id: string, termsSha256: string): Promise<void> {
    const said = { ballot: this.ballot(id), salt: this.salt };
    const signature = signatureOf(this.key, revealBytes(said, termsSha256, { signedReveals: true }));
    await this.api.call('POST', `/v1/decisions/${id}/reveals`, { ...said, signature });
  }

  private ballot(decisionId: string): Ballot {
    return { decisionId, round: 1, voterId: this.voterId, reason: 'as told', vote: 'yes' };
  }
}

function signatureOf(key: KeyObject, bytes: Uint8Array): Extract<Signature, { algorithm: 'ed25519' }> {
  return { algorithm: 'ed25519', value: sign(null, bytes, key).toString('base64') };
}
