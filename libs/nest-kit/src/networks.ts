/**
 * Which addresses a list of networks holds. IPv4 and IPv6 are kept apart: an IPv4 client that arrives as
 * `::ffff:a.b.c.d` is asked for among the IPv4 networks only, or `::/0` would let all of IPv4 in.
 */
import { BlockList, isIP } from 'node:net';

const mapped = blockListOf(['::ffff:0:0/96']);

export class Networks {
  private readonly v4: BlockList;
  private readonly v6: BlockList;

  /** Addresses, or networks in CIDR notation. */
  constructor(cidrs: readonly string[]) {
    this.v4 = blockListOf(cidrs.filter((cidr) => !cidr.includes(':')));
    this.v6 = blockListOf(cidrs.filter((cidr) => cidr.includes(':')));
  }

  /** What is not plainly an address is in no network. */
  has(address: string): boolean {
    const family = isIP(address);
    if (family === 0 || address.includes('%')) return false;
    if (family === 4) return this.v4.check(address, 'ipv4');
    return (mapped.check(address, 'ipv6') ? this.v4 : this.v6).check(address, 'ipv6');
  }

  /** Whether all of a network is within one of these, of its own family. */
  static covers(cidrs: readonly string[], cidr: string): boolean {
    const [address = ''] = cidr.split('/');
    const isAlike = (wider: string): boolean => wider.includes(':') === cidr.includes(':');
    return cidrs.some((wider) => isAlike(wider) && bitsOf(wider) <= bitsOf(cidr) && new Networks([wider]).has(address));
  }
}

export function blockListOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = ''] = cidr.split('/');
    list.addSubnet(address, bitsOf(cidr), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}

function bitsOf(cidr: string): number {
  const [address = '', bits] = cidr.split('/');
  return bits === undefined ? (address.includes(':') ? 128 : 32) : Number(bits);
}
