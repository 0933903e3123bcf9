import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { gitLine, tryGit } from '@conclave/connectors';
import type { Call, Group } from '../command.js';
import { EXIT, verdictCodes, type ExitCode } from '../exit-codes.js';
import { Fault, usage } from '../fault.js';
import { printable } from '../printable.js';
import { branchOf } from '../verify/branch.js';
import { RECEIPT_NOTES, receiptsOf, WAIVER_NOTES, waiversOf, type Notes } from '../verify/evidence.js';
import { examineFirstThatPasses } from '../verify/examine.js';
import { parsePolicy, type Policy } from '../verify/policy.js';
import { printExamined } from '../verify/report.js';
import { namedTrustRoot, readNamed, trustRootOf } from '../verify/trust-root.js';

const HOOKS = ['pre-push', 'pre-receive'] as const;
type Hook = (typeof HOOKS)[number];
const REFUSED = 9;

const HOOK = { name: 'HOOK', required: true, values: HOOKS } as const;
const options = {
  repo: { value: 'DIR', help: 'the repository (default: where you are)' },
  target: { value: 'REF', help: 'the branch changes are for (default: the default branch)' },
  policy: { value: 'FILE', help: 'what receipts must show (default: approved)' },
  trust: { value: 'FILE', help: 'the trust root (default: the branch’s own)' },
} as const;

export const hook: Group = {
  name: 'hook',
  summary: 'let git refuse what no receipt speaks for',
  commands: [
    {
      name: 'install',
      operands: [HOOK],
      summary: 'write a git hook: pre-push in a clone, pre-receive where it is pushed to',
      description: [
        'From then on a push to the branch changes are for (--target, else the default branch) is refused unless',
        '`conclave verify` accepts its newest commit: with a receipt in a note on it (refs/notes/conclave-receipts, in the',
        'same push or before it), or stored by `conclave review`; under the trust root of the branch as it was, and the',
        'policy (else: approved). To delete or rewind the branch is refused, to create it is not: there is no jury before',
        'it. A pre-push hook can be left out by whoever pushes; a pre-receive hook cannot.',
      ].join('\n'),
      options: { ...options, force: { help: 'overwrite a hook that is there' } },
      run: (call) => install(call, hookNamed(call)),
    },
    {
      name: 'run',
      operands: [HOOK, { name: 'REMOTE', required: false }, { name: 'URL', required: false }],
      summary: 'what a hook runs: it reads the refs from git',
      options,
      codes: verdictCodes,
      run: (call) => judgePush(call, hookNamed(call)),
    },
  ],
};

function hookNamed({ operands: [name] }: Call): Hook {
  const named = HOOKS.find((one) => one === name);
  if (named === undefined) throw usage(`HOOK is one of ${HOOKS.join(', ')}`);
  return named;
}

async function install(call: Call, name: Hook): Promise<ExitCode> {
  const { out, cwd } = call;
  const repository = resolve(cwd, call.text('repo') ?? '.');
  const folder = join(await gitLine(repository, ['rev-parse', '--path-format=absolute', '--git-common-dir']), 'hooks');
  const path = join(folder, name);
  const files = ['policy', 'trust'].flatMap((option) => {
    const file = call.text(option);
    return file === undefined ? [] : [`--${option}`, resolve(cwd, file)];
  });
  const target = call.text('target');
  const words = [
    process.execPath,
    process.argv[1]!,
    'hook',
    'run',
    name,
    ...files,
    ...(target ? ['--target', target] : []),
  ];
  const script = [
    '#!/bin/sh',
    '# Written by `conclave hook install`: nothing reaches the branch that no receipt speaks for.',
    `exec ${words.map(quoted).join(' ')} "$@"`,
    '',
  ].join('\n');
  await mkdir(folder, { recursive: true });
  await writeFile(path, script, { flag: call.flag('force') ? 'w' : 'wx' }).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'EEXIST' ? 'is there already: give --force' : `cannot be written (${cause.code})`;
    throw new Fault(EXIT.local, 'cli.write', `${path} ${reason}`, undefined, { cause });
  });
  await chmod(path, 0o755);
  out.print(`Wrote ${printable(path)}`);
  out.result({ hook: name, path });
  return 0;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** One ref of a push; `old` and `now` are absent where it is created or deleted. */
interface Update {
  readonly ref: string;
  readonly old: string | undefined;
  readonly now: string | undefined;
}

