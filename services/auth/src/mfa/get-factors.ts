import type { ReplyOf, mfa } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { passkeysOf } from '../passkeys/postgres-passkeys.js';
import { mfaPolicyOf, recoveryCodesLeft, totpOf } from './postgres-mfa.js';
import { viewOf } from './remove-totp.js';

/** The caller's second factors, and what their tenant asks. */
@Injectable()
export class GetFactors {
  constructor(private readonly db: Database) {}

  run(ctx: RequestContext): Promise<ReplyOf<typeof mfa.getFactors>> {
    const whose = callerOf(ctx);
    return this.db.tx(ctx, async (tx) => {
      const app = await totpOf(tx, whose);
      return {
        mfa: (await mfaPolicyOf(tx, whose.tenantId))?.required ? 'required' : 'optional',
        ...(app ? { totp: viewOf(app) } : {}),
        passkeys: (await passkeysOf(tx, whose)).length,
        recoveryCodes: await recoveryCodesLeft(tx, whose),
      };
    });
  }
}
