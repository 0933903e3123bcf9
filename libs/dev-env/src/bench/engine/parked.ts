/** B10: what runs cost that wait for somebody: rows, and nothing else. On all services, in all their roles. */
import { must } from '../goals.js';
import { load, postRequest } from '../load.js';
import type { Platform } from '../platform.js';
import { processesOf } from '../processes.js';
import type { Case } from '../report.js';
import { asAdministrator, atRest, bytesOfRows, type Rest } from './at-rest.js';
import { engineCase, until } from './measure.js';

const RUNS = 5_000;
const GIB = 2 ** 30;

export const parked = (platform: Platform, keys: readonly string[]): Promise<Case[]> =>
  asAdministrator(platform, async (client) => {
    const parkedRuns = async (): Promise<number> =>
      (await client.query<{ n: number }>(`select count(*)::int as n from runtime.run where state = 'parked'`)).rows[0]!
        .n;
    const park = async (atLeast: number): Promise<number> => {
      const run = { agent: 'human', input: { question: 'x'.repeat(200) } };
      const requests = keys.map((key) => postRequest('/v1/runs', run, { authorization: `Bearer ${key}` }));
      const target = { port: Number(new URL(platform.gateway).port), requests, answer: { status: 202, text: '"id"' } };
      let made = await parkedRuns();
      while (made < atLeast) made += (await load({ ...target, connections: keys.length, seconds: 1 })).answers;
      await until('runs parked', made, parkedRuns);
      return made;
    };
    const look = async () => {
      const processes = processesOf(platform.pids['runtime'] ?? NaN);
      return { ...(await atRest(client)), bytes: await bytesOfRows(client), processes };
    };
    // Code on the way is compiled, and pages are there, before what rests is looked at.
    const first = await park((await parkedRuns()) + 1);
    const before = await look();
    const runs = (await park(first + RUNS)) - first;
    const after = await look();
    const growth = (of: keyof Rest) => after[of] / before[of];
    const figures = {
      ...{ parkedBefore: first, runs },
      bytesEach: (after.bytes - before.bytes) / runs,
      perGib: (GIB * runs) / (after.bytes - before.bytes),
      processes: after.processes - before.processes,
      ...{ statementsPerSBefore: before.statementsPerS, statementsPerSAfter: after.statementsPerS },
      statementsGrowth: growth('statementsPerS'),
      ...{ rowsReadPerSBefore: before.rowsReadPerS, rowsReadPerSAfter: after.rowsReadPerS },
      rowsReadGrowth: growth('rowsReadPerS'),
      ...{ pagesPerSBefore: before.pagesPerS, pagesPerSAfter: after.pagesPerS },
    };
    return [
      engineCase('b10 parked runs', figures, [
        must('processes', { atMost: 0 }),
        ...[must('statementsGrowth', { atMost: 1.02 }), must('rowsReadGrowth', { atMost: 1.02 })],
      ]),
    ];
  });
