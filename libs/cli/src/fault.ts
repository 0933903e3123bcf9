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
  const { action } = problemOf(error);
  const details = Object.entries(params).map(([name, value]) => `${name}: ${text(value)}`);
  const message = [error.message, ...details].join('\n  ');
  return new Fault(exitCodeOf(code), code, message, String(action), { cause: error });
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function exitCodeOf(code: ConclaveError['code']): ExitCode {
  if (['service.unavailable', 'request.deadline', 'request.rate-limited'].includes(code)) return EXIT.unreachable;
  if (['request.too-large', 'runtime.upload.too-large'].includes(code)) return EXIT.tooLarge;
  return EXIT.refused;
}
