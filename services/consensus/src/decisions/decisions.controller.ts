import {
  admitCancel,
  admitEvidence,
  examineBallot,
  examineCommit,
  examineReveal,
  publicTermsOf,
  type Admission,
} from '@conclave/consensus-core';
import { ConclaveError, consensus, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Database, pageOf } from '@conclave/postgres-kit';
import { Controller, Inject } from '@nestjs/common';
import { BallotBox } from './ballot-box.js';
import { viewOf } from './decision-view.js';
import { OpenDecision } from './open-decision.js';
import { PostgresDecisions } from './postgres-decisions.js';
import { requireRoomFor } from './room.js';

const UNPUBLISHED: Admission = {
  events: [],
  refusal: { code: 'consensus.decision.phase', reason: 'commits-unpublished' },
};

@Controller()
export class DecisionsController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresDecisions) private readonly decisions: PostgresDecisions,
    @Inject(OpenDecision) private readonly openDecision: OpenDecision,
    @Inject(BallotBox) private readonly box: BallotBox,
  ) {}

  @Handles(consensus.openDecision)
  open(ctx: RequestContext, request: RequestOf<typeof consensus.openDecision>) {
    return this.openDecision.run(ctx, request);
  }

  @Handles(consensus.getDecision)
  async get(ctx: RequestContext, { id, voter }: RequestOf<typeof consensus.getDecision>) {
    return viewOf(await this.db.tx(ctx, (tx) => this.decisions.read(tx, ctx, id)), voter);
  }

  @Handles(consensus.getTerms)
  async terms(ctx: RequestContext, { id }: RequestOf<typeof consensus.getTerms>) {
    const { terms } = (await this.db.tx(ctx, (tx) => this.decisions.read(tx, ctx, id))).decision;
    return { terms: { ...publicTermsOf(terms) }, questionSalt: terms.questionSalt };
  }

  @Handles(consensus.listDecisions)
  async list(ctx: RequestContext, query: RequestOf<typeof consensus.listDecisions>) {
    return pageOf(await this.decisions.list(this.db.autocommit(ctx), ctx, query), query.limit);
  }

  @Handles(consensus.getTally)
  async tally(ctx: RequestContext, { id }: RequestOf<typeof consensus.getTally>) {
    const { decision } = await this.db.tx(ctx, (tx) => this.decisions.read(tx, ctx, id));
    const { ended, phase } = decision;
    if (ended?.type !== 'decision.sealed') throw new ConclaveError('consensus.decision.phase', { phase });
    const { status, winners, ranking, detail } = ended.data.tally;
    return { status, winners: [...winners], ranking: ranking.map((tier) => [...tier]), detail };
  }

  @Handles(consensus.castBallot)
  cast(ctx: RequestContext, { id, ...command }: RequestOf<typeof consensus.castBallot>) {
    return this.box.say(ctx, id, command, examineBallot);
  }

  @Handles(consensus.commitBallot)
  commit(ctx: RequestContext, { id, signature, ...said }: RequestOf<typeof consensus.commitBallot>) {
    return this.box.say(ctx, id, { commitment: { decisionId: id, ...said }, signature }, examineCommit);
  }

  @Handles(consensus.revealBallot)
  reveal(ctx: RequestContext, { id, ...command }: RequestOf<typeof consensus.revealBallot>) {
    return this.box.say(ctx, id, command, async (asked) => {
      const examined = await examineReveal(asked, command);
      return (decision, { revealOpened }) =>
        decision.phase === 'reveal' && !revealOpened ? UNPUBLISHED : examined(decision);
    });
  }

  @Handles(consensus.recordEvidence)
  record(ctx: RequestContext, { id, ...command }: RequestOf<typeof consensus.recordEvidence>) {
    return this.box.act(ctx, id, (held) => {
      requireRoomFor(command, held.decision);
      return (decision) => admitEvidence(decision, command);
    });
  }

  /** Only who opened a decision may give it up, or an administrator. */
  @Handles(consensus.cancelDecision)
  cancel(ctx: RequestContext, { id, reason }: RequestOf<typeof consensus.cancelDecision>) {
    return this.box.act(ctx, id, ({ openedBy }) => {
      if (openedBy !== ctx.actor && !ctx.scopes.has('workspace:manage'))
        throw new ConclaveError('auth.forbidden', { permission: 'workspace:manage' });
      return (decision) => admitCancel(decision, reason);
    });
  }
}
