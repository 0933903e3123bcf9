/**
 * `npm run chaos -- --seed N [--runs N] [--minutes M] [--json] [--history FILE]`: the engine under faults, on an
 * installation of its own. The history of a run that broke a rule is written to the file.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runChaos, type ChaosReport } from '../chaos/chaos.js';
import { sweepAbandonedRuns } from '../testing/test-run.js';

const USAGE = 'Usage: npm run chaos -- --seed N [--runs N] [--minutes M] [--json] [--history FILE]\n';
const LEASE_MS = 2_000;
const SHOWN = 20;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string', default: '300' },
    minutes: { type: 'string', default: '2' },
    json: { type: 'boolean' },
    history: { type: 'string' },
  },
});
const [seed, runs, minutes] = [values.seed ?? Date.now() % 1_000_000, values.runs, values.minutes].map(Number) as [
  number,
  number,
  number,
];

if (!(Number.isInteger(seed) && Number.isInteger(runs) && runs > 0 && minutes >= 0)) {
  process.stderr.write(USAGE);
  process.exitCode = 1;
} else {
  await sweepAbandonedRuns();
  process.stderr.write(`seed ${seed}\n`);
  const { history: file } = values;
  const report = await runChaos({
    ...{ seed, runs, minutes, leaseMs: LEASE_MS, edge: true },
    say: (line) => void process.stderr.write(`${line}\n`),
    ...(file && { broken: (history) => writeFileSync(file, JSON.stringify(history)) }),
  });
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : text(report));
  if (report.violations.length > 0) process.exitCode = 1;
}

function text({ seconds, disturbances, tally, violations }: ChaosReport): string {
  const list = (counts: object): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const told = violations.slice(0, SHOWN).map(({ rule, detail }) => `  ${rule}: ${detail}`);
  return [
    `${seconds} s; ${list(tally)}`,
    `befallen by: ${list(disturbances)}`,
    violations.length === 0 ? 'nothing lost, nothing done twice' : `${violations.length} violations`,
    ...told,
    '',
  ].join('\n');
}
