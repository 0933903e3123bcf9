import type { Step, StepName, VerdictStatus } from '@conclave/verify';
import type { Look } from '../design/tones.js';

/** The steps of a receipt's verification, in their order, as questions a person would ask. */
export const stepWords: readonly (readonly [name: StepName, question: string])[] = [
  ['parse', 'Is it a receipt, in its only valid form?'],
  ['signature', 'Did the service sign exactly these bytes?'],
  ['subject', 'Is it about the decision and commits it names?'],
  ['checkpoint', 'Did the log sign its checkpoint?'],
  ['witnesses', 'Did as many witnesses as you demand see the same log?'],
  ['inclusion', 'Is the entry in the log?'],
  ['entry', 'Does the log entry hold this receipt’s digest?'],
  ['ballots', 'Did the voters sign their ballots?'],
  ['tally', 'Do the ballots give this outcome?'],
  ['policy', 'Is it what you demand?'],
];

export const notReached: Look = { tone: 'plain', icon: 'dash', word: 'Not reached' };

/** What a step came to. One that was not checked found nothing wrong only because there was nobody to ask. */
export function stepLook({ ok, checked }: Pick<Step, 'ok' | 'checked'>): Look {
  if (!ok) return { tone: 'bad', icon: 'cross', word: 'Failed' };
  return checked ? { tone: 'good', icon: 'check', word: 'Holds' } : { tone: 'warn', icon: 'dash', word: 'Not checked' };
}

const words: Readonly<Record<VerdictStatus, string>> = {
  trusted: 'Trusted',
  'consistent-untrusted': 'Consistent, untrusted',
  'bad-signature': 'A signature does not hold',
  'bad-log-proof': 'The log does not prove it',
  'tally-differs': 'The ballots do not give this outcome',
  untrusted: 'Signed by a key you do not trust',
  malformed: 'Not a valid receipt',
  'rerun-differs': 'Run again, jurors find something else',
  'policy-refused': 'Genuine, but not what you demand',
};

/** The verdict. Only `trusted` looks good: consistency alone anybody can fabricate. */
export function verdictLook(status: VerdictStatus): Look {
  const word = words[status];
  if (status === 'trusted') return { tone: 'good', icon: 'check', word };
  if (status === 'consistent-untrusted' || status === 'policy-refused') return { tone: 'warn', icon: 'alert', word };
  return { tone: 'bad', icon: 'cross', word };
}
