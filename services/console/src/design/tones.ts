/** What every state, vote, severity and verdict looks like: one tone, one drawing, one word. Colour never speaks alone. */
import type { Decision, Finding, ReplyOf, Run, runs } from '@conclave/contracts';
import type { IconName } from './icon.js';

export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'accent' | 'plain';

export interface Look {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly word: string;
}

export const runLooks: Readonly<Record<Run['state'], Look>> = {
  submitted: { tone: 'plain', icon: 'clock', word: 'Queued' },
  working: { tone: 'info', icon: 'activity', word: 'Working' },
  'input-required': { tone: 'warn', icon: 'info', word: 'Waiting for input' },
  paused: { tone: 'warn', icon: 'pause', word: 'Paused' },
  completed: { tone: 'good', icon: 'check', word: 'Completed' },
  failed: { tone: 'bad', icon: 'alert', word: 'Failed' },
  canceled: { tone: 'plain', icon: 'dash', word: 'Canceled' },
  expired: { tone: 'bad', icon: 'clock', word: 'Expired' },
};

export const runKinds: Readonly<Record<Run['kind'], string>> = {
  review: 'Review',
  agent: 'Agent',
  tasks: 'Tasks',
};

export const taskLooks: Readonly<Record<ReplyOf<typeof runs.listTasks>['items'][number]['state'], Look>> = {
  blocked: { tone: 'plain', icon: 'clock', word: 'Blocked' },
  open: { tone: 'info', icon: 'activity', word: 'Open' },
  done: { tone: 'good', icon: 'check', word: 'Done' },
  failed: { tone: 'bad', icon: 'alert', word: 'Failed' },
  canceled: { tone: 'plain', icon: 'dash', word: 'Canceled' },
};

const outcomes: Readonly<Record<string, Look>> = {
  approved: { tone: 'good', icon: 'check', word: 'Approved' },
  rejected: { tone: 'bad', icon: 'cross', word: 'Rejected' },
  undecided: { tone: 'warn', icon: 'dash', word: 'Undecided' },
  decided: { tone: 'good', icon: 'check', word: 'Decided' },
};

/** The look of a decision's or review's outcome. */
export const outcomeLook = (status: string): Look => outcomes[status] ?? { tone: 'plain', icon: 'info', word: status };

export const phaseLooks: Readonly<Record<Decision['phase'], Look>> = {
  propose: { tone: 'info', icon: 'activity', word: 'Proposing' },
  critique: { tone: 'info', icon: 'activity', word: 'Critique' },
  revise: { tone: 'info', icon: 'activity', word: 'Revising' },
  commit: { tone: 'info', icon: 'activity', word: 'Committing' },
  reveal: { tone: 'info', icon: 'activity', word: 'Revealing' },
  ballots: { tone: 'info', icon: 'activity', word: 'Voting' },
  tallied: { tone: 'info', icon: 'activity', word: 'Counted' },
  sealed: { tone: 'good', icon: 'check', word: 'Sealed' },
  'no-quorum': { tone: 'warn', icon: 'dash', word: 'No quorum' },
  tied: { tone: 'warn', icon: 'dash', word: 'Tied' },
  vetoed: { tone: 'bad', icon: 'cross', word: 'Vetoed' },
  expired: { tone: 'warn', icon: 'clock', word: 'Expired' },
  canceled: { tone: 'plain', icon: 'dash', word: 'Canceled' },
};

const votes: Readonly<Record<string, Look>> = {
  yes: { tone: 'good', icon: 'check', word: 'Yes' },
  no: { tone: 'bad', icon: 'cross', word: 'No' },
  abstain: { tone: 'plain', icon: 'dash', word: 'Abstains' },
  green: { tone: 'good', icon: 'check', word: 'Green' },
  red: { tone: 'bad', icon: 'cross', word: 'Red' },
  abstained: { tone: 'plain', icon: 'dash', word: 'Abstained' },
};

/** The look of a juror's vote or a gate's evidence. */
export const voteLook = (vote: string): Look => votes[vote] ?? { tone: 'plain', icon: 'info', word: vote };

export const severityLooks: Readonly<Record<Finding['severity'], Look>> = {
  error: { tone: 'bad', icon: 'cross', word: 'Error' },
  warning: { tone: 'warn', icon: 'alert', word: 'Warning' },
  info: { tone: 'info', icon: 'info', word: 'Note' },
};
