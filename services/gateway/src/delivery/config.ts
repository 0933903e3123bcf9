import { databaseEnvironment, secretKey } from '@conclave/nest-kit';
import { allowedNetworks } from '@conclave/nest-kit/egress';
import { z } from 'zod';

/** What delivery reads besides the kit's environment. */
export const deliveryEnvironment = {
  ...databaseEnvironment,
  DELIVERY_KEK: secretKey.describe('Key that seals webhook secrets in the database, base64 of 32 bytes (secret).'),
  EGRESS_ALLOW: allowedNetworks.describe(
    'Private networks that webhooks may reach, also without TLS: comma-separated CIDRs. None unless told.',
  ),
};

export type DeliveryConfig = Readonly<z.output<z.ZodObject<typeof deliveryEnvironment>>>;
