import { VERDICTS } from '@conclave/verify';

/** How the command ends; scripts and CI branch on it, so a code never changes its meaning. */
export const EXIT = {
  approved: 0,
  rejected: 1,
  undecided: 2,
  usage: 10,
  repository: 11,
  unreachable: 12,
  refused: 13,
  runFailed: 14,
  tooLarge: 15,
  local: 16,
  diverged: 17,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT] | (typeof VERDICTS)[keyof typeof VERDICTS]['exitCode'];

const trouble: readonly [number, string][] = [
  [EXIT.usage, 'the command line cannot be understood'],
  [EXIT.repository, 'not a repository, an unknown ref, an empty change, or a diff that does not apply'],
  [EXIT.unreachable, 'the platform cannot be reached'],
  [EXIT.refused, 'the platform refused the request'],
  [EXIT.runFailed, 'the run failed, was canceled or expired'],
  [EXIT.tooLarge, 'the change is too large'],
  [EXIT.local, 'something failed on this machine'],
];

/** The codes of a command that ends with a panel's outcome, for its help. */
export const outcomeCodes: readonly [number, string][] = [
  [EXIT.approved, 'approved'],
  [EXIT.rejected, 'rejected'],
  [EXIT.undecided, 'undecided'],
  ...trouble,
  [EXIT.interrupted, 'interrupted; the run goes on'],
];

/** The codes of a command that follows any run, for its help. */
export const runCodes: readonly [number, string][] = [
  [0, 'completed'],
  ...trouble,
  [EXIT.interrupted, 'interrupted; the run goes on'],
];

/** The codes of `conclave verify`, for its help. */
export const verdictCodes: readonly [number, string][] = [
  ...Object.values(VERDICTS).map(({ exitCode, meaning }): [number, string] => [exitCode, meaning]),
  [EXIT.usage, 'the command line or a file named by it cannot be read'],
  [EXIT.repository, 'the repository does not have what the receipt speaks of'],
  [EXIT.local, 'something failed on this machine'],
];

/** All of them, for people who write scripts. */
export const everyCode: readonly [number, string][] = [
  [EXIT.approved, 'done; approved; a receipt that is trusted'],
  [EXIT.rejected, 'rejected'],
  [EXIT.undecided, `undecided; of a receipt: ${VERDICTS['bad-signature'].meaning}`],
  ...Object.values(VERDICTS)
    .filter(({ exitCode }) => exitCode > EXIT.undecided)
    .map(({ exitCode, meaning }): [number, string] => [exitCode, meaning]),
  ...trouble,
  [EXIT.diverged, 'a replay does something else than is recorded'],
  [EXIT.interrupted, 'interrupted by Ctrl-C'],
];

/** The codes of the other commands, for their help. */
export const plainCodes: readonly [number, string][] = [[0, 'done'], ...trouble];
