import { runtime, type Run } from '@conclave/contracts';
import type { Client } from '@conclave/sdk';
import type { Call } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { Fault } from '../fault.js';
import type { Output } from '../output.js';
import { printable } from '../printable.js';
import { Progress } from '../review/progress.js';
import { answerAtTerminal } from './terminal.js';

/**
 * Tells a run's story to its end, and asks whoever sits there when `--interactive` says so.
 *
 * @throws Fault when the run ended, and not as completed
 */
export async function followToEnd(call: Call, client: Client, id: string): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([call.signal, over.signal]);
  try {
    const told = tell(call, client, id, signal).finally(() => over.abort());
    const asked = call.flag('interactive') ? answerAtTerminal(call, client, id, signal) : undefined;
    await Promise.all([told, asked]);
  } catch (error) {
    if (call.signal.aborted) call.out.note('', `The run goes on: ${call.out.typed('watch', id)}`);
    throw error;
  } finally {
    over.abort();
  }
  const run = await client.call(runtime.getRun, { id });
  if (run.state !== 'completed') throw endedOtherwise(call.out, run);
}

async function tell(call: Call, client: Client, id: string, signal: AbortSignal): Promise<void> {
  const progress = new Progress(call.out);
  try {
    for await (const event of client.followRun(id, { signal, onReconnect: () => progress.reconnecting() }))
      // Who is asked here is not told to answer elsewhere.
      if (event.type !== 'task.asked' || !call.flag('interactive')) progress.tell(event);
  } finally {
    progress.end();
  }
}

function endedOtherwise(out: Output, { id, state, failure }: Run): Fault {
  if (!failure) return new Fault(EXIT.runFailed, `run.${state}`, `run ${id} is ${state}`);
  const code = printable(failure.code);
  return new Fault(
    failureCodes[code] ?? EXIT.runFailed,
    code,
    printable(failure.message),
    `Run ${id} failed; its story: ${out.typed('watch', id)}`,
  );
}

/** Failures that are the change's, not the platform's. */
const failureCodes: Readonly<Record<string, ExitCode>> = {
  'git.empty-change': EXIT.repository,
  'git.unknown-ref': EXIT.repository,
  'git.too-large': EXIT.tooLarge,
};
