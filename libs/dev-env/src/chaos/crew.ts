/** Workers that are killed, frozen and started again, and what they wrote down meanwhile. */
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Process } from '../bench/engine/contestant.js';
import type { Installation } from '../bench/engine/installation.js';
import { CALL_MICROS } from './caps.js';
import type { Line } from './history.js';
import { pick } from './random.js';

const WORKERS = 3;
const SLOTS = 40;
/** Workers' clocks jump so far: one's back, one's forward, one's not. */
const CLOCK_JUMPS_MS = [0, -600_000, 600_000] as const;
const RETRY_MS = 250;

interface Member {
  /** Undefined while it is being started. */
  process: Process | undefined;
  name: string;
  starts: number;
  frozen: boolean;
}

export class Crew {
  private readonly members: Member[] = Array.from({ length: WORKERS }, () => ({
    ...{ process: undefined, name: '', starts: 0, frozen: false },
  }));
  private readonly logs: string;
  private starting: Promise<void>[] = [];
  private stopping = false;
  /** Workers that ended although nobody killed them, with what they said last. */
  readonly crashed: string[] = [];

  constructor(
    private readonly installation: Installation,
    private readonly database: string,
    private readonly leaseMs: number,
    private readonly say: (line: string) => void,
  ) {
    this.logs = join(installation.dir, 'chaos');
    mkdirSync(this.logs);
  }

  async start(): Promise<void> {
    await Promise.all(this.members.map((_, at) => this.bring(at)));
  }

  /** Starts a worker, again and again while the stores are away. */
  private async bring(at: number): Promise<void> {
    const member = this.members[at]!;
    for (;;) {
      const name = `worker-${at}.${++member.starts}`;
      try {
        member.process = await this.installation.startService('runtime', 'testing/chaos-worker.js', this.database, {
          ...{ slots: SLOTS, leaseMs: this.leaseMs, clockJumpMs: CLOCK_JUMPS_MS[at] },
          ...{ callMicros: CALL_MICROS, logFile: join(this.logs, `${name}.jsonl`) },
        });
        member.name = name;
        void member.process.ended.then((how) => this.mourn(at, name, how));
        return;
      } catch (error) {
        if (member.starts > 100) throw error;
        await sleep(RETRY_MS);
      }
    }
  }

  /** Nobody told it to end: that is noted, and another is started, as a supervisor would. */
  private mourn(at: number, name: string, how: string): void {
    const member = this.members[at]!;
    if (this.stopping || member.name !== name || member.process === undefined) return;
    this.crashed.push(`${name}: ${how}`);
    this.say(`${name} crashed: ${how}`);
    member.process = undefined;
    this.starting.push(this.bring(at));
  }

  private standing(): Member[] {
    return this.members.filter(({ process, frozen }) => process !== undefined && !frozen);
  }

  /** One that is up, by a number from 0 to 1; undefined when none is. */
  private anyOf(random: number): Member | undefined {
    const standing = this.standing();
    return standing.length > 0 ? pick(standing, () => random) : undefined;
  }

  /** Waits until at most one is down, for a while: where all are down for good there is nothing to learn. */
  async recovered(): Promise<void> {
    for (let tries = 0; this.standing().length < WORKERS - 1 && tries < 300; tries++) await sleep(100);
  }

  /** Kills one as a crash would; another is started in its place. @returns which, or undefined when none is up */
  async kill(random: number): Promise<string | undefined> {
    const member = this.anyOf(random);
    if (!member) return undefined;
    const { name, process } = member;
    member.process = undefined;
    await process!.kill9();
    this.starting.push(this.bring(this.members.indexOf(member)));
    return name;
  }

  /** Freezes one for a time; it does not know. */
  async freeze(random: number, ms: number): Promise<string | undefined> {
    const member = this.anyOf(random);
    if (!member) return undefined;
    const { name } = member;
    const pid = member.process!.pid;
    member.frozen = true;
    process.kill(pid, 'SIGSTOP');
    await sleep(ms);
    process.kill(pid, 'SIGCONT');
    member.frozen = false;
    return name;
  }

  /** Asks whoever is up, and another when that one dies of it. */
  async ask(operation: string, argument: unknown): Promise<void> {
    for (let tries = 1; ; tries++) {
      const member = this.anyOf(Math.random());
      try {
        if (!member) throw new Error('no worker is up');
        return await member.process!.ask(operation, argument);
      } catch (error) {
        if (tries === 200) throw error;
        await sleep(RETRY_MS);
      }
    }
  }

  /** Waits for those that are being started, and stops all in order. */
  async stop(): Promise<void> {
    await Promise.all(this.starting);
    this.stopping = true;
    for (const { process } of this.members) await process?.stop();
  }

  lines(): Line[] {
    return readdirSync(this.logs)
      .sort()
      .flatMap((file) =>
        readFileSync(join(this.logs, file), 'utf8')
          .split('\n')
          .filter((line) => line.endsWith('}')) // the last one of a killed process may be torn
          .map((line): Line => ({
            ...(JSON.parse(line) as Omit<Line, 'process'>),
            process: file.replace('.jsonl', ''),
          })),
      )
      .sort((a, b) => a.at - b.at);
  }
}
