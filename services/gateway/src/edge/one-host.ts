import { ConclaveError } from '@conclave/contracts';
import type { FastifyRequest } from 'fastify';

/** A name or address, and a port (RFC 3986 § 3.2.2). */
const HOST = /^(?:[\w.-]{1,253}|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * Of two hosts one proxy goes by the first and another by the last, and what is none is read by each in its own way
 * (RFC 9112 § 3.2). HTTP/1.0 may do without.
 *
 * @throws ConclaveError `request.malformed`
 */
export function refuseUnclearHost({ raw: { rawHeaders, headers } }: FastifyRequest): void {
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.length === 4 && name.toLowerCase() === 'host');
  if (hosts.length > 1) throw new ConclaveError('request.malformed', { reason: 'more than one Host' });
  if (headers.host !== undefined && !HOST.test(headers.host))
    throw new ConclaveError('request.malformed', { reason: 'the Host is no name or address' });
}
