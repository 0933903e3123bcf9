import { ED25519_COSIGNATURE, parseVkey, type NoteKey } from '@conclave/audit-core';
import { allowedNetworks } from '@conclave/nest-kit/egress';
import { z } from 'zod';

/** Somebody outside who remembers the log's heads. */
export interface Witness {
  /** Where `add-checkpoint` lies, without it. */
  readonly url: string;
  readonly key: NoteKey;
  /** The verifier key: names the witness wherever it is remembered, so that a new key is a new witness. */
  readonly vkey: string;
}

const wholeNumber = z
  .string()
  .regex(/^\d{1,9}$/, { error: 'expected a whole number' })
  .transform(Number);

/** What audit reads about witnesses. */
export const witnessEnvironment = {
  AUDIT_WITNESSES: z
    .string()
    .default('')
    .transform((text, ctx) => {
      try {
        return witnessesIn(text);
      } catch (error) {
        ctx.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'unreadable' });
        return z.NEVER;
      }
    })
    .describe('Witnesses that cosign checkpoints (C2SP tlog-witness): comma-separated, each a URL, a space, its vkey.'),
  AUDIT_WITNESS_QUORUM: wholeNumber
    .default(0)
    .describe('So many cosignatures a receipt’s checkpoint has; 0, unless told, lets receipts go on without.'),
  AUDIT_WITNESS_WAIT_MS: wholeNumber
    .optional()
    .describe('A receipt goes on without its quorum after this long; unless told, it stays pending until it has it.'),
  EGRESS_ALLOW: allowedNetworks.describe(
    'Private networks that witnesses may be reached in, also without TLS: comma-separated CIDRs. None unless told.',
  ),
};

function witnessesIn(text: string): Witness[] {
  const witnesses = text
    .split(',')
    .flatMap((item) => item.trim() || [])
    .map((item) => {
      const [, url, vkey] = /^(https?:\/\/\S+) +(\S+)$/.exec(item) ?? [];
      if (url === undefined || vkey === undefined || !URL.canParse(url))
        throw new Error('expected: URL VKEY, URL VKEY');
      const key = parseVkey(vkey);
      if (key.type !== ED25519_COSIGNATURE) throw new Error(`${key.name} is not the key of a witness`);
      return { url: url.replace(/\/+$/, ''), key, vkey };
    });
  if (new Set(witnesses.map(({ vkey }) => vkey)).size < witnesses.length) throw new Error('the same witness twice');
  return witnesses;
}
