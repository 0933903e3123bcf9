import { ConclaveError, problemOf } from '@conclave/contracts';
import { GitError, type GitErrorCode } from '@conclave/connectors';
import { EXIT, type ExitCode } from './exit-codes.js';

/** Why a command ends without an answer, and what to do about it. */
export class Fault extends Error {
  override readonly name = 'Fault';
  constructor(
    readonly exitCode: ExitCode,
    /** Stable, for `--json`. */
    readonly code: string,
    message: string,
    readonly advice?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export const usage = (message: string, advice?: string): Fault => new Fault(EXIT.usage, 'cli.usage', message, advice);

const gitFaults: Readonly<Record<GitErrorCode, { readonly exitCode: ExitCode; readonly advice?: string }>> = {
  'not-a-repository': { exitCode: EXIT.repository, advice: 'Name a git repository with --repo DIR.' },
  'unknown-ref': {
    exitCode: EXIT.repository,
    advice: 'Name commits that exist with --base and --head; fetch them first.',
  },
  'empty-change': { exitCode: EXIT.repository, advice: 'Commit something, or name another --base.' },
  'bad-diff': { exitCode: EXIT.repository, advice: 'Make the diff against --base (HEAD unless told), with git diff.' },
  'too-large': { exitCode: EXIT.tooLarge, advice: 'Review fewer commits, or keep large files out of the history.' },
  'bad-bundle': { exitCode: EXIT.local },
  'git-missing': { exitCode: EXIT.local, advice: 'Install git and make sure that it is on the PATH.' },
  timeout: { exitCode: EXIT.local, advice: 'Try again; git took too long on this repository.' },
};

/** The fault that stands for whatever was thrown. */
export function faultOf(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  if (thrown instanceof GitError) {
    const { exitCode, advice } = gitFaults[thrown.code];
    return new Fault(exitCode, `git.${thrown.code}`, thrown.message, advice, { cause: thrown });
  }
  if (thrown instanceof ConclaveError) return faultOfRefusal(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Fault(EXIT.local, 'cli.failed', message, undefined, { cause: thrown });
}

function faultOfRefusal(error: ConclaveError): Fault {
  const { code, params } = error;
  if (code === 'service.unavailable' && typeof params['url'] === 'string') {
    const advice = 'Start the platform with `npm run up`, or name another one with --url or CONCLAVE_URL.';
    return new Fault(EXIT.unreachable, code, `${params['url']} cannot be reached (${text(params['reason'])})`, advice);
  }
  const { message, advice } = wordings[code]?.(params) ?? {};
  const details = Object.entries(params).map(([name, value]) => `${name}: ${text(value)}`);
  return new Fault(
    exitCodeOf(code),
    code,
    message ?? [error.message, ...details].join('\n  '),
    advice ?? String(problemOf(error).action),
    { cause: error },
  );
}

/** What is told otherwise here than to programs that speak HTTP. */
const wordings: Partial<Record<ConclaveError['code'], (params: ConclaveError['params']) => Wording>> = {
  'request.invalid': ({ issues }) => ({
    message: ['this cannot be asked for:', ...issuesIn(issues)].join('\n  '),
    advice: listsOf(issuesIn(issues)) ?? 'Correct it; --help says what the command takes.',
  }),
  'auth.policy.invalid': ({ issues }) => ({
    message: ['the policy cannot be set:', ...issuesIn(issues)].join('\n  '),
    advice: 'What policies can speak of: conclave policies schema',
  }),
  'route.unknown': () => ({
    message: 'this platform does not know how to do that',
    advice: 'Is it older than this command?',
  }),
  'auth.unauthenticated': () => ({
    message: 'the platform does not know this credential, or it has ended',
    advice: '`conclave doctor` says where it was found. To log in again: conclave login',
  }),
  'auth.forbidden': ({ reason, permission, policies }) =>
    typeof reason === 'string'
      ? { message: reason, advice: 'Do it in the console, signed in; keys and logins of programs cannot.' }
      : {
          message: [
            'this credential does not permit that',
            ...(permission === undefined ? [] : [`permission: ${text(permission)}`]),
            ...(policies === undefined ? [] : [`policies: ${text(policies)}`]),
          ].join('\n  '),
          advice:
            policies === undefined
              ? 'Use a key that holds the permission, log in with --scope, or ask an administrator for a role that has it.'
              : 'Ask an administrator about these policies.',
        },
};

interface Wording {
  readonly message?: string;
  readonly advice?: string;
}

/** Which lists have the ids that were expected. */
function listsOf(issues: readonly string[]): string | undefined {
  const kinds = issues.flatMap((issue) => /expected an id like (\w+)_/.exec(issue)?.[1] ?? []);
  const names = kinds.flatMap((kind) => lists[kind] ?? []);
  return names.length === 0 ? undefined : `List ids with: conclave ${names.join(' list, ')} list`;
}

const lists: Readonly<Record<string, string>> = {
  ...{ run: 'runs', ses: 'sessions', trg: 'triggers', bud: 'budgets', dec: 'decisions', vtr: 'voter-keys' },
  ...{ prn: 'members', key: 'keys', lnk: 'invitations', wsp: 'workspaces', grp: 'groups', con: 'connections' },
  ...{ sgn: 'sign-ins', ocl: 'programs', bgl: 'break-glass', arv: 'access-reviews', whk: 'webhooks' },
  ...{ ten: 'admin tenants', hld: 'audit holds', mdm: 'connections domains' },
};

interface Issue {
  readonly path?: unknown;
  readonly line?: unknown;
  readonly column?: unknown;
  readonly message?: unknown;
  readonly help?: unknown;
}

/** What is wrong, and where: in which member, or at which line and column. */
const issuesIn = (issues: unknown): string[] =>
  (Array.isArray(issues) ? (issues as Issue[]) : []).map(({ path, line, column, message, help }) =>
    [path ?? (line === undefined ? undefined : `${text(line)}:${text(column)}`), message, help]
      .filter((part) => part !== undefined && part !== '')
      .map((part) => (Array.isArray(part) ? part.join('.') : text(part)))
      .join(': ')
      .replace(/Invalid option: expected one of/, 'it is one of')
      .replaceAll(/"\|"/g, '", "'),
  );

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function exitCodeOf(code: ConclaveError['code']): ExitCode {
  if (['service.unavailable', 'request.deadline', 'request.rate-limited'].includes(code)) return EXIT.unreachable;
  if (['request.too-large', 'runtime.upload.too-large'].includes(code)) return EXIT.tooLarge;
  return EXIT.refused;
}
