/** How people like what they see. Clients read it; nothing the platform decides depends on it. */
import { z } from 'zod';

const canonical = (tag: string): boolean => {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
};
const known = (timeZone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};

export const preferences = z.object({
  /** BCP 47. */
  locale: z.string().max(35).refine(canonical, { error: 'expected a language tag like pt-BR' }).optional(),
  /** A name of the IANA time zone database. */
  timeZone: z.string().max(64).refine(known, { error: 'expected a time zone like Europe/Lisbon' }).optional(),
  theme: z.enum(['auto', 'light', 'dark']).optional(),
});
