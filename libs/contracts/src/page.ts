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
/** A name as it is told. Some were given when more was allowed. */
export const name = line(120);

/** What turns the direction of text, breaks lines or controls a terminal: a name with it looks like another. */
export const controlsOfText = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const VISIBLE = /(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{N}\p{P}\p{S}]/u;

/** Whether others can tell the name when they see it: there is something to see, and all of it is what it looks like. */
export const isName = (text: string): boolean => VISIBLE.test(text) && !controlsOfText.test(text);

/** A name as it is given, whatever it is of. */
export const newName = z
  .string()
  .min(1)
  .max(120)
  .refine(isName, { error: 'expected a name that shows, without control characters' });

/** What JSON can say. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
/** Any JSON value. What comes over the wire is one, so it need not be walked, and a schema needs no name to recurse. */
export const json = z.any().refine((value) => value !== undefined, { error: 'expected a JSON value' }) as z.ZodType<
  JsonValue,
  JsonValue
>;
export const jsonObject = z.record(z.string(), json);
