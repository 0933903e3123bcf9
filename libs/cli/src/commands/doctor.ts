import { JURY_FILE } from '@conclave/checks';
import { audit, auth, ConclaveError } from '@conclave/contracts';
import { defaultBranch, gitLine, readFileAt, tryGit } from '@conclave/connectors';
import { resolve } from 'node:path';
import { platformOptions, type Call, type Command } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { Fault, faultOf } from '../fault.js';
import { clientOf, settingsOf } from '../platform/settings.js';
import { printable } from '../printable.js';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly advice?: string;
  readonly exitCode?: ExitCode;
}

type Probe = (call: Call) => Promise<string>;

const probes: readonly (readonly [string, Probe])[] = [
  ['node', async () => process.version],
  ['git', async ({ cwd }) => (await tryGit(cwd, ['--version'])).stdout.toString('utf8').trim()],
  ['settings', async (call) => `${settingsOf(call).url}, from ${settingsOf(call).source}`],
  ['platform', reach],
  ['key', keyHolder],
  ['log', async (call) => (await clientOf(call).call(audit.getLog, {})).origin],
  ['repository', jury],
];

export const doctor: Command = {
  name: 'doctor',
  summary: 'check what the commands need',
  description: 'Checks git, the settings, the platform, the key and the repository; what fails comes with advice.',
  options: { repo: { value: 'DIR', help: 'the repository (default: where you are)' }, ...platformOptions },

  async run(call) {
    const findings: Finding[] = [];
    for (const [check, probe] of probes) findings.push(await findingOf(call, check, probe));
    call.out.print(
      ...findings.flatMap(({ check, ok, detail, advice }) => [
        `${call.out.styled(ok ? 'green' : 'red', (ok ? 'ok' : 'failed').padEnd(7))} ${check.padEnd(11)} ${printable(detail)}`,
        ...(advice === undefined ? [] : [`${' '.repeat(20)}${printable(advice)}`]),
      ]),
    );
    call.out.result({ checks: findings });
    return findings.find(({ ok }) => !ok)?.exitCode ?? 0;
  },
};

async function findingOf(call: Call, check: string, probe: Probe): Promise<Finding> {
  try {
    return { check, ok: true, detail: await probe(call) };
  } catch (error) {
    const { message, advice, exitCode } = faultOf(error);
    return { check, ok: false, detail: message, exitCode, ...(advice === undefined ? {} : { advice }) };
  }
}

async function reach(call: Call): Promise<string> {
  const { url } = settingsOf(call);
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) }).catch((cause: unknown) => {
    const { cause: inner } = cause as { cause?: { code?: string } };
    throw new ConclaveError('service.unavailable', { url, reason: inner?.code ?? 'no answer' });
  });
  if (!response.ok) throw new Fault(EXIT.unreachable, 'cli.not-ready', `${url} answers ${response.status} to /readyz`);
  return `${url} is ready`;
}

async function keyHolder(call: Call): Promise<string> {
  const { principal, role, tenant } = await clientOf(call).call(auth.getMe, {});
  return `${principal.name}, ${role} of ${tenant.name}`;
}

/** A repository without a jury is judged by the built-in panel: that is no fault. */
async function jury(call: Call): Promise<string> {
  const repo = resolve(call.cwd, call.text('repo') ?? '.');
  await gitLine(repo, ['rev-parse', '--git-dir']);
  const branch = await defaultBranch(repo);
  const file = await readFileAt(repo, branch, JURY_FILE);
  const name = branch.replace(/^refs\/(heads|remotes)\//, '');
  return file ? `${name} has a jury` : `${name} has no ${JURY_FILE} (conclave init writes one)`;
}
