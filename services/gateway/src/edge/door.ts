import { timingSafeEqual } from 'node:crypto';
import { ConclaveError } from '@conclave/contracts';
import { offersUpgrade, refuseUnpermitted, type Terms } from '@conclave/nest-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientAddress } from './client-address.js';
import type { Admitted, Caller, Credential, Credentials } from './credentials.js';
import type { RateLimits } from './rate-limits.js';
import type { SignInCookie } from './sign-in-cookie.js';

/** Lets requests in, or says why not: credential, address, rate, CSRF, permission and proof; in this order, before a body is read. */
export class Door {
  constructor(
    private readonly credentials: Credentials,
    private readonly limits: RateLimits,
    private readonly cookie: SignInCookie,
    private readonly trustedProxyHops: number,
  ) {}

  /** @throws ConclaveError `auth.*` | `request.rate-limited` | `service.unavailable` */
  async admit(terms: Terms, request: FastifyRequest, reply: FastifyReply): Promise<Admitted> {
    const credential = this.credentialOf(request);
    if (!credential || !this.credentials.isKnown(credential)) await this.limits.countAddress(request);
    if (!credential) throw new ConclaveError('auth.unauthenticated');
    const caller = await this.callerOf(credential, request);
    await this.refuseElsewhere(caller, request);
    await this.limits.countPrincipal(caller.context.principal!.id);
    if (caller.requestsPerMinute !== undefined)
      await this.limits.countTenant(caller.context.tenantId!, caller.requestsPerMinute);
    if (credential.kind === 'sign-in') this.refuseOtherPages(caller, request);
    refuseUnpermitted(terms, caller.context);
    reply.header('vary', 'authorization, cookie');
    return { ...caller, credential };
  }

  /** Lets a caller go on after a body, which may have taken its time. @throws ConclaveError as `admit` */
  async goOn(terms: Terms, { credential }: Admitted): Promise<Admitted> {
    const caller = await this.credentials.callerOf(credential);
    refuseUnpermitted(terms, caller.context);
    return { ...caller, credential };
  }

  /** Whom a credential belongs to that a request brought along. @throws ConclaveError `auth.unauthenticated` | `service.unavailable` */
  callerOf(credential: Credential, request: FastifyRequest): Promise<Caller> {
    return this.credentials.callerOf(credential, clientAddress(request, this.trustedProxyHops));
  }

  /**
   * Holds a caller to the networks its credential is good from. From elsewhere it counts like a guess, or whoever found
   * the key could use up its holder's requests.
   *
   * @throws ConclaveError `auth.address.refused` | `request.rate-limited`
   */
  async refuseElsewhere({ allowedFrom }: Caller, request: FastifyRequest): Promise<void> {
    const address = clientAddress(request, this.trustedProxyHops);
    if (!allowedFrom || allowedFrom.has(address)) return;
    await this.limits.countAddress(request);
    throw new ConclaveError('auth.address.refused', { address });
  }

  /** What a browser does of its own accord for any page that asks is done for pages of ours alone. @throws ConclaveError `auth.csrf` */
  private refuseOtherPages(caller: Caller, request: FastifyRequest): void {
    const isWrite = request.method !== 'GET' && request.method !== 'HEAD';
    if (isWrite) checkCsrf(caller, request);
    const saysWho = request.headers.origin !== undefined;
    if ((offersUpgrade(request) || (isWrite && saysWho)) && !this.cookie.isOwnPage(request))
      throw new ConclaveError('auth.csrf');
  }

  /** A header that is there decides alone: a bad key is not excused by a good cookie. */
  credentialOf(request: FastifyRequest): Credential | undefined {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const secret = /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(authorization)?.[1];
      if (secret !== undefined && isJwt(secret)) return { kind: 'access-token', secret };
      return secret !== undefined && secret.length <= 512 ? { kind: 'api-key', secret } : undefined;
    }
    const secret = this.cookie.read(request);
    return secret !== undefined && secret.length > 0 && secret.length <= 512 ? { kind: 'sign-in', secret } : undefined;
  }
}

/** Three parts, the first of them a JSON object: no API key looks like it. */
const isJwt = (secret: string): boolean => /^eyJ[\w-]*\.[\w-]*\.[\w-]*$/.test(secret);

function checkCsrf({ csrf }: Caller, request: FastifyRequest): void {
  const given = Buffer.from(String(request.headers['x-conclave-csrf'] ?? ''));
  const expected = Buffer.from(csrf ?? '');
  const same = expected.length > 0 && given.length === expected.length && timingSafeEqual(given, expected);
  if (!same) throw new ConclaveError('auth.csrf');
}
