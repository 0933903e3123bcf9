import { describe, expect, it } from '@jest/globals';
import { runChaos } from './chaos.js';
import type { Fault } from './disturb.js';

const LEASE_MS = 2_000;
const fault = (kind: Fault['kind'], whom = 0.4, lastsMs = LEASE_MS): Fault => ({ kind, afterMs: 2_500, lastsMs, whom });
/** Auth, the runtime's api and the gateway, each killed and told to end, while the others are met, too. */
const FAULTS = [
  ...[fault('edge', 0.1), fault('kill'), fault('edge', 0.3), fault('postgres'), fault('edge', 0.4), fault('redis')],
  ...[fault('edge', 0.6), fault('freeze', 0.4, LEASE_MS * 1.5), fault('edge', 0.7), fault('nats'), fault('edge', 0.9)],
];

describe('clients of the edge, while', () => {
  it('gateway, auth and api die and are rolled out, workers and stores die: one run each, its story whole, one answer counts', async () => {
    const report = await runChaos({
      ...{ seed: 4, runs: 60, minutes: 0, leaseMs: LEASE_MS, edge: true, faults: FAULTS },
    });
    expect(report.violations).toEqual([]);
    expect(report.disturbances).toEqual({ kill: 1, freeze: 1, nats: 1, redis: 1, postgres: 1, edge: 6 });
    expect(report.tally.clientRuns).toBeGreaterThan(0);
    expect(report.tally.streams).toBeGreaterThan(report.tally.clientRuns);
    expect(report.tally.parked).toBeGreaterThan(0);
  }, 900_000);
});
