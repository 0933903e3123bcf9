import { join } from 'node:path';
import { serviceNames } from '@conclave/contracts';
import type { BaseConfig } from '@conclave/nest-kit';
import { z } from 'zod';

const urlsByService = z.string().transform((text, ctx) => {
  try {
    return z.partialRecord(z.enum(serviceNames), z.url({ protocol: /^https?$/ })).parse(JSON.parse(text));
  } catch {
    ctx.addIssue({ code: 'custom', message: 'expected a JSON object from service name to URL' });
    return z.NEVER;
  }
});

const count = z.coerce.number().int();

/** What the edge reads besides the kit's environment. */
export const edgeEnvironment = {
  INTERNAL_URLS: urlsByService.describe(
    'Internal HTTP listeners of the owners that stream: JSON map of service to URL.',
  ),
  REDIS_URL: z
    .url()
    .optional()
    .describe('Where rate limits are shared between replicas; without it each counts alone.'),
  CONSOLE_DIR: z
    .string()
    .default(join(import.meta.dirname, '../../console/dist'))
    .describe('Built files of the console; nothing is served when the folder is missing.'),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Address people use. https makes cookies Secure and sends HSTS.'),
  ALLOWED_HOSTS: z
    .string()
    .default('')
    .transform((names) =>
      names
        .toLowerCase()
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
    )
    .describe('Further names it answers to besides that of PUBLIC_URL and addresses, with commas.'),
  TRUSTED_PROXY_HOPS: count
    .min(0)
    .max(10)
    .default(0)
    .describe('Proxies in front that append to X-Forwarded-For; the address before them is the client.'),
  RATE_LIMIT_PRINCIPAL: count
    .min(1)
    .default(6_000)
    .describe('Requests a principal may make per minute, with all its keys and sign-ins together.'),
  RATE_LIMIT_ADDRESS: count
    .min(1)
    .default(1_200)
    .describe('Requests per minute and address that carry no credential the edge has found good.'),
  RATE_LIMIT_REPLICAS: count
    .min(1)
    .default(2)
    .describe('Most replicas of the edge: while Redis is away, each lets that part of the limits through.'),
  UPLOAD_LIMIT_BYTES: count.min(1).default(268_435_456).describe('Largest body of a streamed request.'),
} as const;

export type EdgeConfig = Readonly<z.output<z.ZodObject<typeof edgeEnvironment>>> & BaseConfig;
