/** Everything that is looked at when a receipt is to let a change pass: the receipt itself, and what the reader demands. */
import { readFile } from 'node:fs/promises';
import { VERDICTS, verifyReceipt, type ReceiptSummary, type Verdict, type VerdictStatus } from '@conclave/verify';
import { intentPath } from '../review/receipts.js';
import type { Branch, NoBranch } from './branch.js';
import { isOfChange, unmetBranch, unmetPanel, unmetTree } from './change.js';
import { evaluatorsOf } from './electorate.js';
import { judgeHeads, type ProofSource } from './heads.js';
import type { Line } from './line.js';
import { underPolicy, unmetDemands, type Policy } from './policy.js';
import { rerun } from './rerun.js';
import type { TrustRoot } from './trust-root.js';

/** A receipt, and where it was found. */
export interface Found {
  readonly file: string;
  readonly bytes: Buffer;
}

/** What is demanded, and by whose word. */
export interface Demanded {
  readonly repository: string;
  readonly branch: () => Promise<Branch | NoBranch>;
  readonly root: TrustRoot;
  /** The receipt must be about this commit's tree. */
  readonly commit: string | undefined;
  /** Base and jury must be on the branch. */
  readonly placed: boolean;
  readonly policy: Policy | undefined;
  /** Signed waivers, as they were found. */
  readonly waivers: readonly string[];
  /** Where proofs between the log's heads come from, that the repository has seen. */
  readonly heads: ProofSource;
  /** Run the deterministic jurors again, told this if anything. */
  readonly rerun: { readonly intent: string | undefined } | undefined;
}

/** How an examination ended. */
export interface Examined {
  readonly status: VerdictStatus;
  readonly exitCode: (typeof VERDICTS)[VerdictStatus]['exitCode'];
  readonly lines: readonly Line[];
  readonly receipt: ReceiptSummary | undefined;
  /** What the receipt says is proven, or consistent at least. */
  readonly genuine: boolean;
  /** It was rejected, and passes by waivers alone. */
  readonly waived: boolean;
}

async function examine(found: Found, demanded: Demanded): Promise<Examined> {
  const { root, policy, waivers } = demanded;
  const trust = root.policy && underPolicy(root.policy, policy ?? {});
  const verdict = await verifyReceipt(found.bytes, trust, { texts: waivers, now: Date.now() });
  const { receipt } = verdict;
  const genuine = receipt !== undefined && (verdict.ok || verdict.status === 'consistent-untrusted');
  const waived = genuine && verdict.waivers?.waived === true;
  const further = genuine ? await demands(found, demanded, { receipt, waived }) : [];
  const status = further.find((one) => one.status !== undefined)?.status ?? verdict.status;
  const trustLine: Line = { name: 'trust root', state: root.policy ? 'ok' : 'unchecked', detail: root.source };
  const lines = [...linesOf(verdict), trustLine, ...waiverLines(verdict), ...further.flatMap((one) => one.lines)];
  return { status, exitCode: VERDICTS[status].exitCode, lines, receipt, genuine, waived };
}

/** Of several receipts about one tree, one that passes is enough; of none that does, the first is told. */
export async function examineFirstThatPasses(
  [first, ...rest]: readonly [Found, ...Found[]],
  demanded: Demanded,
): Promise<Examined> {
  const examined = await examine(first, demanded);
  if (examined.exitCode === VERDICTS.trusted.exitCode) return examined;
  for (const found of rest) {
    const other = await examine(found, demanded);
    if (other.exitCode === VERDICTS.trusted.exitCode) return other;
  }
  return examined;
}

const linesOf = ({ steps }: Verdict): Line[] =>
  steps.map(({ name, ok, checked, detail }) => ({
    name,
    state: !ok ? 'failed' : checked ? 'ok' : 'unchecked',
    detail,
  }));

function waiverLines({ waivers }: Verdict): Line[] {
  const { findings = [], standing = [] } = waivers ?? {};
  const told = findings.map(({ accepted, detail }): Line => ({
    name: 'waiver',
    state: accepted ? 'ok' : 'failed',
    detail,
  }));
  const left = standing.map((objection): Line => ({
    name: 'waiver',
    state: 'failed',
    detail: `${objection} still stands`,
  }));
  return findings.length === 0 ? [] : [...told, ...left];
}

interface Demand {
  readonly lines: readonly Line[];
  /** How the whole ends when it was not met. */
  readonly status?: VerdictStatus;
}

/** What is demanded beyond a genuine receipt; the first demand that is not met decides. */
async function demands(
  found: Found,
  demanded: Demanded,
  { receipt, waived }: { readonly receipt: ReceiptSummary; readonly waived: boolean },
): Promise<Demand[]> {
  const { repository, branch, root, commit, placed, policy } = demanded;
  const { voters, logs } = root.policy ?? {};
  return [
    byHeads(await judgeHeads(found.bytes, receipt.origin, repository, logs, demanded.heads)),
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
            await unmetBranch(repository, await branch(), receipt, commit),
            'the base and the jury are the branch’s own',
          ),
        ]
      : []),
    ...(policy === undefined
      ? []
      : [
          met('policy file', unmetDemands(policy, receipt, { now: Date.now(), voters, waived }), 'all demands are met'),
        ]),
    ...(demanded.rerun === undefined ? [] : [await byRerun(demanded.rerun.intent, found, repository, receipt)]),
  ];
}

function met(name: string, unmet: readonly string[], detail: string): Demand {
  if (unmet.length === 0) return { lines: [{ name, state: 'ok', detail }] };
  return { lines: unmet.map((reason) => ({ name, state: 'failed', detail: reason })), status: 'policy-refused' };
}

function byHeads(lines: readonly Line[]): Demand {
  return { lines, ...(lines.some(({ state }) => state === 'failed') ? { status: 'bad-log-proof' } : {}) };
}

async function byRerun(
  told: string | undefined,
  { file, bytes }: Found,
  repository: string,
  receipt: ReceiptSummary,
): Promise<Demand> {
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
