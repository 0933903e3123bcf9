import { allowedNetworks } from '@conclave/nest-kit/egress';
import { z } from 'zod';

/** How mail leaves the installation; without it nothing does, and links are handed over by people. */
export const mailEnvironment = {
  SMTP_URL: z
    .url({ protocol: /^smtps?$/ })
    .optional()
    .describe(
      'Mail server, such as smtps://user:password@mail.example.com, or smtp:// with STARTTLS, which is insisted on unless the server is on this machine (secret). Without it no mail is sent.',
    ),
  SMTP_ALLOW: allowedNetworks.describe(
    'Networks not public that the mail server may be in, 127.0.0.0/8 for this machine: comma-separated CIDRs.',
  ),
  SMTP_FROM: z.email().optional().describe('Address that mail comes from; needed with SMTP_URL.'),
};
