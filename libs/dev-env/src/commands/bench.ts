/** `npm run bench -- NAME [CASE…] [--json] [--rounds N]`: one benchmark on an installation of its own, on loopback. */
import { parseArgs } from 'node:util';
import { audit, auditCases } from '../bench/audit.js';
import { authz } from '../bench/authz.js';
import { cold } from '../bench/cold.js';
import { decisions } from '../bench/decisions.js';
import { edge } from '../bench/edge.js';
import { engine, engineCases } from '../bench/engine.js';
import { failed, verdictsOn } from '../bench/goals.js';
import { identity, identityCases } from '../bench/identity.js';
import { modelPanels, Unasked } from '../bench/model-panels.js';
import { panels } from '../bench/panels.js';
import { ready } from '../bench/ready.js';
import { receipts } from '../bench/receipts.js';
import { goalLines, jsonLine, machine, table, type Case } from '../bench/report.js';
import { history, review } from '../bench/reviews.js';
import { sweepAbandonedRuns } from '../testing/test-run.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ json: { type: 'boolean' }, rounds: { type: 'string', default: '3' } },
    ...{ questions: { type: 'string' }, env: { type: 'string' } },
  },
});

const benches: Readonly<Record<string, (rounds: number, cases: readonly string[]) => Promise<Case[]>>> = {
  ...{ review, history, ready, edge, cold, engine, decisions, receipts, audit, authz, identity },
  panels: (rounds, [models]) => (models ? modelPanels({ ...values, rounds }) : panels()),
};
/** What a bench can be told to do instead of all it does. */
const casesOf: Readonly<Record<string, readonly string[]>> = {
  audit: auditCases,
  engine: engineCases,
  identity: identityCases,
  panels: ['models'],
};
const USAGE = `Usage: npm run bench -- ${Object.keys(benches).join('|')} [--json] [--rounds N]
       npm run bench -- audit [${auditCases.join('] [')}]
       npm run bench -- engine [${engineCases.join('] [')}]
       npm run bench -- identity [${identityCases.join('] [')}]
       npm run bench -- panels models [--questions FILE] [--env FILE]\n`;

const [name = '', ...chosen] = positionals;
const bench = benches[name];
const known = casesOf[name] ?? [];
const rounds = Number(values.rounds);

if (!bench || chosen.some((one) => !known.includes(one)) || !(Number.isInteger(rounds) && rounds > 0)) {
  process.stderr.write(USAGE);
  process.exitCode = 1;
} else {
  await sweepAbandonedRuns();
  process.stderr.write(`${machine()}\n`);
  try {
    const cases = await bench(rounds, chosen);
    process.stdout.write(cases.map((one) => `${jsonLine(one)}\n`).join(''));
    if (!values.json) process.stdout.write(`\n${[table(cases), goalLines(cases)].filter(Boolean).join('\n\n')}\n`);
    if (failed(verdictsOn(cases))) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof Unasked)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
