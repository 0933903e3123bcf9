import {
  appendTo,
  applyEvent,
  ballotRecordsOf,
  commitsClosedEntryOf,
  payloadBytes,
  predicateFrom,
  sealedEntryOf,
  type Admission,
  type Decision,
  type DecisionEvent,
} from '@conclave/consensus-core';
import { events } from '@conclave/contracts';
import { CONFIG } from '@conclave/nest-kit';
import { outboundEvent, type Actor, type OutboundEvent } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { ConsensusConfig } from '../config.js';
import { EnvelopeSigner } from '../receipts/envelope-signer.js';
import { advance, type Cause } from './advance.js';
import type { Change, Held } from './postgres-decisions.js';

/** What follows from what was admitted: more events, what the log and the others are told, and in the end a receipt. */
@Injectable()
export class Consequences {
  constructor(
    @Inject(EnvelopeSigner) private readonly signer: EnvelopeSigner,
    @Inject(CONFIG) private readonly config: ConsensusConfig,
  ) {}

  /** The decision after what was admitted, and after whatever follows by itself; undefined when nothing does. */
  of(ctx: Actor, before: Held, admission: Admission, cause: Cause): Change | undefined {
    const at = new Date().toISOString();
    const asked = appendTo(before.decision.seq, admission.events, at);
    const between = asked.reduce(applyEvent, before.decision);
    const following = advance(between, cause, at);
    const added = [...asked, ...following];
    if (added.length === 0) return undefined;
    const decision = following.reduce(applyEvent, between);
    const after = { ...before, decision, events: [...before.events, ...added] };
    return this.told(ctx, before, { ...after, deadlineAt: deadlineAfter(after, added) }, added);
  }

  private told(ctx: Actor, before: Held, after: Held, added: readonly DecisionEvent[]): Change {
    const { id, decision } = after;
    const told = wavesOf(ctx, decision, added);
    let change: Change = { before, after, told };
    if (added.some(({ type }) => type === 'commits.closed')) {
      const { commitsSha256 } = commitsClosedEntryOf({ decisionId: id, ballots: ballotRecordsOf(decision) });
      const event = outboundEvent(ctx, events.commitsClosed, { decision: id, commitsSha256 });
      told.push(event);
      change = { ...change, commitsEventId: event.id, after: { ...after, deadlineAt: this.checkpointDeadline() } };
    }
    if (!decision.ended) return change;
    const receipt = decision.ended.type === 'decision.sealed' ? this.issue(ctx, after) : undefined;
    told.push(receipt?.event ?? outboundEvent(ctx, events.decisionCanceled, { decision: id }));
    return { ...change, after: { ...after, deadlineAt: null }, ...(receipt && { receipt }) };
  }

  /** Signs the receipt of a sealed decision, whose payload's digest the log is told. */
  private issue(
    ctx: Actor,
    { id, decision }: Held,
  ): NonNullable<Change['receipt']> & { readonly event: OutboundEvent } {
    const predicate = predicateFrom(decision);
    const { ended, terms, openedAt } = decision;
    if (!predicate || ended?.type !== 'decision.sealed') throw new Error('only a sealed decision has a receipt');
    const payload = payloadBytes(predicate);
    const { phase, outcome } = ended.data;
    const event = outboundEvent(ctx, events.decisionSealed, {
      decision: id,
      phase,
      outcome: { ...outcome, winners: [...outcome.winners] },
      payloadSha256: sealedEntryOf(predicate, payload).payloadSha256,
      openedAt,
      sealedAt: ended.at,
      ...(terms.subject && { subject: terms.subject }),
    });
    return { envelope: this.signer.sign(payload), eventId: event.id, event };
  }

  /** The checkpoint with the commits ends the wait for it; without one, nobody is waited for longer than for voters. */
  private checkpointDeadline(): Date {
    return new Date(Date.now() + this.config.DECISION_TTL_SECONDS * 1_000);
  }
}

/** Two changes, one after the other, as one. */
export function joined(first: Change | undefined, next: Change | undefined): Change | undefined {
  if (!first || !next) return next ?? first;
  return { ...first, ...next, before: first.before, told: [...first.told, ...next.told] };
}

/** Who is asked now, wave by wave: the first is opened together with the vote, often with the decision itself. */
export function wavesOf(ctx: Actor, { terms, asked }: Decision, added: readonly DecisionEvent[]): OutboundEvent[] {
  return [...asked.entries()]
    .filter(([, { seq }]) => added.some((event) => event.seq === seq))
    .map(([at, { voters }]) =>
      outboundEvent(ctx, events.waveOpened, { decision: terms.decisionId, wave: at + 1, voters: [...voters] }),
    );
}

/** Each phase before the vote has its own time, and the vote begins with at least as much. */
function deadlineAfter(
  { deadlineAt, decision: { terms } }: Pick<Held, 'deadlineAt' | 'decision'>,
  added: readonly DecisionEvent[],
): Date | null {
  const begun = added.findLast(({ type }) => PHASES_BEGIN.has(type));
  if (!begun) return deadlineAt;
  const patience = Date.now() + (terms.roundSeconds ?? 0) * 1_000;
  const term = begun.type === 'options.frozen' ? Date.parse(terms.deadlineAt ?? '') || 0 : 0;
  return new Date(Math.max(patience, term));
}

/** Events with which a phase begins that has a time of its own. */
const PHASES_BEGIN: ReadonlySet<DecisionEvent['type']> = new Set([
  'proposals.closed',
  'critiques.closed',
  'options.frozen',
]);
