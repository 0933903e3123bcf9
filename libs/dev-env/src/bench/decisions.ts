/**
 * B8: `npm run bench -- decisions`: votes of five signed voters from opening to durable outcome, and LangGraph's equal; in
 * sealed mode and until the receipt, with audit beside.
 */
import { parseTrustPolicy, verifyReceipt } from '@conclave/verify';
import { installPeers } from './engine/peers.js';
import { countOf, onFreshDatabase, measure, PLAIN, until, type Figures } from './engine/measure.js';
import { withInstallation, type Installation } from './engine/installation.js';
import type { Load } from './engine/contestant.js';
import { aim, must, type Goal } from './goals.js';
import type { Case } from './report.js';
import { medians, pairedRatio, percentile } from './statistics.js';

const VOTERS = 5;
const SECONDS = 5;
const BUSY = 64;
/** Decisions that are followed until their receipt. */
const RECEIPTS = 50;
const loadOf = (concurrency: number, seconds = SECONDS): Load => ({ ...PLAIN, steps: VOTERS, concurrency, seconds });

export const decisions = (rounds: number): Promise<Case[]> =>
  withInstallation(async (installation) => {
    const peers = await installPeers((line) => process.stderr.write(`${line}\n`));
    const measured = new Map<string, Figures[]>();
    for (let round = 0; round < rounds; round++) {
      const names = peers ? ['ours', 'langgraph'] : ['ours'];
      for (const name of round % 2 === 0 ? names : names.reverse()) await turn(installation, name, measured);
    }
    const proven = new Map<string, Figures[]>();
    for (let round = 0; round < rounds; round++)
      for (const secrecy of ['open', 'sealed'] as const) await withAudit(installation, secrecy, proven);
    const rates = (name: string) => (measured.get(name) ?? []).map(({ decisionsPerS = NaN }) => decisionsPerS);
    const toLangGraph =
      peers === undefined ? undefined : pairedRatio(rates(`ours c=${BUSY}`), rates(`langgraph c=${BUSY}`));
    return [...measured, ...proven].map(([name, turns]) => {
      const ratio = name === `ours c=${BUSY}` && toLangGraph !== undefined;
      const figures = { ...medians(turns), ...(ratio && { toLangGraph }) };
      const goals = [...goalsOf(name), ...(ratio ? [must('toLangGraph', { atLeast: 10 })] : [])];
      return { bench: 'decisions', case: `b8 ${name}`, figures, goals };
    });
  });

function goalsOf(name: string): Goal[] {
  if (name === 'ours c=1') return [aim('p50Ms', { atMost: 2.5 })];
  if (name === `ours c=${BUSY}`) return [aim('decisionsPerS', { atLeast: 1_000 })];
  return [];
}

/** A process of its own on a database of its own, and nobody else at work meanwhile. */
const turn = (installation: Installation, name: string, measured: Map<string, Figures[]>): Promise<void> =>
  onFreshDatabase(installation, name === 'ours' ? 'engine' : 'empty', async (database) => {
    const process =
      name === 'ours'
        ? await installation.startService('consensus', 'bench/decisions-contestant.js', database)
        : await installation.start(`../decisions/${name}`, database);
    await process.load(loadOf(BUSY, 3));
    for (const concurrency of [1, BUSY]) {
      const { runsPerS = NaN, ...figures } = await measure(process, loadOf(concurrency), installation.postgresPid);
      const key = `${name} c=${concurrency}`;
      measured.set(key, [...(measured.get(key) ?? []), { decisionsPerS: runsPerS, ...figures }]);
    }
    await process.stop();
  });

interface Receipt {
  readonly tenantId: string;
  readonly receipt: string;
  readonly outcomeMs: number;
  readonly receiptMs: number;
}

/** Audit in a process of its own publishes what the decisions wait for. Each receipt has to verify, offline. */
const withAudit = (
  installation: Installation,
  secrecy: 'open' | 'sealed',
  proven: Map<string, Figures[]>,
): Promise<void> =>
  onFreshDatabase(installation, 'engine', async (database) => {
    const keep = (name: string, figures: Figures) => proven.set(name, [...(proven.get(name) ?? []), figures]);
    const audit = await installation.startService('audit', 'bench/audit-contestant.js', database);
    const module = 'bench/decisions-contestant.js';
    const process = await installation.startService('consensus', module, database, { secrecy });
    const rest = () =>
      until('entries without their place', 0, async () => -(await countOf(installation, database, 'audit.stage')));
    await process.load(loadOf(BUSY, 3));
    if (secrecy === 'sealed') {
      await rest();
      for (const concurrency of [1, BUSY]) {
        const { runsPerS = NaN, ...figures } = await measure(process, loadOf(concurrency), installation.postgresPid);
        keep(`sealed c=${concurrency}`, { decisionsPerS: runsPerS, ...figures });
      }
    }
    await rest();
    const asked = { tenant: 0, payload: 'x'.repeat(PLAIN.payloadBytes), steps: VOTERS };
    const [before, began] = [await checkpointsOf(installation, database), performance.now()];
    const told = await process.ask<Receipt[]>('receipts', { ...asked, count: RECEIPTS });
    const seconds = (performance.now() - began) / 1_000;
    const checkpoints = (await checkpointsOf(installation, database)) - before;
    const services = await process.ask<object[]>('services');
    const logs = await audit.ask<string[]>('vkeys', told[0]!.tenantId);
    const trust = parseTrustPolicy(JSON.stringify({ version: 1, logs, services }));
    for (const { receipt } of told) {
      const { status } = await verifyReceipt(Buffer.from(receipt), trust);
      if (status !== 'trusted') throw new Error(`a receipt is ${status}`);
    }
    const receiptMs = told.map((one) => one.receiptMs);
    keep(`receipt, ${secrecy}, one after the other`, {
      p50Ms: percentile(receiptMs, 50),
      p99Ms: percentile(receiptMs, 99),
      outcomeP50Ms: percentile(
        told.map((one) => one.outcomeMs),
        50,
      ),
      msPerCheckpoint: (seconds * 1_000) / checkpoints,
    });
    await process.stop();
    await audit.stop();
  });

const checkpointsOf = (installation: Installation, database: string): Promise<number> =>
  countOf(installation, database, 'audit.checkpoint');
