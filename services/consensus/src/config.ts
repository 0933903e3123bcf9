import { createPrivateKey } from 'node:crypto';
import { databaseEnvironment, type BaseConfig } from '@conclave/nest-kit';
import { z } from 'zod';
import { passkeySitesOf } from './voter-keys/passkey-sites.js';

const seconds = z.coerce.number().int().min(1);

/** What consensus reads besides the kit's environment. */
export const consensusEnvironment = {
  ...databaseEnvironment,
  AUDIT_LOG_HOST: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,200}$/, { error: 'expected a host name' })
    .describe('First part of every log’s origin, the same as audit’s: receipts name the log they belong to.'),
  CONSENSUS_SIGNING_KEY: z
    .base64()
    .transform((text) => createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' }))
    .describe('Ed25519 key that signs receipts, PKCS#8 DER in base64 (secret).'),
  DECISION_TTL_SECONDS: seconds
    .default(604_800)
    .describe('How long a decision without a deadline of its own waits for voters and gates.'),
  PASSKEY_ORIGINS: z
    .string()
    .default('')
    .transform((text, ctx) => {
      try {
        return passkeySitesOf(text);
      } catch (error) {
        ctx.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
        return z.NEVER;
      }
    })
    .describe('Where people vote with passkeys: origins, with commas, of which the first gives the domain.'),
  REVEAL_WINDOW_SECONDS: seconds
    .default(600)
    .describe('How long reveals are waited for once they are welcome, beyond the decision’s deadline if need be.'),
};

export type ConsensusConfig = Readonly<z.output<z.ZodObject<typeof consensusEnvironment>>> & BaseConfig;
