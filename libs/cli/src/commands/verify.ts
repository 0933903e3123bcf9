import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  VERDICTS,
  verifyReceipt,
  type ReceiptSummary,
  type TrustPolicy,
  type Verdict,
  type VerdictStatus,
} from '@conclave/verify';
import { platformOptions, type Call, type Command } from '../command.js';
import { verdictCodes } from '../exit-codes.js';
import { clientOf } from '../platform/settings.js';
import { intentPath } from '../review/receipts.js';
import { branchOf } from '../verify/branch.js';
import { isOfChange, unmetBranch, unmetPanel, unmetTree } from '../verify/change.js';
import { evaluatorsOf } from '../verify/electorate.js';
import { judgeHeads, parseProofs, type ProofSource } from '../verify/heads.js';
import { parsePolicy, unmetDemands } from '../verify/policy.js';
import { printLines, printReceipt, type Line } from '../verify/report.js';
import { rerun } from '../verify/rerun.js';
import { namedTrustRoot, readNamed, readNamedBytes, trustRootOf } from '../verify/trust-root.js';

export const verify: Command = {
  name: 'verify',
  operands: [{ name: 'RECEIPT', required: true }],
  summary: 'check a receipt, offline',
  description: [
    'Checks signatures, log proof, ballots and tally of a receipt without the platform. Keys are believed when the trust',
    'root names them: --trust, else .conclave/trust.json as committed on the branch that changes are for.',
    'With --commit, --repo or --target the base and the jury must be on that branch; before a merge --commit also demands',
    'that the base is where the commit leaves it and that its jury has not changed since.',
    'Heads of the log in the repository’s git notes (refs/notes/conclave) must not contradict the receipt’s; --log asks the',
    'platform for the proofs between them and its own newest head, --proofs takes them from a file.',
    '--rerun also runs the deterministic jurors again on the commits the receipt names.',
    'A policy is JSON: {"version": 1} and any of outcome, panel, panelSha256, origin, repository, maxAgeHours,',
    'minCounted, minExternalCustody.',
  ].join('\n'),
  options: {
    repo: { value: 'DIR', help: 'the repository (default: where you are)' },
    rerun: { help: 'run the deterministic jurors again' },
    policy: { value: 'FILE', help: 'what the receipt must show' },
    trust: { value: 'FILE', help: 'the trust root' },
    commit: { value: 'REF', help: 'the receipt must be about this commit’s tree' },
    target: { value: 'REF', help: 'the branch changes are for (default: the default branch)' },
    intent: { value: 'TEXT', help: 'what the jurors were told; kept beside the receipt by `conclave review`' },
    log: { help: 'hold the platform’s log against every head this repository has seen' },
    proofs: { value: 'FILE', help: 'consistency proofs between those heads, as the platform answers them' },
    ...platformOptions,
  },
  codes: verdictCodes,

  async run(call) {
    const { out, cwd } = call;
    const path = (name: string): string | undefined => {
      const given = call.text(name);
      return given === undefined ? undefined : resolve(cwd, given);
    };
    const repository = path('repo') ?? cwd;
    const file = resolve(cwd, call.operands[0]!);
    const bytes = await readNamedBytes(file);
    const branch = once(() => branchOf(repository, call.text('target')));
    const trust = path('trust');
    const root = trust === undefined ? await trustRootOf(repository, await branch()) : await namedTrustRoot(trust);
    const verdict = await verifyReceipt(bytes, root.policy);
    const lines: Line[] = [
      ...linesOf(verdict),
      { name: 'trust root', state: root.policy ? 'ok' : 'unchecked', detail: root.source },
    ];
    const genuine = verdict.receipt !== undefined && (verdict.ok || verdict.status === 'consistent-untrusted');
    const subject = { file, bytes, repository, branch, trust: root.policy };
    const further = genuine ? await demands(call, { ...subject, receipt: verdict.receipt }) : [];
    lines.push(...further.flatMap((one) => one.lines));
    const status = further.find((one) => one.status !== undefined)?.status ?? verdict.status;
    printLines(out, lines);
    if (verdict.receipt) printReceipt(out, verdict.receipt, genuine);
    const { exitCode, meaning } = VERDICTS[status];
    out.print('', `${out.styled(['bold', exitCode === 0 ? 'green' : 'red'], status)}  ${meaning}`);
    out.result({
      status,
      ok: exitCode === 0,
      exitCode,
      steps: lines,
      ...(verdict.receipt ? { receipt: verdict.receipt } : {}),
    });
    return exitCode;
  },
};

