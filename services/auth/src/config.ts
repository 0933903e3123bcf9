import { databaseEnvironment, loadConfig, secretKey } from '@conclave/nest-kit';
import { allowedNetworks } from '@conclave/nest-kit/egress';
import { secretsEnvironment } from './data-keys/config.js';
import { domainEnvironment } from './mail-domains/config.js';
import { mailEnvironment } from './mails/config.js';
import { z } from 'zod';

/** What auth reads besides the kit's environment. */
export const authEnvironment = {
  ...databaseEnvironment,
  API_KEY_PEPPER: secretKey.describe(
    'Key of the digests that credentials are stored as, base64 of 32 bytes (secret). With another one no key opens.',
  ),
  API_KEY_ENV: z
    .string()
    .regex(/^[a-z0-9]{1,12}$/)
    .default('live')
    .describe('Names the installation in its API keys: ccl_<env>_…'),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Address people use: one-time links lead there, passkeys are good there if it is https or localhost, and identity providers send people there.',
    ),
  EGRESS_ALLOW: allowedNetworks.describe(
    'Private networks that identity providers may be in, also without TLS: comma-separated CIDRs. None unless told.',
  ),
  SIGN_IN_HOURS: z.coerce
    .number()
    .positive()
    .max(720)
    .default(12)
    .describe('Hours after which a sign-in ends, however much it is used.'),
  SIGN_IN_IDLE_MINUTES: z.coerce
    .number()
    .min(5)
    .max(43_200)
    .default(120)
    .describe('Minutes without a request after which a sign-in ends.'),
  STEP_UP_MINUTES: z.coerce
    .number()
    .min(1)
    .max(1_440)
    .default(15)
    .describe('Minutes for which a second factor that was shown counts as a proof of late, for what takes one.'),
  TENANT_ERASURE_GRACE_HOURS: z.coerce
    .number()
    .min(0)
    .max(8_760)
    .default(168)
    .describe('Hours between the request to erase a tenant and its beginning, in which it can be canceled.'),
  ...secretsEnvironment,
  ...mailEnvironment,
  ...domainEnvironment,
};

export type AuthConfig = Readonly<z.output<z.ZodObject<typeof authEnvironment>>>;

/** The environment of auth's jobs, which need no bus. @throws ConfigError naming every bad key */
export const jobConfig = (): AuthConfig => loadConfig('auth', authEnvironment, process.env);
