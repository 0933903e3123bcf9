import { createHash } from 'node:crypto';
import { ConclaveError, auth, doorbellSubject, events } from '@conclave/contracts';
import { decodeBody, type Kit, type VerifiedContext } from '@conclave/nest-kit';

/** What a request proves itself with. */
export interface Credential {
  readonly kind: 'api-key' | 'sign-in';
  readonly secret: string;
}

/** Whom a credential belongs to, under a token that every owner checks. */
export interface Caller {
  readonly token: string;
  readonly context: VerifiedContext;
  readonly credentialId: string;
  /** What a page that signed in must repeat with every write. */
  readonly csrf?: string;
}

interface Answer {
  readonly caller: Promise<Caller>;
  /** Set once it is known and good. */
  credentialId?: string;
  /** Epoch milliseconds until which it is used; unbounded while auth is being asked. */
  until: number;
}

/** A revocation whose doorbell was missed takes effect after this long. */
const FRESH_MS = 5_000;
const REFUSED_MS = 1_000;
const LIMIT = 10_000;

/**
 * Swaps credentials for callers at auth, and remembers the answers for seconds. Requests that arrive together ask once;
 * a `credential.revoked` doorbell drops the answer at once. Secrets are remembered by digest only.
 */
export class Credentials {
  private readonly answers = new Map<string, Answer>();

  constructor(private readonly kit: Kit) {
    kit.nats.subscribe(doorbellSubject('auth'), { callback: (_error, message) => this.onRing(message.data) });
  }

  /** Whether the credential is good as far as is remembered, without asking anybody. */
  isKnown(credential: Credential): boolean {
    const answer = this.answers.get(keyOf(credential));
    return answer?.credentialId !== undefined && answer.until > Date.now();
  }

  /** @throws ConclaveError `auth.unauthenticated` | `service.unavailable` | `request.deadline` */
  callerOf(credential: Credential): Promise<Caller> {
    const key = keyOf(credential);
    const remembered = this.answers.get(key);
    if (remembered && remembered.until > Date.now()) return remembered.caller;
    const answer: Answer = { caller: this.ask(credential), until: Number.POSITIVE_INFINITY };
    this.answers.delete(key);
    this.answers.set(key, answer);
    if (this.answers.size > LIMIT) this.answers.delete(this.answers.keys().next().value!);
    answer.caller.then(
      ({ credentialId, context }) => {
        answer.credentialId = credentialId;
        answer.until = Math.min(Date.now() + FRESH_MS, context.expiresAt);
      },
      (error: unknown) => {
        const refused = error instanceof ConclaveError && error.code === 'auth.unauthenticated';
        answer.until = refused ? Date.now() + REFUSED_MS : 0;
      },
    );
    return answer.caller;
  }

  forget(credential: Credential): void {
    this.answers.delete(keyOf(credential));
  }

  private async ask(credential: Credential): Promise<Caller> {
    const { token, credentialId, csrf } = await this.kit.rpc.callAsService(auth.exchangeCredential, {}, credential);
    const context = await this.kit.tokens.verify(token);
    if (!context.principal) throw new ConclaveError('auth.unauthenticated');
    return { token, context, credentialId, ...(csrf === undefined ? {} : { csrf }) };
  }

  /** Answers still on their way could be older than the revocation: they serve who asked, nobody after. */
  private onRing(data: Uint8Array): void {
    const { events: rung } = decodeBody(data) as { events: { type: string; data: Record<string, unknown> }[] };
    const revoked = rung.filter(({ type }) => type === events.credentialRevoked.type);
    if (revoked.length === 0) return;
    const ids = new Set(revoked.map((event) => event.data['credentialId']));
    for (const [key, { credentialId }] of this.answers)
      if (credentialId === undefined || ids.has(credentialId)) this.answers.delete(key);
  }
}

const keyOf = ({ kind, secret }: Credential): string =>
  createHash('sha256').update(`${kind}\n${secret}`).digest('base64');