const linesOf = ({ steps }: Verdict): Line[] =>
  steps.map(({ name, ok, checked, detail }) => ({
    name,
    state: !ok ? 'failed' : checked ? 'ok' : 'unchecked',
    detail,
  }));

interface Subject {
  readonly file: string;
  readonly bytes: Buffer;
  readonly repository: string;
  readonly branch: () => ReturnType<typeof branchOf>;
  readonly trust: TrustPolicy | undefined;
  readonly receipt: ReceiptSummary;
}

interface Demand {
  readonly lines: readonly Line[];
  /** How the whole ends when it was not met. */
  readonly status?: VerdictStatus;
}

/** What is demanded beyond a genuine receipt; the first demand that is not met decides. */
async function demands(call: Call, subject: Subject): Promise<Demand[]> {
  const { repository, receipt } = subject;
  const commit = call.text('commit');
  const placed = ['commit', 'repo', 'target'].some((name) => call.text(name) !== undefined);
  return [
    await byHeads(call, subject),
    ...(isOfChange(receipt)
      ? [met('panel', unmetPanel(receipt), `${receipt.policy?.panel ?? 'no panel'} judged`)]
      : []),
    ...(commit === undefined
      ? []
      : [met('commit', await unmetTree(repository, commit, receipt), `${commit} holds the tree that was judged`)]),
    ...(placed && isOfChange(receipt) && receipt.policy
      ? [
          met(
            'branch',
            await unmetBranch(repository, await subject.branch(), receipt, commit),
            'the base and the jury are the branch’s own',
          ),
        ]
      : []),
    ...(call.text('policy') === undefined ? [] : [await byPolicy(resolve(call.cwd, call.text('policy')!), subject)]),
    ...(call.flag('rerun') ? [await byRerun(call.text('intent'), subject)] : []),
  ];
}

function met(name: string, unmet: readonly string[], detail: string): Demand {
  if (unmet.length === 0) return { lines: [{ name, state: 'ok', detail }] };
  return { lines: unmet.map((reason) => ({ name, state: 'failed', detail: reason })), status: 'policy-refused' };
}

async function byPolicy(file: string, { receipt, trust }: Subject): Promise<Demand> {
  const unmet = unmetDemands(parsePolicy(await readNamed(file), file), receipt, {
    now: Date.now(),
    voters: trust?.voters,
  });
  return met('policy file', unmet, 'all demands are met');
}

async function byHeads(call: Call, { bytes, receipt, repository, trust }: Subject): Promise<Demand> {
  const lines = await judgeHeads(bytes, receipt.origin, repository, trust?.logs, await proofSource(call));
  return { lines, ...(lines.some(({ state }) => state === 'failed') ? { status: 'bad-log-proof' } : {}) };
}

async function proofSource(call: Call): Promise<ProofSource> {
  if (call.flag('log')) return { client: clientOf(call) };
  const given = call.text('proofs');
  if (given === undefined) return undefined;
  const file = resolve(call.cwd, given);
  return { proofs: parseProofs(await readNamed(file), file) };
}

async function byRerun(told: string | undefined, { file, bytes, repository, receipt }: Subject): Promise<Demand> {
  const intent = told ?? (await readFile(intentPath(file), 'utf8').catch(() => undefined));
  const results = await rerun({ repository, receipt, evaluators: evaluatorsOf(bytes), intent });
  const states = { same: 'ok', differs: 'failed', missing: 'failed', skipped: 'unchecked' } as const;
  const lines = results.map(({ name, outcome, detail }): Line => ({
    name: `rerun ${name}`,
    state: states[outcome],
    detail,
  }));
  return { lines, ...(lines.some(({ state }) => state === 'failed') ? { status: 'rerun-differs' } : {}) };
}

/** Asks at most once, and not at all when nobody wants to know. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= ask());
}
