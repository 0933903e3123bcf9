/** `npm run bench -- NAME [--json] [--rounds N]`: one benchmark on an installation of its own, on loopback. */
import { parseArgs } from 'node:util';
import { cold } from '../bench/cold.js';
import { edge } from '../bench/edge.js';
import { ready } from '../bench/ready.js';
import { jsonLine, machine, table, type Case } from '../bench/report.js';
import { history, review } from '../bench/reviews.js';
import { sweepAbandonedRuns } from '../testing/test-run.js';

const benches: Readonly<Record<string, (rounds: number) => Promise<Case[]>>> = { review, history, ready, edge, cold };
const USAGE = `Usage: npm run bench -- ${Object.keys(benches).join('|')} [--json] [--rounds N]\n`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '3' } },
});
const bench = benches[positionals[0] ?? ''];
const rounds = Number(values.rounds);

if (!bench || positionals.length > 1 || !(Number.isInteger(rounds) && rounds > 0)) {
  process.stderr.write(USAGE);
  process.exitCode = 1;
} else {
  await sweepAbandonedRuns();
  process.stderr.write(`${machine()}\n`);
  const cases = await bench(rounds);
  process.stdout.write(cases.map((one) => `${jsonLine(one)}\n`).join(''));
  if (!values.json) process.stdout.write(`\n${table(cases)}\n`);
}
