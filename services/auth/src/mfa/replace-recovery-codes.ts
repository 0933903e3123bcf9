import { ConclaveError, mfa, type ReplyOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { AnswerBox } from '../credentials/answer-box.js';
import { callerOf } from '../members/caller.js';
import { hasSecondFactor } from '../sign-ins/standing.js';
import { ProvenSignIns } from './proven-sign-ins.js';
import { RecoveryCodes } from './recovery-codes.js';

/** New recovery codes for the caller. */
@Injectable()
export class ReplaceRecoveryCodes {
  constructor(
    private readonly db: Database,
    private readonly proven: ProvenSignIns,
    private readonly codes: RecoveryCodes,
    private readonly box: AnswerBox,
  ) {}

  /** @throws ConclaveError as `ProvenSignIns.lock`, and `auth.second-factor.none` */
  async run(ctx: RequestContext): Promise<ReplyOf<typeof mfa.replaceRecoveryCodes>> {
    const whose = callerOf(ctx);
    const place = `recovery-codes/${whose.tenantId}/${whose.principalId}`;
    const answer = await this.box.answer(ctx);
    const sealed = await this.db.tx(ctx, async (tx) => {
      // Also of who asks for the stored answer again.
      const { standing } = await this.proven.lock(tx, ctx);
      if (!hasSecondFactor(standing)) throw new ConclaveError('auth.second-factor.none');
      return once(tx, ctx, mfa.replaceRecoveryCodes, {}, async () => {
        const codes = await this.codes.replace(tx, whose);
        return { recoveryCodes: await Promise.all(codes.map((code) => answer.seal(tx, code, place))) };
      });
    });
    return { recoveryCodes: await Promise.all(sealed.recoveryCodes.map((code) => answer.open(code, place))) };
  }
}
