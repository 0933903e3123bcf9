/** `npm run bench -- engine`: the durable engine on stores of its own, each case on a database that nobody used before. */
import { imageNodeFlags } from '../services.js';
import { backlog } from './engine/backlog.js';
import { fanOut } from './engine/fan-out.js';
import { growth } from './engine/growth.js';
import { http } from './engine/http.js';
import { withInstallation, type Installation } from './engine/installation.js';
import { neighbours } from './engine/neighbours.js';
import { parked } from './engine/parked.js';
import { recovery } from './engine/recovery.js';
import { sessions } from './engine/sessions.js';
import { soak } from './engine/soak.js';
import { lone, throughput } from './engine/throughput.js';
import { workers } from './engine/workers.js';
import { createKeys } from './api-keys.js';
import { COUNTING } from './engine/at-rest.js';
import { must } from './goals.js';
import { withPlatform, type Platform } from './platform.js';
import type { Case } from './report.js';

type Measures<On> = Readonly<Record<string, (on: On, rounds: number) => Promise<Case[]>>>;

/** The engine's process and its stores. */
const alone: Measures<Installation> = {
  ...{ b1: throughput, b3: lone, b9: recovery, b13: growth, b14: neighbours, b15: workers },
  ...{ claim: backlog, soak },
};

/** All services, as users meet them: Node is told what the image tells it. */
const whole: Measures<Platform> = { b2: http, b11: fanOut };
/** As many as the busiest case has callers. */
const WHOLE = { WORKER_SLOTS: '128' };

/** The same on a Postgres that counts statements, which costs it some of its time. */
const counted: Measures<Platform> = {
  async b10(platform) {
    const keys = await createKeys(platform, 'developer');
    const ofSessions = await sessions(platform, keys);
    return [...(await parked(platform, keys)), ...ofSessions];
  },
};

export const engineCases: readonly string[] = [alone, counted, whole].flatMap((measures) => Object.keys(measures));

/** The chosen cases, or all of them. */
export async function engine(rounds: number, chosen: readonly string[]): Promise<Case[]> {
  const is = ([name]: readonly [string, unknown]): boolean => chosen.length === 0 || chosen.includes(name);
  const [inside, outside] = [Object.entries(alone).filter(is), Object.entries(whole).filter(is)];
  const watched = Object.entries(counted).filter(is);
  const ofWatched = () => withPlatform((on) => measureAll(on, watched, rounds), { ...WHOLE, ...COUNTING });
  return [
    ...(watched.length > 0 ? await ofWatched() : []),
    ...(inside.length > 0 ? await withInstallation((on) => measureAll(on, inside, rounds)) : []),
    ...(outside.length > 0 ? await withPlatform((on) => measureAll(on, outside, rounds), WHOLE, imageNodeFlags) : []),
  ];
}

async function measureAll<On>(
  on: On,
  cases: readonly (readonly [string, Measures<On>[string]])[],
  rounds: number,
): Promise<Case[]> {
  const measured: Case[] = [];
  for (const [name, measure] of cases) {
    process.stderr.write(`${name} …\n`);
    measured.push(...(await measure(on, rounds).catch((error: unknown) => [unmeasured(name, error)])));
  }
  return measured;
}

/** A case that fell over: the others are measured none the less, and the benchmark fails. */
function unmeasured(name: string, error: unknown): Case {
  process.stderr.write(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return { bench: 'engine', case: `${name} fell over`, figures: {}, goals: [must('measured', { atLeast: 1 })] };
}
