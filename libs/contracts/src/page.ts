import { z } from 'zod';

/** The query of every list: newest first, `after` is the `next` of the page before. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(100).default(20),
  after: z.string().max(200).optional(),
};

/** One page of a list; `next` is absent on the last page. */
export const pageOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().optional() });

export const timestamp = z.iso.datetime({ offset: true });
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, { error: 'expected 64 lower-case hex digits' });
export const gitCommit = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, { error: 'expected a full commit id' });
/** Text a person wrote: bounded, without control characters that break logs and terminals. */
export const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((s) => !/[\u0000-\u0008\u000b-\u001f\u007f]/.test(s), { error: 'control characters are not allowed' });
export const name = line(120);
