import { createHash } from 'node:crypto';
import { ConclaveError, auth, events, type Contract } from '@conclave/contracts';
import { Networks, permits, type Kit, type VerifiedContext } from '@conclave/nest-kit';
import { AuthBell, type Rung } from './auth-bell.js';

/** What a request proves itself with. */
export interface Credential {
  readonly kind: 'api-key' | 'sign-in' | 'access-token';
  readonly secret: string;
}

/** Whom a credential belongs to, under a token that every owner checks. */
export interface Caller {
  readonly token: string;
  readonly context: VerifiedContext;
  readonly credentialId: string;
  /** What a page that signed in must repeat with every write. */
  readonly csrf?: string;
  /** Where it is good from; anywhere unless told. */
  readonly allowedFrom?: Networks;
  /** What all of its tenant may ask for in a minute; without bounds unless told. */
  readonly requestsPerMinute?: number;
}

/** A caller with what it came in with; never remembered. */
export interface Admitted extends Caller {
  readonly credential: Credential;
}

interface Answer {
  readonly caller: Promise<Caller>;
  /** Set while the credential is good as far as was heard, also while auth is asked anew. */
  credentialId?: string;
  tenantId?: string;
  /** Epoch milliseconds until which it is used; unbounded while auth is being asked. */
  until: number;
}

/** What may have changed what callers of a tenant are worth. */
const NARROWING: readonly string[] = [
  events.memberChanged,
  events.mfaPolicyChanged,
  events.ownerRemoved,
  events.roleChanged,
  events.signInPolicyChanged,
  events.totpAdded,
  events.policyChanged,
  events.policyDeleted,
  events.breakGlassOpened,
  events.breakGlassEnded,
  events.tenantSuspended,
].map(({ type }) => type);

/** What auth says of credentials that open nothing now. */
const REFUSALS: readonly string[] = ['auth.unauthenticated', 'auth.tenant.suspended'];

/** A revocation whose doorbell was missed takes effect on requests after this long. */
const FRESH_MS = 5_000;
const REFUSED_MS = 1_000;
/** Between two looks at a credential under which something is open. */
const RENEW_MIN_MS = 1_000;
/** When something was missed, all that is open is looked at again, not all at once. */
const SPREAD_MS = 1_500;
const LIMIT = 10_000;

/** Something that was begun under a credential. */
interface Watch {
  readonly tenantId: string | undefined;
  readonly end: () => void;
  /** Asks auth again, and ends it when it is no longer permitted. */
  readonly renew: () => Promise<void>;
}

/**
 * Swaps credentials for callers at auth, and remembers the answers for seconds. Requests that arrive together ask once;
 * a `credential.revoked` doorbell drops the answer at once, and ends what was begun under it; one of a changed role drops
 * the answers of its tenant, and has what was begun under them looked at again; after a doorbell that was missed everything
 * is. Secrets are remembered by digest only.
 */
export class Credentials {
  private readonly answers = new Map<string, Answer>();
  private readonly watches = new Map<string, Set<Watch>>();

  constructor(private readonly kit: Kit) {
    new AuthBell(kit, { heard: (rung) => this.onRing(rung), missed: () => this.doubtAll() });
  }

  /** Whether the credential was good when auth was last asked: what others do at its address is not its concern. */
  isKnown(credential: Credential): boolean {
    return this.answers.get(keyOf(credential))?.credentialId !== undefined;
  }

  /** @throws ConclaveError `auth.unauthenticated` | `service.unavailable` | `request.deadline` */
  callerOf(credential: Credential, address?: string): Promise<Caller> {
    const key = keyOf(credential);
    const remembered = this.answers.get(key);
    if (remembered && remembered.until > Date.now()) return remembered.caller;
    const answer: Answer = { ...remembered, caller: this.ask(credential, address), until: Number.POSITIVE_INFINITY };
    this.answers.delete(key);
    this.answers.set(key, answer);
    if (this.answers.size > LIMIT) this.answers.delete(this.answers.keys().next().value!);
    answer.caller.then(
      ({ credentialId, context }) => {
        answer.credentialId = credentialId;
        if (context.tenantId !== undefined) answer.tenantId = context.tenantId;
        answer.until = Math.min(Date.now() + FRESH_MS, context.expiresAt);
      },
      (error: unknown) => {
        const refused = error instanceof ConclaveError && REFUSALS.includes(error.code);
        answer.until = refused ? Date.now() + REFUSED_MS : 0;
        if (refused) delete answer.credentialId;
      },
    );
    return answer.caller;
  }

