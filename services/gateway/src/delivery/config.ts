import { isIP } from 'node:net';
import { databaseEnvironment, secretKey } from '@conclave/nest-kit';
import { z } from 'zod';

/** What delivery reads besides the kit's environment. */
export const deliveryEnvironment = {
  ...databaseEnvironment,
  DELIVERY_KEK: secretKey.describe('Key that seals webhook secrets in the database, base64 of 32 bytes (secret).'),
  EGRESS_ALLOW: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((item) => item.trim() || []))
    .refine((cidrs) => cidrs.every(isCidr), { error: 'expected comma-separated networks like 10.1.0.0/16' })
    .describe('Private networks that webhooks may reach, also without TLS: comma-separated CIDRs. None unless told.'),
};

export type DeliveryConfig = Readonly<z.output<z.ZodObject<typeof deliveryEnvironment>>>;

function isCidr(text: string): boolean {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128);
}
