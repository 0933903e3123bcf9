import {
  admitClose,
  admitCommitsClose,
  admitDiscussionClose,
  admitSeal,
  admitWave,
  appendTo,
  applyEvent,
  readyToClose,
  readyToCloseCommits,
  readyToCloseDiscussion,
  readyToStop,
  type Admission,
  type CloseCause,
  type Decision,
  type DecisionEvent,
} from '@conclave/consensus-core';

/** Why a phase is left: everybody has spoken, or time is up. */
export type Cause = Exclude<CloseCause, 'certain'>;

/**
 * What follows by itself: phases close when nobody is waited for, the next voters are asked, and a closed decision is
 * sealed. A deadline closes the phase it finds and no other, so that after late commits there is still time to reveal.
 */
export function advance(decision: Decision, cause: Cause, at: string): DecisionEvent[] {
  const events: DecisionEvent[] = [];
  let now = decision;
  let why = cause;
  for (;;) {
    const admission = nextStep(now, why);
    if (admission?.refusal) throw new Error(`decision ${now.terms.decisionId} is stuck: ${admission.refusal.reason}`);
    if (!admission || admission.events.length === 0) return events;
    const next = appendTo(now.seq, admission.events, at);
    events.push(...next);
    now = next.reduce(applyEvent, now);
    why = 'complete';
  }
}

function nextStep(decision: Decision, cause: Cause): Admission | undefined {
  const overdue = cause === 'deadline';
  switch (decision.phase) {
    case 'propose':
    case 'critique':
    case 'revise':
      return overdue || readyToCloseDiscussion(decision) ? admitDiscussionClose(decision, cause) : undefined;
    case 'commit':
      return overdue || readyToCloseCommits(decision) ? admitCommitsClose(decision, cause) : undefined;
    case 'ballots':
    case 'reveal':
      if (readyToClose(decision)) return admitClose(decision, 'complete');
      if (readyToStop(decision)) return admitClose(decision, 'certain');
      if (overdue) return admitClose(decision, cause);
      return decision.phase === 'ballots' && decision.terms.waves ? admitWave(decision) : undefined;
    case 'tallied':
      return admitSeal(decision);
    default:
      return undefined;
  }
}