  forget(credential: Credential): void {
    this.answers.delete(keyOf(credential));
  }

  /**
   * Calls `end` once when the caller's credential is over: revoked, or no longer good for the permission when its token
   * has run out. @returns what stops the watch
   */
  watch(caller: Admitted, permission: Contract['permission'], end: () => void): () => void {
    const { credentialId } = caller;
    const watches = this.watches.get(credentialId) ?? new Set();
    let alarm: NodeJS.Timeout | undefined;
    let stopped = false;
    const untilExpiry = ({ context }: Caller): void => {
      clearTimeout(alarm);
      alarm = setTimeout(() => void renew(), Math.max(RENEW_MIN_MS, context.expiresAt - Date.now()));
    };
    const renew = async (): Promise<void> => {
      const renewed = await this.callerOf(caller.credential).catch(() => undefined);
      if (stopped) return;
      // What is open was let in under these policies; under others it has to ask again.
      const same = renewed?.context.policies === caller.context.policies;
      if (renewed && same && permits({ permission }, renewed.context)) untilExpiry(renewed);
      else end();
    };
    const watch = { tenantId: caller.context.tenantId, end, renew };
    this.watches.set(credentialId, watches.add(watch));
    untilExpiry(caller);
    // The bell may have rung between the door and here.
    if (!this.isKnown(caller.credential)) void renew();
    return () => {
      stopped = true;
      clearTimeout(alarm);
      watches.delete(watch);
      if (watches.size === 0) this.watches.delete(credentialId);
    };
  }

  private async ask(credential: Credential, address: string | undefined): Promise<Caller> {
    const presented = { ...credential, ...(address === undefined ? {} : { address }) };
    const answer = await this.kit.rpc.callAsService(auth.exchangeCredential, {}, presented);
    const { token, credentialId, csrf, allowedAddresses, requestsPerMinute } = answer;
    const context = await this.kit.tokens.verify(token);
    if (!context.principal) throw new ConclaveError('auth.unauthenticated');
    return {
      token,
      context,
      credentialId,
      ...(csrf === undefined ? {} : { csrf }),
      ...(allowedAddresses ? { allowedFrom: new Networks(allowedAddresses) } : {}),
      ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    };
  }

  /** Answers still on their way could be older than the revocation: they serve who asked, nobody after. */
  private onRing(rung: readonly Rung[]): void {
    const revoked = rung.filter(({ type }) => type === events.credentialRevoked.type);
    const narrowed = new Set(rung.flatMap(({ type, tenantId }) => (NARROWING.includes(type) ? [tenantId] : [])));
    if (revoked.length === 0 && narrowed.size === 0) return;
    const isRevoked = (id: string | undefined, whose: string | undefined): boolean =>
      revoked.some(({ tenantId, data }) => data['credentialId'] === id && tenantId === whose);
    for (const [key, answer] of this.answers) {
      if (isRevoked(answer.credentialId, answer.tenantId)) this.answers.delete(key);
      else if (answer.until === Number.POSITIVE_INFINITY || narrowed.has(answer.tenantId ?? ''))
        this.answers.set(key, { ...answer, until: 0 });
    }
    for (const id of new Set(revoked.map(({ data }) => String(data['credentialId']))))
      for (const { tenantId, end } of [...(this.watches.get(id) ?? [])]) if (isRevoked(id, tenantId)) end();
    for (const { tenantId, renew } of this.open()) if (narrowed.has(tenantId ?? '')) void renew();
  }

  private doubtAll(): void {
    for (const [key, answer] of this.answers) this.answers.set(key, { ...answer, until: 0 });
    for (const { renew } of this.open()) setTimeout(() => void renew(), Math.random() * SPREAD_MS).unref();
  }

  private open(): Watch[] {
    return [...this.watches.values()].flatMap((watches) => [...watches]);
  }
}

/** Made once for what a request came in with, which is looked up several times on its way. */
const keys = new WeakMap<Credential, string>();

function keyOf(credential: Credential): string {
  const { kind, secret } = credential;
  const key = keys.get(credential) ?? createHash('sha256').update(`${kind}\n${secret}`).digest('base64');
  keys.set(credential, key);
  return key;
}
