import { z } from 'zod';
import { name } from '../page.js';

/** How a tenant shows itself to whoever signs in; the logo is a PNG in base64. */
export const branding = z.object({
  displayName: name.optional(),
  accent: z.string().optional(),
  logo: z.string().optional(),
});
