import { z } from 'zod';

/** How mail leaves the installation; without it nothing does, and links are handed over by people. */
export const mailEnvironment = {
  SMTP_URL: z
    .url({ protocol: /^smtps?$/ })
    .optional()
    .describe(
      'Mail server, such as smtps://user:password@mail.example.com, or smtp:// with STARTTLS, which is insisted on unless the server is on this machine (secret). Without it no mail is sent.',
    ),
  SMTP_FROM: z.email().optional().describe('Address that mail comes from; needed with SMTP_URL.'),
};
