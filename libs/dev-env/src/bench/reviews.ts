/** Reviews as a user asks for them, timed from outside and split by what the run tells of itself. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { branches, createSample, intent, testCommand } from '../story/sample.js';
import { createLongHistory } from './long-history.js';
import { withPlatform, type Platform } from './platform.js';
import type { Case } from './report.js';
import { medians } from './statistics.js';

const WARM_UPS = 2;
const SAMPLES = 10;
const COMMITS = 2_000;

/** Where the time of a review went, in milliseconds; they add up to `totalMs`. */
type Split = Readonly<
  Record<'totalMs' | 'cliAndUploadMs' | 'prepareMs' | 'judgeMs' | 'sealMs' | 'resultAndReceiptMs', number>
>;

/** The sample's two changes through a warm platform: program start, upload, panel, decision, receipt. */
export const review = (): Promise<Case[]> =>
  withPlatform(async (platform) => {
    const sample = join(platform.dir, 'sample');
    await createSample(sample, async () => {
      await answered(platform, ['init', '--repo', sample, '--test', testCommand], 0);
    });
    const words = (head: string) => ['--repo', sample, '--base', branches.target, '--head', head, '--intent', intent];
    const cases: Case[] = [];
    for (const [name, code] of [
      ['rejected', 1],
      ['approved', 0],
    ] as const) {
      const splits: Split[] = [];
      for (let no = -WARM_UPS; no < SAMPLES; no++) {
        const split = await timed(platform, words(branches[name]), code);
        if (no >= 0) splits.push(split);
      }
      cases.push({ bench: 'review', case: `${name}, p50 of ${SAMPLES}`, figures: medians(splits) });
    }
    return cases;
  });

/** A change at the end of a long history, without a test command: what grows with a repository. */
export const history = (rounds: number): Promise<Case[]> =>
  withPlatform(async (platform) => {
    const repository = join(platform.dir, 'history');
    mkdirSync(repository);
    await createLongHistory(repository, COMMITS);
    const words = ['--repo', repository, '--base', 'main', '--head', 'change'];
    const first = await timed(platform, words);
    const later: Split[] = [];
    for (let round = 0; round < Math.max(rounds, 5); round++) later.push(await timed(platform, words));
    return [
      { bench: 'history', case: `${COMMITS} commits, first`, figures: first },
      { bench: 'history', case: `${COMMITS} commits, p50 of ${later.length} more`, figures: medians(later) },
    ];
  });

interface RunEvent {
  readonly type: string;
  readonly at: string;
}

async function timed(platform: Platform, words: readonly string[], code?: number): Promise<Split> {
  const startedAt = Date.now();
  const { run } = await answered(platform, ['review', ...words, '--json'], code);
  const endedAt = Date.now();
  return splitOf(startedAt, endedAt, await eventsOf(platform, run));
}

/** @throws Error when the run's story lacks a chapter */
export function splitOf(startedAt: number, endedAt: number, events: readonly RunEvent[]): Split {
  const at = (type: string, which: 'first' | 'last' = 'first') => {
    const times = events.filter((event) => event.type === type).map((event) => Date.parse(event.at));
    const found = which === 'first' ? times[0] : times.at(-1);
    if (found === undefined) throw new Error(`the run has no ${type}`);
    return found;
  };
  const [created, opened, judged, completed] = [
    at('run.created'),
    at('decision.opened'),
    at('seat.judged', 'last'),
    at('run.completed'),
  ];
  return {
    totalMs: endedAt - startedAt,
    cliAndUploadMs: created - startedAt,
    prepareMs: opened - created,
    judgeMs: judged - opened,
    sealMs: completed - judged,
    resultAndReceiptMs: endedAt - completed,
  };
}

async function eventsOf({ gateway, apiKey }: Platform, run: string): Promise<readonly RunEvent[]> {
  const response = await fetch(`${gateway}/v1/runs/${run}/events`, { headers: { authorization: `Bearer ${apiKey}` } });
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith('data:'));
  return lines.map((line) => JSON.parse(line.slice('data:'.length)) as RunEvent);
}

async function answered(
  platform: Platform,
  words: readonly string[],
  code?: number,
): Promise<{ readonly run: string }> {
  const { code: ended, stdout, stderr } = await platform.conclave(...words);
  if (ended !== code && (code !== undefined || ended > 2))
    throw new Error(`conclave ${words.join(' ')} ended with ${ended}:\n${stderr}${stdout}`);
  return words.includes('--json') ? (JSON.parse(stdout) as { run: string }) : { run: '' };
}