async function judgePush(call: Call, name: Hook): Promise<ExitCode> {
  const { out, cwd } = call;
  const repository = resolve(cwd, call.text('repo') ?? '.');
  const updates = updatesIn(await text(process.stdin), name);
  const target = await protectedRef(call, repository, name);
  // Git carries out every update of a ref that still fits, so one that passes must not hide another.
  const twice = updates.find(({ ref }, at) => updates.findIndex((other) => other.ref === ref) !== at);
  if (twice) return refused(call, `${twice.ref} is updated twice in one push`);
  const notes: Notes = { receipts: pushed(updates, RECEIPT_NOTES), waivers: pushed(updates, WAIVER_NOTES) };
  const update = updates.find(({ ref }) => ref === target);
  if (update === undefined) return 0;
  const { old, now } = update;
  if (now === undefined) return refused(call, `${target} may not be deleted`);
  if (old === undefined) {
    // Of the repository that is pushed to; in a clone the branch is there before it is pushed.
    const known = await tryGit(repository, ['rev-parse', '--verify', '--quiet', target]);
    if (name === 'pre-receive' && known.status === 0) return refused(call, `${target} is there already`);
    out.complain(`conclave: ${target} is new: nobody judges what founds it`);
    return 0;
  }
  if ((await tryGit(repository, ['cat-file', '-e', `${old}^{commit}`])).status !== 0)
    return refused(call, `this repository does not know ${target} as it is now: fetch first`);
  if ((await tryGit(repository, ['merge-base', '--is-ancestor', old, now])).status !== 0)
    return refused(call, `${target} may not be rewound: bring the change up to date`);
  return judge(call, { repository, target, old, now, notes });
}

interface Push {
  readonly repository: string;
  readonly target: string;
  readonly old: string;
  readonly now: string;
  readonly notes: Notes;
}

async function judge(call: Call, { repository, target, old, now, notes }: Push): Promise<ExitCode> {
  const [trust, policy] = ['trust', 'policy'].map((option) => call.text(option));
  const branch = async () => ({ name: target.replace('refs/heads/', ''), tip: old });
  const [first, ...rest] = await receiptsOf(repository, now, notes);
  if (first === undefined) return refused(call, `no receipt is at hand for ${now.slice(0, 12)}, pushed to ${target}`);
  const examined = await examineFirstThatPasses([first, ...rest], {
    ...{ repository, branch, commit: now, placed: true, heads: undefined, rerun: undefined },
    root:
      trust === undefined
        ? await trustRootOf(repository, await branch())
        : await namedTrustRoot(resolve(call.cwd, trust)),
    policy: {
      ...approved,
      ...(policy !== undefined && parsePolicy(await readNamed(resolve(call.cwd, policy)), policy)),
    },
    waivers: await waiversOf(repository, { named: undefined, branch, commit: now, notes }),
  });
  printExamined(call.out, examined);
  call.out.result({ ref: target, status: examined.status, exitCode: examined.exitCode, waived: examined.waived });
  return examined.exitCode;
}

const approved: Policy = { outcome: 'approved' };

function refused({ out }: Call, reason: string): ExitCode {
  out.complain(`conclave: ${printable(reason)}`);
  out.result({ status: 'policy-refused', exitCode: REFUSED, reason });
  return REFUSED;
}

/** What git tells a hook: pre-receive `old new ref`, pre-push `ref new ref old`, zeroes for what is not there. */
function updatesIn(input: string, name: Hook): Update[] {
  const id = (text = '') => (/^0*$/.test(text) ? undefined : text);
  return input
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [a = '', b, c = '', d] = line.split(' ');
      return name === 'pre-receive' ? { ref: c, old: id(a), now: id(b) } : { ref: c, old: id(d), now: id(b) };
    });
}

/** Notes that come with a push are read from there, all others from where they are. */
const pushed = (updates: readonly Update[], ref: string): string =>
  updates.find((update) => update.ref === ref)?.now ?? ref;

/** The ref that is guarded, as the receiving side names it. */
async function protectedRef(call: Call, repository: string, name: Hook): Promise<string> {
  const named = call.text('target');
  if (named !== undefined) return named.startsWith('refs/') ? named : `refs/heads/${named}`;
  if (name === 'pre-receive') return gitLine(repository, ['symbolic-ref', 'HEAD']);
  const branch = await branchOf(repository, undefined);
  if (!('name' in branch)) throw usage(`no branch can be guarded: ${branch.reason}`);
  return `refs/heads/${branch.name.replace(/^origin\//, '')}`;
}
