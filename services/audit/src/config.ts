import { createPrivateKey } from 'node:crypto';
import { databaseEnvironment, loadConfig, type BaseConfig } from '@conclave/nest-kit';
import { z } from 'zod';

/** What audit reads besides the kit's environment. */
export const auditEnvironment = {
  ...databaseEnvironment,
  AUDIT_LOG_HOST: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,200}$/, { error: 'expected a host name' })
    .describe('First part of every log’s origin; never changes once logs exist.'),
  AUDIT_SIGNING_KEY: z
    .base64()
    .transform((text) => createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' }))
    .describe('Ed25519 key that signs checkpoints, PKCS#8 DER in base64 (secret).'),
};

export type AuditConfig = Readonly<z.output<z.ZodObject<typeof auditEnvironment>>> & BaseConfig;

/** The environment of audit's jobs, which need no bus. @throws ConfigError naming every bad key */
export const jobConfig = (): Omit<AuditConfig, keyof BaseConfig> => loadConfig('audit', auditEnvironment, process.env);
