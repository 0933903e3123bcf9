import { secretKey } from '@conclave/nest-kit';
import { allowedNetworks } from '@conclave/nest-kit/egress';
import { z } from 'zod';

const keys = z
  .string()
  .transform((text) => text.split(',').map((key) => key.trim()))
  .pipe(z.tuple([secretKey], secretKey));

const labels = z
  .string()
  .transform((text) => text.split(',').map((label) => label.trim()))
  .pipe(z.tuple([z.string().min(1)], z.string().min(1)));

/** Where the keys are that data keys are wrapped under. */
export const secretsEnvironment = {
  SECRETS_KEK: keys
    .optional()
    .describe(
      'Keys that wrap the data keys of tenants, each base64 of 32 bytes, comma-separated: the first wraps, all open (secret). Without one of them, what it wrapped is lost.',
    ),
  SECRETS_PKCS11_MODULE: z
    .string()
    .optional()
    .describe('Library of a PKCS#11 token that wraps instead, such as /usr/lib/softhsm/libsofthsm2.so.'),
  SECRETS_PKCS11_TOKEN: z.string().optional().describe('Label of the token.'),
  SECRETS_PKCS11_KEYS: labels
    .default(['conclave'])
    .describe('Labels of AES keys of 256 bits in the token, comma-separated: the first wraps, all open.'),
  SECRETS_PKCS11_PIN_FILE: z.string().optional().describe('File with the PIN of the token.'),
  SECRETS_TRANSIT_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/$/, ''))
    .optional()
    .describe(
      'Transit engine of OpenBao or Vault that wraps instead, such as https://bao.example.com:8200/v1/transit.',
    ),
  SECRETS_TRANSIT_KEY: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .default('conclave')
    .describe('Name of the key in Transit.'),
  SECRETS_TRANSIT_TOKEN_FILE: z
    .string()
    .optional()
    .describe('File with the token for Transit; read at each use, so that an agent can renew it.'),
  SECRETS_TRANSIT_ALLOW: allowedNetworks.describe(
    'Networks that Transit may be in although they are not public: comma-separated CIDRs.',
  ),
};
