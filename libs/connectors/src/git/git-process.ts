/**
 * Runs the `git` command on repositories nobody vouches for.
 *
 * A repository's own configuration, hooks, attributes, replacement refs and promisor remotes are data of whoever wrote
 * it. Only plumbing is run here, arguments never pass a shell, the environment is ours alone, and everything Git would
 * execute on the repository's behalf is overridden on the command line, which wins over every file.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { GitError } from './git-error.js';

const overrides = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'core.splitIndex=false',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'core.sshCommand=false',
  'core.alternateRefsCommand=false',
  'core.pager=cat',
  'core.quotePath=false',
  'core.bigFileThreshold=32m',
  'credential.helper=',
  'diff.external=',
  'gc.auto=0',
  'gpg.program=false',
  'log.showSignature=false',
  'maintenance.auto=false',
  'protocol.allow=never',
  'protocol.ext.allow=never',
  'protocol.file.allow=never',
  'safe.directory=*',
  'submodule.recurse=false',
].flatMap((setting) => ['-c', setting]);

/** In a pre-receive hook, what is being pushed lies in a quarantine beside the repository's own objects. */
function quarantine(): Record<string, string> {
  const { GIT_QUARANTINE_PATH: quarantined, GIT_OBJECT_DIRECTORY: objects } = process.env;
  const { GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates } = process.env;
  if (quarantined === undefined || objects === undefined || alternates === undefined) return {};
  return { GIT_OBJECT_DIRECTORY: objects, GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates };
}

/**
 * No inherited variable but the search path and the quarantine: `GIT_DIR`, `GIT_SSH_COMMAND`, `LD_PRELOAD` and their like
 * stay outside.
 */
const environment = (): Record<string, string> => ({
  ...quarantine(),
  PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  TZ: 'UTC',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_GRAFT_FILE: '/dev/null',
  GIT_LITERAL_PATHSPECS: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOC_LIMIT: '1g',
});

/** What keeps git on this machine, and from the credentials of whoever runs us. */
const apart = /^(core\.sshCommand|credential\.helper|protocol\.(file\.)?allow)=/;
const overridesOfPerson = overrides.filter((word, at) => !apart.test(word) && !apart.test(overrides[at + 1] ?? ''));

/** Variables of git that say how to reach others; the rest would say which repository this is. */
const reaching = /^GIT_(SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|CONFIG_.*|SSL_.*|HTTP_.*|PROXY_.*)$/;

/** A person's own environment: their home, agents, proxies and helpers, as for a command that they type themselves. */
const environmentOfPerson = (env: NodeJS.ProcessEnv): Record<string, string> => {
  const own = Object.entries(env).filter(([name]) => !name.startsWith('GIT_') || reaching.test(name));
  return {
    ...(Object.fromEntries(own.filter(([, value]) => value !== undefined)) as Record<string, string>),
    LC_ALL: 'C',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_SSH_COMMAND: env['GIT_SSH_COMMAND'] ?? 'ssh -o BatchMode=yes',
  };
};

/** How one command is run. */
export interface GitRun {
  /**
   * Reaches other hosts as the person whose environment this is. Only for repositories whose configuration we wrote:
   * git then runs what configuration says, credential helpers and ssh.
   */
  person?: NodeJS.ProcessEnv;
  /** Fed to standard input; a stream is piped. */
  input?: string | Buffer | Readable;
  env?: Record<string, string>;
  /** Killed after this long (code `timeout`); 60 s by default. */
  timeoutMs?: number;
  /** Killed when its output grows beyond this (code `too-large`); 64 MiB by default. */
  maxOutputBytes?: number;
}

/** What a finished command left. */
export interface GitOutcome {
  status: number;
  stdout: Buffer;
  /** The last 4 KiB. */
  stderr: string;
}

