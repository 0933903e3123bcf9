import { secretKey } from '@conclave/nest-kit';
import { allowedNetworks } from '@conclave/nest-kit/egress';
import { z } from 'zod';

const keys = z
  .string()
  .transform((text) => text.split(',').map((key) => key.trim()))
  .pipe(z.tuple([secretKey], secretKey));

const arn = z.string().regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]{1,128}$/, {
  error: 'expected ARNs of keys, not of aliases: arn:aws:kms:REGION:ACCOUNT:key/ID',
});
const arns = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .pipe(z.tuple([arn], arn));

const address = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/$/, ''));

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
  SECRETS_TRANSIT_URL: address
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
  SECRETS_KMS_KEYS: arns
    .optional()
    .describe('ARNs of symmetric keys in AWS KMS that wrap instead, comma-separated: the first wraps, all open.'),
  SECRETS_KMS_ENDPOINT: address
    .optional()
    .describe(
      'Where KMS is, such as a VPC endpoint or what speaks its protocol; unset, that of the region of each key.',
    ),
  SECRETS_KMS_ALLOW: allowedNetworks.describe(
    'Networks that KMS and STS may be in although they are not public: comma-separated CIDRs.',
  ),
  AWS_ROLE_ARN: z
    .string()
    .optional()
    .describe('Role for KMS, taken on with a web identity; an EKS cluster sets it for service accounts with a role.'),
  AWS_WEB_IDENTITY_TOKEN_FILE: z
    .string()
    .optional()
    .describe('File with the token that the role is taken on with; set by EKS along with it.'),
  AWS_ENDPOINT_URL_STS: address
    .optional()
    .describe('Where the role is taken on, unless it is AWS’s STS of the region of each key.'),
  AWS_ACCESS_KEY_ID: z.string().optional().describe('Access key for KMS in place of a role (secret).'),
  AWS_SECRET_ACCESS_KEY: z.string().optional().describe('Its secret (secret).'),
  AWS_SESSION_TOKEN: z.string().optional().describe('Its session, if it is of one (secret).'),
  SECRETS_WRAP_BY: z
    .enum(['pkcs11', 'kms', 'transit', 'file'])
    .optional()
    .describe(
      'Which of several wraps; unless told, a token before KMS, KMS before Transit, Transit before SECRETS_KEK.',
    ),
};

export type SecretsConfig = Readonly<z.output<z.ZodObject<typeof secretsEnvironment>>>;
