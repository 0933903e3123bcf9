import { describe, expect, it } from '@jest/globals';
import { runChaos } from './chaos.js';
import type { Fault } from './disturb.js';

/** One of each, a freeze for longer than the lease; what a worker does when is up to the machine. */
const LEASE_MS = 2_000;
const fault = (kind: Fault['kind'], lastsMs = 0): Fault => ({ kind, afterMs: 200, lastsMs, whom: 0.4 });
const FAULTS = [
  fault('kill'),
  fault('freeze', LEASE_MS * 1.5),
  fault('nats'),
  fault('redis'),
  fault('postgres', 1_000),
];

describe('the engine, while', () => {
  it('a worker is killed, one frozen, Postgres crashes, NATS and Redis forget all: nothing lost, nothing done twice', async () => {
    const report = await runChaos({ seed: 3, runs: 40, minutes: 0, leaseMs: LEASE_MS, faults: FAULTS });
    expect(report.violations).toEqual([]);
    expect(report.disturbances).toEqual({ kill: 1, freeze: 1, nats: 1, redis: 1, postgres: 1, edge: 0 });
    expect(report.tally.met).toBe(FAULTS.length);
    expect(report.tally.parked).toBeGreaterThan(0);
  }, 300_000);
});
