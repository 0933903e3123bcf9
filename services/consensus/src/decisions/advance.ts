import {
  admitClose,
  admitCommitsClose,
  admitSeal,
  appendTo,
  applyEvent,
  readyToClose,
  readyToCloseCommits,
  type Admission,
  type CloseCause,
  type Decision,
  type DecisionEvent,
} from '@conclave/consensus-core';

/**
 * What follows by itself: phases close when nobody is waited for, and a closed decision is sealed. A deadline closes
 * the phase it finds and no other, so that after late commits there is still time to reveal.
 */
export function advance(decision: Decision, cause: CloseCause, at: string): DecisionEvent[] {
  const events: DecisionEvent[] = [];
  let now = decision;
  let why = cause;
  for (;;) {
    const admission = nextStep(now, why);
    if (admission?.refusal) throw new Error(`decision ${now.terms.decisionId} is stuck: ${admission.refusal.reason}`);
    if (!admission) return events;
    const next = appendTo(now.seq, admission.events, at);
    events.push(...next);
    now = next.reduce(applyEvent, now);
    why = 'complete';
  }
}

function nextStep(decision: Decision, cause: CloseCause): Admission | undefined {
  const { phase } = decision;
  if (phase === 'tallied') return admitSeal(decision);
  if (phase === 'commit' && (cause === 'deadline' || readyToCloseCommits(decision)))
    return admitCommitsClose(decision, cause);
  if ((phase === 'ballots' || phase === 'reveal') && (cause === 'deadline' || readyToClose(decision)))
    return admitClose(decision, cause);
  return undefined;
}
