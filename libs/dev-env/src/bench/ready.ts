/** How fast all services are ready, and how much memory they hold, with the trace exporter off and on. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { services } from '../services.js';
import { withPlatform } from './platform.js';
import { cpuSecondsOf, memoryOf } from './processes.js';
import type { Case } from './report.js';
import { medians } from './statistics.js';

/** Start-up garbage is collected and idle work has begun. */
const SETTLE_MS = 10_000;
const MIB = 2 ** 20;

type Figures = Readonly<Record<string, number>>;

/** What one start says: the whole, and each service. */
interface Start {
  readonly all: Figures;
  readonly each: Readonly<Record<string, Figures>>;
}

export async function ready(rounds: number): Promise<Case[]> {
  await start({}); // fills the compile cache
  const sink = createServer((request, response) => request.resume().on('end', () => response.writeHead(200).end('{}')));
  await once(sink.listen(0, '127.0.0.1'), 'listening');
  const on = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(sink.address() as AddressInfo).port}` };
  const starts: Record<'off' | 'on', Start[]> = { off: [], on: [] };
  try {
    for (let round = 0; round < rounds; round++) {
      starts.off.push(await start({}));
      starts.on.push(await start(on));
    }
  } finally {
    sink.closeAllConnections();
    sink.close();
  }
  const named = (name: string, figures: readonly Figures[]): Case => ({
    bench: 'ready',
    case: name,
    figures: medians(figures),
  });
  return [
    ...(['off', 'on'] as const).map((exporter) =>
      named(
        `exporter ${exporter}`,
        starts[exporter].map(({ all }) => all),
      ),
    ),
    ...services.map(({ name }) =>
      named(
        name,
        starts.off.map(({ each }) => each[name] ?? {}),
      ),
    ),
  ];
}

/** This process supervises as the one behind `npm run up` does, so its memory counts as that. */
const start = (env: NodeJS.ProcessEnv): Promise<Start> =>
  withPlatform(async ({ status, pids }) => {
    const seconds = (status.steps.find(({ title }) => title === 'Services')?.ms ?? NaN) / 1_000;
    const cpuS = services.reduce((total, { name }) => total + cpuSecondsOf(pids[name] ?? NaN), 0);
    await sleep(SETTLE_MS);
    const memories = services.map(({ name }) => memoryOf(pids[name] ?? NaN));
    const sum = (of: 'pss' | 'private') => memories.reduce((total, memory) => total + memory[of], 0) / MIB;
    const sharedOnce = Math.max(...memories.map(({ shared }) => shared)) / MIB;
    return {
      all: {
        readyS: seconds,
        cpuS,
        pssMib: sum('pss'),
        pssIfAloneAtMostMib: sum('private') + sharedOnce,
        supervisorPssMib: memoryOf(process.pid).pss / MIB,
      },
      each: Object.fromEntries(
        status.services.map(({ name, readyAfterMs }) => {
          const { pss, private: own } = memoryOf(pids[name] ?? NaN);
          return [name, { readyS: (readyAfterMs ?? NaN) / 1_000, pssMib: pss / MIB, privateMib: own / MIB }];
        }),
      ),
    };
  }, env);
