import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCall, type Command } from './command.js';
import { accessReviewsCommand } from './commands/access-reviews.js';
import { admin } from './commands/admin.js';
import { answer } from './commands/answer.js';
import { audit } from './commands/audit.js';
import { budget } from './commands/budget.js';
import { cancel, pause, resume, steer } from './commands/control.js';
import { decide } from './commands/decide.js';
import { decisions } from './commands/decisions.js';
import { doctor } from './commands/doctor.js';
import { fork } from './commands/fork.js';
import { hook } from './commands/hook.js';
import { init } from './commands/init.js';
import { login } from './commands/login.js';
import { logout } from './commands/logout.js';
import { receipt } from './commands/receipt.js';
import { replay } from './commands/replay.js';
import { review } from './commands/review.js';
import { run } from './commands/run.js';
import { secretsCommand } from './commands/secrets.js';
import { status } from './commands/status.js';
import { verify } from './commands/verify.js';
import { waive } from './commands/waive.js';
import { watch } from './commands/watch.js';
import { whoami } from './commands/whoami.js';
import { EXIT } from './exit-codes.js';
import { faultOf, usage, type Fault } from './fault.js';
import { helpText, overview } from './help.js';
import { Output, type Streams } from './output.js';
import { CHECKOUT } from './platform/settings.js';
import { printable } from './printable.js';

const commands: readonly Command[] = [
  ...[init, review, verify, waive, hook, decide, decisions, receipt],
  ...[run, status, watch, answer, pause, resume, cancel, steer, fork, replay],
  ...[audit, budget, accessReviewsCommand, secretsCommand],
  ...[login, logout, whoami, admin, doctor],
];

/** What the program is started with. */
export interface Start extends Streams {
  readonly words: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Aborted when the person interrupts. */
  readonly signal: AbortSignal;
}

/** Runs a command line. @returns its exit code */
export async function main({ words, env, cwd, signal, ...streams }: Start): Promise<number> {
  const [name = '', ...rest] = words;
  const out = new Output(streams, env, words.includes('--json'));
  if (['', 'help', '--help', '-h'].includes(name)) {
    streams.stdout.write(overview(commands));
    return name === '' ? EXIT.usage : 0;
  }
  if (['version', '--version'].includes(name)) {
    streams.stdout.write(`${version()}\n`);
    return 0;
  }
  try {
    const command = commands.find((one) => one.name === name);
    if (!command) throw usage(`there is no command ${JSON.stringify(name)}`, 'See: conclave --help');
    const { json: _json, help, ...call } = parseCall(command, rest);
    if (help) {
      streams.stdout.write(helpText(command));
      return 0;
    }
    return await command.run({ ...call, out, env, cwd, signal });
  } catch (error) {
    out.transient('');
    if (signal.aborted) return EXIT.interrupted;
    return tell(out, faultOf(error));
  }
}

function version(): string {
  const manifest = readFileSync(join(CHECKOUT, 'libs/cli/package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

function tell(out: Output, { exitCode, code, message, advice }: Fault): number {
  const lines = message.split('\n').map(printable);
  if (out.json) out.result({ error: { code, message, ...(advice === undefined ? {} : { advice }), exitCode } });
  else out.note(`conclave: ${lines.join('\n')}`, ...(advice === undefined ? [] : [`  ${printable(advice)}`]));
  return exitCode;
}
