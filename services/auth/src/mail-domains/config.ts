import { isIP } from 'node:net';
import { z } from 'zod';

const server = z
  .string()
  .trim()
  .refine((text) => isIP(/^(?:\[(.+)\]|([^:]+))(?::\d{1,5})?$/.exec(text)?.slice(1).find(Boolean) ?? text) !== 0, {
    error: 'expected addresses, such as 10.0.0.53 or [fd00::53]:53',
  });

/** Whom to ask for the records that prove mail domains. */
export const domainEnvironment = {
  DNS_SERVERS: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(server).min(1))
    .optional()
    .describe(
      'Name servers that are asked for the records of mail domains, comma-separated; the system’s own unless told.',
    ),
};