function start(repository: string, args: readonly string[], run: GitRun): ChildProcessWithoutNullStreams {
  if ([repository, ...args].some((argument) => argument.includes('\0'))) {
    throw new GitError('unknown-ref', 'a name holds a NUL character');
  }
  const settings = run.person ? overridesOfPerson : overrides;
  const child = spawn('git', ['-C', repository, '--no-pager', '--no-optional-locks', ...settings, ...args], {
    env: { ...(run.person ? environmentOfPerson(run.person) : environment()), ...run.env },
    stdio: 'pipe',
  });
  // Git may exit before it has read everything it was offered; its exit status tells what happened.
  child.stdin.on('error', () => undefined);
  if (run.input === undefined) child.stdin.end();
  else if (typeof run.input === 'string' || Buffer.isBuffer(run.input)) child.stdin.end(run.input);
  else run.input.on('error', () => child.kill('SIGKILL')).pipe(child.stdin);
  return child;
}

interface Ending {
  status: number;
  stderr: string;
  timedOut: boolean;
}

function ending(child: ChildProcessWithoutNullStreams, timeoutMs: number): Promise<Ending> {
  return new Promise((resolve, reject) => {
    let stderr = '';
    let timedOut = false;
    const alarm = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString('utf8')).slice(-4096)));
    child.on('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(alarm);
      reject(cause.code === 'ENOENT' ? new GitError('git-missing', 'the git command is not installed') : cause);
    });
    child.on('close', (status) => {
      clearTimeout(alarm);
      resolve({ status: status ?? -1, stderr, timedOut });
    });
  });
}

/** The output in pieces as it comes; ends normally only when Git exits with 0, and kills it when the reader stops early. */
export async function* gitStream(
  repository: string,
  args: readonly string[],
  run: GitRun = {},
): AsyncGenerator<Buffer, void, undefined> {
  const timeoutMs = run.timeoutMs ?? 60_000;
  const child = start(repository, args, run);
  const ended = ending(child, timeoutMs);
  ended.catch(() => undefined);
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const { status, stderr, timedOut } = await ended;
    if (timedOut) throw new GitError('timeout', `git ${args[0]} took longer than ${timeoutMs} ms`);
    if (status !== 0) throw failure(args, status, stderr);
  } finally {
    child.kill('SIGKILL');
  }
}

/** The output cut at a separator byte, without it; NUL unless told otherwise. */
export async function* gitRecords(
  repository: string,
  args: readonly string[],
  run: GitRun = {},
  separator = 0,
): AsyncGenerator<Buffer, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of gitStream(repository, args, run)) {
    rest = rest.length ? Buffer.concat([rest, chunk]) : chunk;
    let from = 0;
    for (let end = rest.indexOf(separator); end >= 0; end = rest.indexOf(separator, from)) {
      yield rest.subarray(from, end);
      from = end + 1;
    }
    rest = rest.subarray(from);
  }
  if (rest.length) yield rest;
}

/** Runs to the end and leaves the exit status to the caller; refuses only what is no answer: missing Git, time, size. */
export async function tryGit(repository: string, args: readonly string[], run: GitRun = {}): Promise<GitOutcome> {
  const max = run.maxOutputBytes ?? 64 * 1024 * 1024;
  const timeoutMs = run.timeoutMs ?? 60_000;
  const child = start(repository, args, run);
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > max) child.kill('SIGKILL');
    else chunks.push(chunk);
  });
  const { status, stderr, timedOut } = await ending(child, timeoutMs);
  if (timedOut) throw new GitError('timeout', `git ${args[0]} took longer than ${timeoutMs} ms`);
  if (size > max) throw new GitError('too-large', `git ${args[0]} answered more than ${max} bytes`);
  return { status, stdout: Buffer.concat(chunks), stderr };
}

/** Runs to the end and takes only success for an answer. */
export async function git(repository: string, args: readonly string[], run: GitRun = {}): Promise<Buffer> {
  const outcome = await tryGit(repository, args, run);
  if (outcome.status !== 0) throw failure(args, outcome.status, outcome.stderr);
  return outcome.stdout;
}

/** The answer as one line of text. */
export async function gitLine(repository: string, args: readonly string[], run: GitRun = {}): Promise<string> {
  return (await git(repository, args, run)).toString('utf8').trim();
}

function failure(args: readonly string[], status: number, stderr: string): Error {
  if (/not a git repository|cannot change to/.test(stderr)) {
    return new GitError('not-a-repository', 'the folder is not a git repository');
  }
  return new Error(`git ${args[0]} failed with status ${status}: ${stderr.trim()}`);
}
