import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { treeOf } from '@conclave/connectors';
import { VERDICTS, verifyReceipt, type ReceiptSummary, type Verdict, type VerdictStatus } from '@conclave/verify';
import type { Call, Command } from '../command.js';
import { verdictCodes } from '../exit-codes.js';
import { intentPath } from '../review/receipts.js';
import { evaluatorsOf } from '../verify/electorate.js';
import { parsePolicy, unmetDemands } from '../verify/policy.js';
import { printLines, printReceipt, type Line } from '../verify/report.js';
import { rerun } from '../verify/rerun.js';
import { readNamed, readNamedBytes, trustRoot } from '../verify/trust-root.js';

export const verify: Command = {
  name: 'verify',
  operands: [{ name: 'RECEIPT', required: true }],
  summary: 'check a receipt, offline',
  description: [
    'Checks signatures, log proof, ballots and tally of a receipt without the platform. Keys are believed when the trust',
    'root names them: --trust, else .conclave/trust.json of the repository’s default branch, else of the work tree.',
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
    intent: { value: 'TEXT', help: 'what the jurors were told; kept beside the receipt by `conclave review`' },
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
    const root = await trustRoot(repository, path('trust'));
    const verdict = await verifyReceipt(bytes, root?.policy);
    const lines: Line[] = [
      ...linesOf(verdict),
      {
        name: 'trust root',
        state: root ? 'ok' : 'unchecked',
        detail: root?.source ?? 'none was found: the keys are not judged',
      },
    ];
    const genuine = verdict.receipt !== undefined && (verdict.ok || verdict.status === 'consistent-untrusted');
    const further = genuine ? await demands(call, { file, bytes, repository, receipt: verdict.receipt }) : [];
    lines.push(...further.flatMap((one) => one.lines));
    const status = further.find((one) => one.status !== undefined)?.status ?? verdict.status;
    printLines(out, lines);
    if (verdict.receipt) printReceipt(out, verdict.receipt);
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
  readonly receipt: ReceiptSummary;
}

interface Demand {
  readonly lines: readonly Line[];
  /** How the whole ends when it was not met. */
  readonly status?: VerdictStatus;
}

/** What the command line demands beyond a genuine receipt; the first that is not met decides. */
async function demands(call: Call, subject: Subject): Promise<Demand[]> {
  return [
    ...(call.text('commit') === undefined ? [] : [await aboutCommit(call.text('commit')!, subject)]),
    ...(call.text('policy') === undefined ? [] : [await byPolicy(resolve(call.cwd, call.text('policy')!), subject)]),
    ...(call.flag('rerun') ? [await byRerun(call.text('intent'), subject)] : []),
  ];
}

async function aboutCommit(ref: string, { repository, receipt }: Subject): Promise<Demand> {
  const tree = await treeOf(repository, ref);
  const met = receipt.subject?.tree === tree;
  const detail = met
    ? `${ref} holds the tree that was judged`
    : `${ref} holds tree ${tree.slice(0, 12)}, which was not judged`;
  return {
    lines: [{ name: 'commit', state: met ? 'ok' : 'failed', detail }],
    ...(met ? {} : { status: 'policy-refused' }),
  };
}

async function byPolicy(file: string, { receipt }: Subject): Promise<Demand> {
  const unmet = unmetDemands(parsePolicy(await readNamed(file), file), receipt, Date.now());
  if (unmet.length === 0) return { lines: [{ name: 'policy file', state: 'ok', detail: 'all demands are met' }] };
  return { lines: unmet.map((detail) => ({ name: 'policy file', state: 'failed', detail })), status: 'policy-refused' };
}

async function byRerun(told: string | undefined, { file, bytes, repository, receipt }: Subject): Promise<Demand> {
  const intent = told ?? (await readFile(intentPath(file), 'utf8').catch(() => undefined));
  const results = await rerun({ repository, receipt, evaluators: evaluatorsOf(bytes), intent });
  const states = { same: 'ok', differs: 'failed', skipped: 'unchecked' } as const;
  return {
    lines: results.map(({ name, outcome, detail }) => ({ name: `rerun ${name}`, state: states[outcome], detail })),
    ...(results.some(({ outcome }) => outcome === 'differs') ? { status: 'rerun-differs' } : {}),
  };
}
