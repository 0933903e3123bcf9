/**
 * The environment is read once, parsed by one schema and frozen. A service with a bad environment does not start and
 * names every bad key at once. Secrets have no defaults.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { serviceNames, type ServiceName } from '@conclave/contracts';
import { z } from 'zod';

const isEd25519 = (read: () => KeyObject): boolean => {
  try {
    return read().asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
};
const der = (text: string): Buffer => Buffer.from(text, 'base64');

const privateKey = z
  .string()
  .refine((text) => isEd25519(() => createPrivateKey({ key: der(text), format: 'der', type: 'pkcs8' })), {
    error: 'expected an Ed25519 private key (PKCS#8 DER, base64)',
  });
const publicKey = z
  .string()
  .refine((text) => isEd25519(() => createPublicKey({ key: der(text), format: 'der', type: 'spki' })), {
    error: 'expected an Ed25519 public key (SPKI DER, base64)',
  });

const publicKeys = z.string().transform((text, ctx) => {
  try {
    return z.partialRecord(z.enum(serviceNames), publicKey).parse(JSON.parse(text));
  } catch {
    ctx.addIssue({ code: 'custom', message: 'expected a JSON object from service name to Ed25519 public key' });
    return z.NEVER;
  }
});

/** What every service reads. */
export const baseEnvironment = {
  NODE_ENV: z.enum(['production', 'development', 'test']).default('production'),
  HTTP_HOST: z.string().default('0.0.0.0').describe('Address the HTTP listener binds to.'),
  HTTP_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8080)
    .describe('Port of the HTTP listener; 0 picks a free one.'),
  NATS_URL: z.string().describe('NATS servers, comma-separated.'),
  NATS_NKEY_SEED: z
    .string()
    .regex(/^SU[A-Z2-7]{56}$/, { error: 'expected the seed of an nkey user' })
    .optional()
    .describe('User seed of this service (secret).'),
  SERVICE_KEY: privateKey.describe('PKCS#8 Ed25519 key this service signs contexts with, base64 DER (secret).'),
  SERVICE_KEYS: publicKeys.describe('Public keys of all services: JSON map of name to base64 SPKI DER.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional().describe('Where spans go (OTLP/HTTP); tracing is off without it.'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  SHUTDOWN_GRACE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(10_000)
    .describe('Longest time a service takes to stop on SIGTERM: for requests under way and all it has open.'),
};

/** What a service with a schema in Postgres reads besides. */
export const databaseEnvironment = {
  DATABASE_URL: z.string().describe('Postgres, as the role <service>_app (row-level security applies).'),
  DATABASE_SYSTEM_URL: z
    .string()
    .describe('Postgres, as the role <service>_system (event log and engine tables only).'),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(200).default(10),
};

export type BaseConfig = z.output<z.ZodObject<typeof baseEnvironment>>;
export type DatabaseConfig = z.output<z.ZodObject<typeof databaseEnvironment>>;

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** @throws ConfigError naming every bad key */
export function loadConfig<S extends z.ZodRawShape>(
  service: ServiceName,
  shape: S,
  env: NodeJS.ProcessEnv,
): Readonly<z.output<z.ZodObject<S>>> {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = z.object(shape).safeParse(set);
  if (parsed.success) return Object.freeze(parsed.data);
  const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`${service} cannot start; correct its environment:\n${faults.join('\n')}`);
}
