import { z } from 'zod';

/** IPv4 inside IPv6 would name the same addresses a second time. */
const inIpv6 = /^::ffff:|^(0{1,4}:){5}ffff:/i;

/** One address or a network of them in CIDR notation; IPv4 is spelled as IPv4. */
export const network = z
  .union([z.ipv4(), z.cidrv4(), z.ipv6(), z.cidrv6()], { error: 'expected an address or a network like 10.1.0.0/16' })
  .refine((text) => !inIpv6.test(text), { error: 'spell IPv4 addresses as IPv4' });

/** The networks a credential is good from. */
export const networks = z.array(network).min(1).max(50);

/** Where somebody comes from as the edge sees it; optional, as not everything comes from somewhere. */
export const clientAddress = z.string().max(64).optional();
