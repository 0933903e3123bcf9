import { createPrivateKey } from 'node:crypto';
import { databaseEnvironment, loadConfig, type BaseConfig } from '@conclave/nest-kit';
import { allowedNetworks } from '@conclave/nest-kit/egress';
import { z } from 'zod';
import { timestampEnvironment } from './timestamps/config.js';
import { witnessEnvironment } from './witness/config.js';

const signingKey = z
  .base64()
  .transform((text) => createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' }));

/** What audit reads besides the kit's environment. */
export const auditEnvironment = {
  ...databaseEnvironment,
  ...witnessEnvironment,
  ...timestampEnvironment,
  AUDIT_LOG_HOST: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,200}$/, { error: 'expected a host name' })
    .describe('First part of every log’s origin; never changes once logs exist.'),
  AUDIT_SIGNING_KEY: signingKey.describe('Ed25519 key that signs checkpoints, PKCS#8 DER in base64 (secret).'),
  AUDIT_NEXT_SIGNING_KEY: signingKey
    .optional()
    .describe('The key that will sign alone, of the same form: while it is set both sign (secret).'),
  AUDIT_STORE: z
    .url({ protocol: /^(file|s3)$/ })
    .optional()
    .describe(
      'Where logs are published: file:///DIR or s3://BUCKET[/PREFIX]. Without it no checkpoint is kept outside the database.',
    ),
  AUDIT_S3_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Address of the S3 service, asked with the bucket in the path; needed for s3://.'),
  AUDIT_S3_ALLOW: allowedNetworks.describe(
    'Private networks that the S3 service may be in, also without TLS: comma-separated CIDRs. None unless told.',
  ),
  AUDIT_S3_REGION: z.string().default('us-east-1').describe('Region that requests to S3 are signed for.'),
  AUDIT_S3_ACCESS_KEY_ID: z.string().optional().describe('Access key of the bucket; needed for s3:// (secret).'),
  AUDIT_S3_SECRET_ACCESS_KEY: z.string().optional().describe('Its secret; needed for s3:// (secret).'),
  AUDIT_S3_LOCK_DAYS: z.coerce
    .number()
    .int()
    .min(0)
    .max(36_500)
    .default(365)
    .describe('How long Object Lock keeps full tiles and checkpoints (COMPLIANCE); 0 for a bucket without it.'),
};

export type AuditConfig = Readonly<z.output<z.ZodObject<typeof auditEnvironment>>> & BaseConfig;

/** The environment of audit's jobs, which need no bus. @throws ConfigError naming every bad key */
export const jobConfig = (): Omit<AuditConfig, keyof BaseConfig> => loadConfig('audit', auditEnvironment, process.env);
