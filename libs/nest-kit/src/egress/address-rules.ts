/**
 * Which addresses a request that a tenant caused may go to: the public internet, and what the operator allows.
 *
 * Sources: IANA special-purpose address registries (RFC 6890 and successors); cloud metadata services. IPv6 is an
 * allow-list (2000::/3) because every embedding of IPv4 in IPv6 is a way around a list of IPv4 networks.
 */
import { isIP, type BlockList } from 'node:net';
import { blockListOf } from '../networks.js';

const notPublic4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Azure's metadata and DNS service, on an address that is otherwise public.
  '168.63.129.16/32',
];

/** Inside 2000::/3: IETF assignments with Teredo and ORCHID, documentation, 6to4. */
const notPublic6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const refused = blockListOf([...notPublic4, ...notPublic6]);
const global6 = blockListOf(['2000::/3']);

export type AddressVerdict = 'public' | 'allowed' | 'refused';

/** `allowed` names networks in CIDR notation that are reachable although they are not public. */
export class AddressRules {
  private readonly allowed: BlockList;

  constructor(allowed: readonly string[]) {
    this.allowed = blockListOf(allowed);
  }

  /** Anything that is not plainly an address is refused, scoped addresses too. */
  verdict(address: string): AddressVerdict {
    const family = isIP(address);
    if (family === 0 || address.includes('%')) return 'refused';
    const kind = family === 4 ? 'ipv4' : 'ipv6';
    if (this.allowed.check(address, kind)) return 'allowed';
    if (family === 6 && !global6.check(address, kind)) return 'refused';
    return refused.check(address, kind) ? 'refused' : 'public';
  }
}
