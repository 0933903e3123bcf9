import { createHash, randomBytes } from 'node:crypto';
import { admitOpening, appendTo, ENGINE, openedEntryOf, publicTermsOf, type Terms } from '@conclave/consensus-core';
import { ConclaveError, consensus, events, newId, type ReplyOf, type RequestOf } from '@conclave/contracts';
import { CONFIG, type RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { ConsensusConfig } from '../config.js';
import { PostgresVoterKeys } from '../voter-keys/postgres-voter-keys.js';
import { viewOf } from './decision-view.js';
import { PostgresDecisions } from './postgres-decisions.js';
import { refused } from './refused.js';
import { requireRoomForTerms } from './room.js';

type Request = RequestOf<typeof consensus.openDecision>;
type Reply = ReplyOf<typeof consensus.openDecision>;

/**
 * Opens a decision: freezes the voters' keys into its terms and announces them to the log.
 *
 * The same id with the same terms is a repeat. The deadline is patience, not a term: a repeat may name another, and
 * the first one stands.
 *
 * Which panel judges, and what evaluates for a voter, is believed of the runtime alone, which seats panels from the
 * target branch: through the edge anybody could name a panel and vote in its place with a key of their own.
 *
 * @throws ConclaveError `request.too-large` | `consensus.decision.claim` | `consensus.decision.exists` | `consensus.decision.malformed` | `consensus.voter-key.not-found`
 */
@Injectable()
export class OpenDecision {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresDecisions) private readonly decisions: PostgresDecisions,
    @Inject(PostgresVoterKeys) private readonly keys: PostgresVoterKeys,
    @Inject(CONFIG) private readonly config: ConsensusConfig,
  ) {}

  async run(ctx: RequestContext, request: Request): Promise<Reply> {
    const members = ctx.service === 'runtime' ? [] : claimsOf(request);
    if (members.length > 0) throw new ConclaveError('consensus.decision.claim', { members });
    return this.db.tx(ctx, (tx) => once(tx, ctx, consensus.openDecision, request, () => this.open(tx, ctx, request)));
  }

  private async open(tx: Tx, ctx: RequestContext, request: Request): Promise<Reply> {
    requireRoomForTerms(request);
    const { id = newId('decision'), deadlineAt: _patience, ...asked } = request;
    const requestSha256 = digestOf(asked);
    const repeat = await this.repeatOf(tx, ctx, id, requestSha256);
    if (repeat) return repeat;
    const terms = await this.termsOf(tx, ctx, id, request);
    const admission = admitOpening(terms);
    if (admission.refusal) throw refused(admission.refusal);
    const [opened] = appendTo(0, admission.events, new Date().toISOString());
    if (!opened || !(await this.decisions.claim(tx, ctx, opened, requestSha256))) {
      const faster = await this.repeatOf(tx, ctx, id, requestSha256);
      if (faster) return faster;
      throw new Error(`decision ${id} was neither claimed nor found`);
    }
    const { termsSha256 } = openedEntryOf(publicTermsOf(terms));
    await tx.emit(events.decisionOpened, { decision: id, termsSha256, openedAt: opened.at });
    return viewOf(await this.decisions.read(tx, ctx, id));
  }

  private async repeatOf(tx: Tx, ctx: RequestContext, id: string, sha256: string): Promise<Reply | undefined> {
    const held = await this.decisions.find(tx, ctx, id);
    if (held && held.requestSha256 !== sha256) throw new ConclaveError('consensus.decision.exists', { id });
    return held && viewOf(held);
  }

  private async termsOf(tx: Tx, ctx: RequestContext, id: string, request: Request): Promise<Terms> {
    const keys = await this.keys.valid(
      tx,
      ctx,
      request.electorate.map(({ voterId }) => voterId),
    );
    const { question, options, rule, secrecy, gates, notices, subject, policy } = request;
    return {
      ...{ decisionId: id, question, options, rule, secrecy, gates, notices, engine: ENGINE },
      ...(subject && { subject }),
      ...(policy && { policy }),
      questionSalt: randomBytes(32).toString('base64'),
      origin: (await this.decisions.originOf(tx, ctx)) ?? `${this.config.AUDIT_LOG_HOST}/log/${ctx.tenantId}`,
      electorate: request.electorate.map((elector) => {
        const key = keys.get(elector.voterId);
        if (!key) throw new ConclaveError('consensus.voter-key.not-found', { voterId: elector.voterId });
        const { algorithm, publicKey, custody } = key;
        return { ...elector, algorithm, publicKey, custody };
      }),
      deadlineAt: this.deadlineOf(request),
    };
  }

  private deadlineOf({ deadlineAt }: Request): string {
    const at = deadlineAt ? Date.parse(deadlineAt) : Date.now() + this.config.DECISION_TTL_SECONDS * 1_000;
    return new Date(at).toISOString();
  }
}

/** Members by which whoever opens a decision would vouch for who judges. */
function claimsOf({ policy, electorate }: Request): string[] {
  return [
    ...(policy ? ['policy'] : []),
    ...electorate.flatMap(({ evaluator }, at) => (evaluator ? [`electorate.${at}.evaluator`] : [])),
  ];
}

/** The contract's schema has put the members into its own order, so equal terms have equal text. */
function digestOf(terms: object): string {
  return createHash('sha256').update(JSON.stringify(terms)).digest('hex');
}
