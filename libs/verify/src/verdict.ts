/**
 * What a verification can end in, and what it tells on the way.
 *
 * Statuses and exit codes are public interface: scripts and CI branch on them, so a code never changes its meaning.
 */
import { MalformedError } from '@conclave/audit-core';
import type { ReceiptSummary } from './receipt-summary.js';
import type { WaiverReport } from './waivers.js';

/** Every way a verification can end, with the exit code of the command that ran it. */
export const VERDICTS = {
  trusted: { exitCode: 0, meaning: 'everything holds, under keys and demands of the trust policy' },
  'bad-signature': { exitCode: 2, meaning: 'a signature of the service or of a voter does not hold' },
  'bad-log-proof': { exitCode: 3, meaning: 'the log does not prove this receipt' },
  'tally-differs': { exitCode: 4, meaning: 'the ballots do not give the recorded statuses, tally or outcome' },
  untrusted: { exitCode: 5, meaning: 'signed by a key the trust policy does not name, or by too few witnesses' },
  malformed: { exitCode: 6, meaning: 'not a receipt, or not one in its only valid form' },
  'consistent-untrusted': { exitCode: 7, meaning: 'consistent in itself; no trust policy was given to judge the keys' },
  'rerun-differs': {
    exitCode: 8,
    meaning: 'deterministic jurors, run again, find something else, or cannot be run by this program',
  },
  'policy-refused': {
    exitCode: 9,
    meaning: 'genuine, but not what is required of it: by the trust policy, or of a change',
  },
} as const;
export type VerdictStatus = keyof typeof VERDICTS;

/** The steps: of a receipt, in their order, `entries` of an export, and `consistency` for two checkpoints. */
export type StepName =
  | 'parse'
  | 'signature'
  | 'subject'
  | 'checkpoint'
  | 'witnesses'
  | 'inclusion'
  | 'entry'
  | 'ballots'
  | 'tally'
  | 'policy'
  | 'entries'
  | 'consistency';

/** One step; `checked` is false where nothing was found wrong only because there was no trust policy to ask. */
export interface Step {
  readonly name: StepName;
  readonly ok: boolean;
  readonly checked: boolean;
  readonly detail: string;
}

/**
 * The result of a verification. The last step is the one that failed, if any did.
 * `receipt` says what the file claims, and is to be believed only as far as `status` goes.
 */
export interface Verdict {
  readonly ok: boolean;
  readonly status: VerdictStatus;
  readonly exitCode: number;
  readonly steps: readonly Step[];
  readonly receipt?: ReceiptSummary;
  /** What became of waivers, where some were given and everything before them held. */
  readonly waivers?: WaiverReport;
}

/** What one check found: it holds, it could not be judged, or it failed and so ends the verification. */
export type Finding =
  | { readonly ok: true; readonly checked: boolean; readonly detail: string }
  | { readonly ok: false; readonly checked: true; readonly detail: string; readonly status: VerdictStatus };

export const held = (detail: string): Finding => ({ ok: true, checked: true, detail });
export const unchecked = (detail: string): Finding => ({ ok: true, checked: false, detail });
export const failed = (status: VerdictStatus, detail: string): Finding => ({
  ok: false,
  checked: true,
  detail,
  status,
});

/** A named check. */
export type Check = readonly [name: StepName, run: () => Finding | Promise<Finding>];

/**
 * Runs checks in order up to the first that fails; `whole` is what it means when none does.
 * A check that finds its input malformed fails as such; anything else it throws is a bug and not caught.
 */
export async function runChecks(checks: readonly Check[], whole: VerdictStatus): Promise<Verdict> {
  const steps: Step[] = [];
  for (const [name, run] of checks) {
    const finding = await findingOf(run);
    steps.push({ name, ok: finding.ok, checked: finding.checked, detail: finding.detail });
    if (!finding.ok) return verdict(finding.status, steps);
  }
  return verdict(whole, steps);
}

async function findingOf(run: Check[1]): Promise<Finding> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof MalformedError) return failed('malformed', error.message);
    throw error;
  }
}

function verdict(status: VerdictStatus, steps: readonly Step[]): Verdict {
  return { ok: status === 'trusted', status, exitCode: VERDICTS[status].exitCode, steps };
}
