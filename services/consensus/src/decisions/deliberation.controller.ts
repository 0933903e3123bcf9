import { admitContribution, admitVeto, examineBallot, type DiscussionPhase } from '@conclave/consensus-core';
import { consensus, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller, Inject } from '@nestjs/common';
import { BallotBox } from './ballot-box.js';
import { refusalOfOption, requireRoomFor, requireRoomForWords } from './room.js';

type Said = RequestOf<typeof consensus.proposeOption>;

@Controller()
export class DeliberationController {
  constructor(@Inject(BallotBox) private readonly box: BallotBox) {}

  @Handles(consensus.proposeOption)
  propose(ctx: RequestContext, request: RequestOf<typeof consensus.proposeOption>) {
    return this.say(ctx, 'propose', request);
  }

  @Handles(consensus.makeCritique)
  criticise(ctx: RequestContext, request: RequestOf<typeof consensus.makeCritique>) {
    return this.say(ctx, 'critique', request);
  }

  @Handles(consensus.reviseProposal)
  revise(ctx: RequestContext, request: RequestOf<typeof consensus.reviseProposal>) {
    return this.say(ctx, 'revise', request);
  }

  @Handles(consensus.abstain)
  abstain(ctx: RequestContext, { id, signature, ...said }: RequestOf<typeof consensus.abstain>) {
    const command = { ballot: { decisionId: id, round: 1, vote: 'abstain' as const, ...said }, signature };
    return this.box.say(ctx, id, command, examineBallot);
  }

  @Handles(consensus.castVeto)
  veto(ctx: RequestContext, { id, signature, ...said }: RequestOf<typeof consensus.castVeto>) {
    const command = { veto: { decisionId: id, ...said }, signature };
    return this.box.act(ctx, id, (held) => {
      requireRoomFor(command, held.decision);
      return (decision) => admitVeto(decision, command);
    });
  }

  private say(ctx: RequestContext, phase: DiscussionPhase, { id, voterId, option, ...said }: Said) {
    const command = { contribution: { decisionId: id, voterId, phase, ...(option && { option }) }, ...said };
    return this.box.act(ctx, id, (held) => {
      const { text, ...signed } = command;
      requireRoomForWords(text, held.decision);
      requireRoomFor(signed, held.decision);
      return async (decision) => {
        const admission = await admitContribution(decision, command);
        const proposed = admission.events.length > 0 ? option : undefined;
        return (proposed && refusalOfOption(decision, proposed)) ?? admission;
      };
    });
  }
}
