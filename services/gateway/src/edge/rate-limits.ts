import { ConclaveError } from '@conclave/contracts';
import type { FastifyRequest } from 'fastify';
import type { EdgeConfig } from '../config.js';
import { clientAddress, networkOf } from './client-address.js';
import type { SharedCounters } from './shared-counters.js';

const WINDOW_MS = 60_000;
/** No address is longer; what a proxy passes on that is longer is none. */
const ADDRESS_CHARS = 64;

/**
 * Requests with a good credential are limited by its principal, and by its tenant where operators said so, wherever they
 * come from and however many keys and sign-ins there are; what comes without one that was good before is limited by address, so that guessing keys is slow
 * and a busy office behind one address is not.
 */
export class RateLimits {
  constructor(
    private readonly counters: SharedCounters,
    private readonly config: EdgeConfig,
  ) {}

  /** Where a request comes from, as far as it is known. */
  addressOf(request: FastifyRequest): string {
    return clientAddress(request, this.config.TRUSTED_PROXY_HOPS).slice(0, ADDRESS_CHARS);
  }

  /** @throws ConclaveError `request.rate-limited` */
  countAddress(request: FastifyRequest): Promise<void> {
    return this.count(`address:${networkOf(this.addressOf(request))}`, this.config.RATE_LIMIT_ADDRESS);
  }

  /** @throws ConclaveError `request.rate-limited` */
  countPrincipal(id: string): Promise<void> {
    return this.count(`principal:${id}`, this.config.RATE_LIMIT_PRINCIPAL);
  }

  /** Together with all others of the tenant. @throws ConclaveError `request.rate-limited` */
  countTenant(id: string, requestsPerMinute: number): Promise<void> {
    return this.count(`tenant:${id}`, requestsPerMinute, 'requestsPerMinute');
  }

  private async count(key: string, limit: number, of?: 'requestsPerMinute'): Promise<void> {
    const waitMs = await this.counters.take(key, { limit, windowMs: WINDOW_MS });
    if (waitMs === 0) return;
    const retryAfterS = Math.ceil(waitMs / 1_000);
    throw new ConclaveError('request.rate-limited', {
      ...{ limit, windowS: WINDOW_MS / 1_000, retryAfterS },
      ...(of === undefined ? {} : { of }),
    });
  }
}
