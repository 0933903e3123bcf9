import { parseNote, readCosignature } from '@conclave/audit-core';
import type { Offer } from './checkpoint-offers.js';
import type { Witness } from './config.js';

/** What a witness holds against a log: it remembers more than we have, or something else, or another key. */
export type Objection = 'shrunk' | 'forked' | 'untrusted';

/** What came of a submission. `size` is what the witness is known to hold. */
export type Outcome =
  | { readonly result: 'cosigned'; readonly size: number; readonly line: string }
  | { readonly result: Objection; readonly size: number; readonly head: number }
  | { readonly result: 'failed'; readonly size: number; readonly reason: string };

/** What a witness' answer to an offer means, but for its word on what it holds (409). */
export async function outcomeOf(
  { status, body }: { readonly status: number; readonly body: string },
  { from, head, note }: Offer,
  { key }: Witness,
): Promise<Outcome> {
  if (status === 200)
    return { result: 'cosigned', size: head, line: await readCosignature(body, parseNote(note).text, key) };
  if (status === 422) return { result: 'forked', size: from, head };
  if (status === 403) return { result: 'untrusted', size: from, head };
  return { result: 'failed', size: from, reason: `the witness answered ${status}` };
}
