import { tallyAsked } from '@conclave/consensus-core';
import { consensus, type ReplyOf, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { refused } from '../decisions/refused.js';

@Controller()
export class TallyController {
  /** Counts and keeps nothing. */
  @Handles(consensus.computeTally)
  async compute(
    _ctx: RequestContext,
    request: RequestOf<typeof consensus.computeTally>,
  ): Promise<ReplyOf<typeof consensus.computeTally>> {
    const answer = tallyAsked(request);
    if (!answer.ok) throw refused(answer.refusal);
    const { status, winners, ranking, detail } = answer.value;
    return { status, winners: [...winners], ranking: ranking.map((tier) => [...tier]), detail };
  }
}
