/** What is measured runs in a process of its own, with nothing but its load beside it, and answers over Node's IPC. */
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { imageNodeFlags } from '../../services.js';

/** One durable run: so many steps, each of which leaves `payload` in the journal. */
export interface Job {
  /** Whose it is, by number. */
  readonly tenant: number;
  readonly payload: string;
  readonly steps: number;
  /** What the model takes to answer, in every step. */
  readonly modelMs: number;
}

export interface Load {
  readonly concurrency: number;
  readonly seconds: number;
  /** Runs go to these tenants in turn. */
  readonly tenants: readonly number[];
  readonly payloadBytes: number;
  readonly steps: number;
  readonly modelMs: number;
}

export interface Measured {
  readonly runs: number;
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
  /** CPU seconds of the contestant's process, its load included. */
  readonly cpuS: number;
}

/** What a contestant's module opens. */
export interface Contestant {
  /** Does the job; resolves when its end is durable. */
  run(job: Job): Promise<void>;
  /** What else can be asked of it, by name. */
  readonly operations?: Readonly<Record<string, (argument: never) => Promise<unknown>>>;
  close(): Promise<void>;
}

/** What a module that can be measured exports; `options` travel as JSON. */
export interface ContestantModule {
  readonly open: (options: never) => Promise<Contestant>;
}

/** A contestant's process, seen from outside. */
export interface Process {
  readonly pid: number;
  load(load: Load): Promise<Measured>;
  ask<T>(operation: string, argument?: unknown): Promise<T>;
  stop(): Promise<void>;
  kill9(): Promise<void>;
  /** Resolves when it has ended, with what it said last. */
  readonly ended: Promise<string>;
}

export interface Question {
  readonly no: number;
  readonly operation: string;
  readonly argument: unknown;
}

export type Answer = { readonly no: number } & ({ readonly value: unknown } | { readonly fault: string });

/** Starts the module in a process. @throws Error with what it said when it cannot open or ends early */
export async function startContestant(module: string, options: unknown): Promise<Process> {
  const child = fork(join(import.meta.dirname, 'contestant-main.js'), [module], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [...process.execArgv, ...imageNodeFlags],
    // Not an argument: options hold passwords, and everybody may see arguments.
    env: { ...process.env, CONTESTANT_OPTIONS: JSON.stringify(options) },
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)));
  const ended = new Promise<string>((done) =>
    child.once('exit', (code, signal) => done(`it ended with ${signal ?? code}:\n${said}`)),
  );
  const ask = askOver(child, ended);
  await ask('ready');
  return {
    pid: child.pid ?? 0,
    ended,
    load: (load) => ask('load', load) as Promise<Measured>,
    ask: <T>(operation: string, argument?: unknown) => ask(operation, argument) as Promise<T>,
    async stop() {
      await ask('close');
      child.disconnect();
      await ended;
    },
    async kill9() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function askOver(
  child: ChildProcess,
  ended: Promise<string>,
): (operation: string, argument?: unknown) => Promise<unknown> {
  const open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  child.on('message', (answer: Answer) => {
    const asked = open.get(answer.no);
    open.delete(answer.no);
    if ('fault' in answer) asked?.reject(new Error(answer.fault));
    else asked?.resolve(answer.value);
  });
  void ended.then((how) => {
    for (const { reject } of open.values()) reject(new Error(how));
  });
  let no = 0;
  return (operation, argument) =>
    new Promise((resolve, reject) => {
      const question: Question = { no: no++, operation, argument };
      open.set(question.no, { resolve, reject });
      child.send(question, (error) => {
        if (error) reject(error);
      });
    });
}
