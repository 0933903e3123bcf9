import type { FastifyRequest } from 'fastify';

/** Where a request comes from: the connection's other end, or what the outermost trusted proxy saw. */
export function clientAddress(request: FastifyRequest, trustedProxyHops: number): string {
  const forwarded = String(request.headers['x-forwarded-for'] ?? '').split(',');
  const seen = trustedProxyHops > 0 ? forwarded.at(-trustedProxyHops)?.trim() : undefined;
  return seen || (request.socket.remoteAddress ?? '');
}

/** What an address is counted under: an IPv6 client has a whole /64 to choose from, so that is one address. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped || !address.includes(':')) return mapped ?? address;
  const [left = '', right] = address.toLowerCase().split('::');
  const head = left.split(':').filter(Boolean);
  const tail = (right ?? '').split(':').filter(Boolean);
  const gap = right === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array<string>(Math.max(0, gap)).fill('0'), ...tail].slice(0, 4).join(':') + '::/64';
}
