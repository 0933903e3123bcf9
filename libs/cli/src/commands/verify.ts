import { resolve } from 'node:path';
import { platformOptions, type Call, type Command } from '../command.js';
import { verdictCodes } from '../exit-codes.js';
import { usage } from '../fault.js';
import { clientOf } from '../platform/settings.js';
import { branchOf } from '../verify/branch.js';
import { receiptsOf, waiversOf } from '../verify/evidence.js';
import { examineFirstThatPasses, type Demanded, type Found } from '../verify/examine.js';
import { parseProofs, type ProofSource } from '../verify/heads.js';
import { parsePolicy } from '../verify/policy.js';
import { printExamined } from '../verify/report.js';
import { namedTrustRoot, readNamed, readNamedBytes, trustRootOf } from '../verify/trust-root.js';

export const verify: Command = {
  name: 'verify',
  operands: [{ name: 'RECEIPT', required: false }],
  summary: 'check a receipt, offline',
  description: [
    'Checks signatures, log proof, ballots and tally of a receipt without the platform. Keys are believed when the trust',
    'root names them: --trust, else .conclave/trust.json as committed on the branch that changes are for.',
    'With --commit, --repo or --target the base and the jury must be on that branch; before a merge --commit also demands',
    'that the base is where the commit leaves it and that its jury has not changed since.',
    'Heads of the log in the repository’s git notes (refs/notes/conclave) must not contradict the receipt’s; --log asks the',
    'platform for the proofs between them and its own newest head, --proofs takes them from a file.',
    'Without RECEIPT, --commit finds the receipt: in a git note on the commit (refs/notes/conclave-receipts), or where',
    '`conclave review` stored it.',
    '--rerun also runs the deterministic jurors again on the commits the receipt names.',
    'A policy is JSON: {"version": 1} and any of outcome, panel, panelSha256, origin, repository, maxAgeHours,',
    'minCounted, minExternalCustody, minWitnesses.',
    'Where approval is demanded, a rejection passes when whoever the trust root lets waive has signed that it is a false',
    'positive (`conclave waive`). Waivers are read from --waivers, else from .conclave/waivers and the commit’s note.',
  ].join('\n'),
  options: {
    repo: { value: 'DIR', help: 'the repository (default: where you are)' },
    rerun: { help: 'run the deterministic jurors again' },
    policy: { value: 'FILE', help: 'what the receipt must show' },
    trust: { value: 'FILE', help: 'the trust root' },
    commit: { value: 'REF', help: 'the receipt must be about this commit’s tree' },
    target: { value: 'REF', help: 'the branch changes are for (default: the default branch)' },
    waivers: { value: 'PATH', help: 'a file of waivers, or a folder of such files' },
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
    const commit = call.text('commit');
    const found = await receiptsAt(cwd, call.operands[0], repository, commit);
    const branch = once(() => branchOf(repository, call.text('target')));
    const [trust, policy] = [path('trust'), path('policy')];
    const demanded: Demanded = {
      repository,
      branch,
      commit,
      placed: ['commit', 'repo', 'target'].some((name) => call.text(name) !== undefined),
      root: trust === undefined ? await trustRootOf(repository, await branch()) : await namedTrustRoot(trust),
      policy: policy === undefined ? undefined : parsePolicy(await readNamed(policy), policy),
      waivers: await waiversOf(repository, { named: path('waivers'), branch, commit }),
      heads: await proofSource(call),
      rerun: call.flag('rerun') ? { intent: call.text('intent') } : undefined,
    };
    const examined = await examineFirstThatPasses(found, demanded);
    printExamined(out, examined);
    const { exitCode, status, lines, receipt, waived } = examined;
    out.result({ status, ok: exitCode === 0, exitCode, waived, steps: lines, ...(receipt ? { receipt } : {}) });
    return exitCode;
  },
};

async function proofSource(call: Call): Promise<ProofSource> {
  if (call.flag('log')) return { client: clientOf(call) };
  const given = call.text('proofs');
  if (given === undefined) return undefined;
  const file = resolve(call.cwd, given);
  return { proofs: parseProofs(await readNamed(file), file) };
}

async function receiptsAt(
  cwd: string,
  named: string | undefined,
  repository: string,
  commit: string | undefined,
): Promise<readonly [Found, ...Found[]]> {
  if (named !== undefined) {
    const file = resolve(cwd, named);
    return [{ file, bytes: await readNamedBytes(file) }];
  }
  if (commit === undefined) throw usage('RECEIPT is missing', 'Name a receipt, or a commit with --commit.');
  const [first, ...rest] = await receiptsOf(repository, commit);
  if (first === undefined)
    throw usage(`no receipt is at hand for ${commit}`, 'Name it, or fetch refs/notes/conclave-receipts.');
  return [first, ...rest];
}

/** Asks at most once, and not at all when nobody wants to know. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= ask());
}
