import { isIP } from 'node:net';
import { z } from 'zod';

/** Networks that `Egress` may reach although they are not public, as a service reads them: comma-separated CIDRs. */
export const allowedNetworks = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((item) => item.trim() || []))
  .refine((cidrs) => cidrs.every(isCidr), { error: 'expected comma-separated networks like 10.1.0.0/16' });

function isCidr(text: string): boolean {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128);
}
