import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { MalformedError, parseVkey } from '@conclave/audit-core';
import { VERDICTS, verifyExport, type TrustPolicy, type Verdict } from '@conclave/verify';
import type { Call } from '../command.js';
import type { ExitCode } from '../exit-codes.js';
import { usage } from '../fault.js';
import { branchOf } from '../verify/branch.js';
import type { Line } from '../verify/line.js';
import { printLines } from '../verify/report.js';
import { namedTrustRoot, readNamed, trustRootOf } from '../verify/trust-root.js';

export async function verifyLog(call: Call): Promise<ExitCode> {
  const path = resolve(call.cwd, call.operands[0]!);
  await access(path).catch((cause: NodeJS.ErrnoException) => {
    throw usage(`${path} cannot be read (${cause.code})`);
  });
  const trust = await trustedLogs(call);
  const kept = call.text('since');
  const since = kept === undefined ? undefined : await readNamed(resolve(call.cwd, kept));
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  const verdict = await verifyExport(lines, {
    ...(trust.logs ? { logs: trust.logs } : {}),
    ...(since === undefined ? {} : { since }),
  });
  const { export: claimed } = verdict;
  return tellVerdict(call, verdict, trust, claimed ? { export: claimed } : {});
}

/** Tells what a verification under keys of logs came to, with what the file claims. */
export function tellVerdict({ out }: Call, verdict: Verdict, trust: TrustedLogs, claims: object): ExitCode {
  const steps: Line[] = verdict.steps.map(({ name, ok, checked, detail }) => ({
    name,
    state: !ok ? 'failed' : checked ? 'ok' : 'unchecked',
    detail,
  }));
  steps.push({ name: 'trust root', state: trust.logs ? 'ok' : 'unchecked', detail: trust.source });
  printLines(out, steps);
  const { status, ok } = verdict;
  const { exitCode, meaning } = VERDICTS[status];
  out.print('', `${out.styled(['bold', exitCode === 0 ? 'green' : 'red'], status)}  ${meaning}`);
  out.result({ status, ok, exitCode, steps, ...claims });
  return exitCode;
}

export interface TrustedLogs {
  readonly logs?: TrustPolicy['logs'];
  readonly source: string;
}

/** The keys of logs that are believed: those of the command line, else of the repository's branch that changes are for. */
export async function trustedLogs(call: Call): Promise<TrustedLogs> {
  const vkey = call.text('vkey');
  const named = call.text('trust');
  if (vkey !== undefined) return { logs: [keyOf(vkey)], source: '--vkey' };
  const { policy, source } =
    named === undefined
      ? await trustRootOf(call.cwd, await branchOf(call.cwd, undefined))
      : await namedTrustRoot(resolve(call.cwd, named));
  return policy ? { logs: policy.logs, source } : { source };
}

function keyOf(vkey: string) {
  try {
    return parseVkey(vkey);
  } catch (error) {
    if (error instanceof MalformedError) throw usage(`--vkey is no verifier key: ${error.message}`);
    throw error;
  }
}
