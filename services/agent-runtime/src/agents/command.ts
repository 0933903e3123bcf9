import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { within } from '@conclave/nest-kit';
import type { Activation, Json, Turn } from '../engine/agent-port.js';
import { Outlasts } from '../engine/effects.js';
import type { Sandbox, SandboxResult } from '../sandbox/sandbox.js';
import { withFolder } from '../sandbox/workspace.js';
import { TaskAgent, done, failed, type InputOf } from './task-agent.js';

const EFFECT = 'command';
/** A command that ends within this time costs no wait; one that takes longer parks its task. */
const PATIENCE_MS = 2_000;

/** Runs a program in a sandbox without network, on files of its own. */
export class CommandAgent extends TaskAgent<'command'> {
  readonly name = 'command';

  constructor(
    private readonly sandbox: Sandbox,
    private readonly folders: string,
  ) {
    super();
  }

  protected async work(turn: Turn, input: InputOf<'command'>): Promise<Activation> {
    const ended = await turn.effect<Json>(EFFECT, input.effect, async () => {
      const begunAt = new Date().toISOString();
      const end = this.endOf(turn, input);
      if (await within(PATIENCE_MS, end)) return end;
      const { timeoutMs } = input;
      throw new Outlasts(EFFECT, end, timeoutMs, { begunAt, timeoutMs });
    });
    // Nobody saw its end, and a person has said that it happened: what they say it gave is the result.
    if (!isEnding(ended)) return done(ended);
    const { status, exitCode, output } = ended;
    if (status === 'not-started') return failed('sandbox.unavailable', output);
    if (status === 'exited' && exitCode === 0) return done(ended);
    const [code, how] =
      status === 'exited'
        ? ['command.exit', `exit code ${exitCode}`]
        : [`command.${status}`, status === 'timeout' && `it did not end within ${input.timeoutMs} ms`];
    return failed(code, [how, lastOf(output)].filter(Boolean).join(': '));
  }

  private async endOf(turn: Turn, input: InputOf<'command'>): Promise<Ending> {
    const { status, exitCode, output, truncated, durationMs } = await this.execute(turn, input);
    // Stopped by us and by nothing it did: whoever has the turn next starts it again.
    if (status === 'killed') throw turn.signal.reason ?? new Error('the command was killed from outside');
    return { status, exitCode, output, ...(truncated && { truncated }), durationMs };
  }

  private execute(turn: Turn, { command, files, timeoutMs }: InputOf<'command'>): Promise<SandboxResult> {
    const fill = async (dir: string): Promise<void> => {
      for (const [name, text] of Object.entries(files)) {
        const path = join(dir, name);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, text);
      }
    };
    return withFolder(this.folders, fill, (worktree) =>
      this.sandbox.run({ worktree, command, wallMs: timeoutMs, signal: turn.signal }),
    );
  }
}

type Ending = Pick<SandboxResult, 'status' | 'exitCode' | 'output'> & { readonly [key: string]: Json };

const isEnding = (ended: Json): ended is Ending =>
  typeof ended === 'object' && ended !== null && 'status' in ended && 'output' in ended;

const lastOf = (output: string): string => output.trimEnd().slice(-500);
