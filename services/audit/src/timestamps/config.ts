import { X509Certificate } from 'node:crypto';
import { z } from 'zod';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** What audit reads about timestamps. */
export const timestampEnvironment = {
  AUDIT_TIMESTAMP_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('A timestamp authority (RFC 3161) that stamps the head of every log now and then. None unless told.'),
  AUDIT_TIMESTAMP_CERTIFICATES: z
    .string()
    .optional()
    .transform((text, ctx) => {
      try {
        return (text?.match(CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem));
      } catch {
        ctx.addIssue({ code: 'custom', message: 'expected certificates in PEM' });
        return z.NEVER;
      }
    })
    .describe('Certificates in PEM that the authority’s own is believed by; needed with its URL.'),
  AUDIT_TIMESTAMP_EVERY_MS: z.coerce
    .number()
    .int()
    .min(1_000)
    .max(31_536_000_000)
    .default(3_600_000)
    .describe('A log that grew is stamped no more often than this.'),
};

/** The certificates that stamps are believed by. @throws Error when an authority is named that nothing vouches for */
export function believedIn(config: {
  readonly AUDIT_TIMESTAMP_URL?: string | undefined;
  readonly AUDIT_TIMESTAMP_CERTIFICATES: readonly X509Certificate[];
}): readonly X509Certificate[] {
  const { AUDIT_TIMESTAMP_URL: url, AUDIT_TIMESTAMP_CERTIFICATES: certificates } = config;
  if (url !== undefined && certificates.length === 0)
    throw new Error('AUDIT_TIMESTAMP_URL needs AUDIT_TIMESTAMP_CERTIFICATES: whose stamps would be believed?');
  return certificates;
}
