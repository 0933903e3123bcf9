import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { z } from 'zod';
import { ConfigError, baseEnvironment, databaseEnvironment, loadConfig } from './config.js';

const pair = generateKeyPairSync('ed25519');
const privateKey = pair.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
const complete = {
  NATS_URL: 'nats://127.0.0.1:4222',
  SERVICE_KEY: privateKey,
  SERVICE_KEYS: JSON.stringify({ auth: publicKey }),
};

const refusalOf = (shape: z.ZodRawShape, env: NodeJS.ProcessEnv): string => {
  try {
    loadConfig('audit', shape, env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('the environment was accepted');
};

describe('environment', () => {
  it('is parsed, completed with defaults and frozen', () => {
    const config = loadConfig('audit', baseEnvironment, { ...complete, HTTP_PORT: '9000' });
    expect(config).toMatchObject({
      HTTP_PORT: 9000,
      HTTP_HOST: '0.0.0.0',
      LOG_LEVEL: 'info',
      SHUTDOWN_GRACE_MS: 10_000,
    });
    expect(config.SERVICE_KEYS).toEqual({ auth: publicKey });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('names every bad key at once, and the service', () => {
    const message = refusalOf(
      { ...baseEnvironment, ...databaseEnvironment },
      {
        HTTP_PORT: 'eighty',
        NATS_NKEY_SEED: 'seed',
        SERVICE_KEY: 'bm90IGEga2V5',
        SERVICE_KEYS: '{"auth":"bm90IGEga2V5"}',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'collector',
        LOG_LEVEL: 'loud',
        SHUTDOWN_GRACE_MS: '-1',
        DATABASE_URL: '',
        DATABASE_POOL_SIZE: '0',
      },
    );
    expect(message).toMatch(/^audit cannot start/);
    const named = [...message.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, key]) => key);
    expect(named.sort()).toEqual([
      'DATABASE_POOL_SIZE',
      'DATABASE_SYSTEM_URL',
      'DATABASE_URL',
      'HTTP_PORT',
      'LOG_LEVEL',
      'NATS_NKEY_SEED',
      'NATS_URL',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'SERVICE_KEY',
      'SERVICE_KEYS',
      'SHUTDOWN_GRACE_MS',
    ]);
  });

  it('never repeats a secret in its refusal', () => {
    const message = refusalOf(baseEnvironment, { ...complete, SERVICE_KEY: 'c2VjcmV0', NATS_NKEY_SEED: 'SUSECRET' });
    expect(message).not.toMatch(/c2VjcmV0|SUSECRET/);
  });

  it.each([
    ['a public key', publicKey],
    [
      'an RSA key',
      generateKeyPairSync('rsa', { modulusLength: 2048 })
        .privateKey.export({ format: 'der', type: 'pkcs8' })
        .toString('base64'),
    ],
  ])('refuses %s as the key a service signs with', (_what, key) => {
    expect(refusalOf(baseEnvironment, { ...complete, SERVICE_KEY: key })).toContain('SERVICE_KEY: expected an Ed25519');
  });

  it('gives no secret a default', () => {
    const secret = Object.entries({ ...baseEnvironment, ...databaseEnvironment }).filter(([, schema]) =>
      /secret|Postgres/.test(schema.description ?? ''),
    );
    expect(secret.length).toBeGreaterThan(3);
    for (const [, schema] of secret) expect(schema).not.toBeInstanceOf(z.ZodDefault);
  });

  it('treats an empty value as none', () => {
    expect(loadConfig('audit', baseEnvironment, { ...complete, OTEL_EXPORTER_OTLP_ENDPOINT: '' })).not.toHaveProperty(
      'OTEL_EXPORTER_OTLP_ENDPOINT',
    );
  });
});
