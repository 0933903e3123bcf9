/** Many writers, several replicas, many logs: nothing is lost, doubled or given two places, and no size has two roots. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendLeaves, EMPTY_FRONTIER, leafHash, rootOf } from '@conclave/audit-core';
import { audit } from '@conclave/contracts';
import { eventually, startServiceFixture, testPrincipal, type ServiceFixture } from '@conclave/dev-env/testing';
import { bootstrapService, type RunningService } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import { AuditModule } from '../audit.module.js';
import { auditEnvironment } from '../config.js';
import { sequencing } from './sequencer.js';

const [WRITERS, REPLICAS, TENANTS, EACH] = [8, 3, 50, 50];
const spec = {
  name: 'audit',
  module: AuditModule,
  environment: auditEnvironment,
  resources: [postgres(), sequencing()],
} as const;

describe(`${WRITERS} writers, ${REPLICAS} replicas and ${TENANTS} logs`, () => {
  let dir: string;
  let fixture: ServiceFixture;
  const others: RunningService[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'conclave-race-'));
    const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
    const env = { AUDIT_SIGNING_KEY: key, AUDIT_LOG_HOST: 'log.example', AUDIT_STORE: pathToFileURL(dir).href };
    fixture = await startServiceFixture(spec, env);
    for (let n = 1; n < REPLICAS; n++) others.push(await bootstrapService(spec, fixture.environment));
  });
  afterAll(async () => {
    for (const other of others) await other.stop();
    await fixture.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('make logs as long as what was accepted, with one root for each size', async () => {
    const tenants = Array.from({ length: TENANTS }, () => testPrincipal());
    const accepted = new Map<string, Set<string>>(tenants.map(({ tenantId }) => [tenantId, new Set()]));
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; n < EACH; n++) {
        const as = tenants[(writer * 7 + n) % TENANTS]!;
        const request = { type: 'race.run', data: { writer, n } };
        const call = () => fixture.call(audit.addEntry, request, { claims: as, idempotencyKey: `${writer}-${n}` });
        // Every fifth is sent twice at a time, as an impatient client does.
        const [one, ...same] = await Promise.all(n % 5 === 0 ? [call(), call()] : [call()]);
        expect(same.filter(({ leafHash: other }) => other !== one.leafHash)).toEqual([]);
        accepted.get(as.tenantId)!.add(one.leafHash);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

    await eventually(async () => {
      const [row] = await fixture.database.query<{ published: string }>(
        'select sum(published) as published from audit.log',
      );
      expect(Number(row!.published)).toBe(WRITERS * EACH);
    });
    type Row = { tenant_id: string; idx: string; body: Buffer };
    const entries = await fixture.database.query<Row>(
      'select tenant_id, idx, body from audit.entry order by tenant_id, idx',
    );
    const heads = await fixture.database.query<{ tenant_id: string; size: string; root: Buffer }>(
      'select tenant_id, size, root from audit.checkpoint',
    );
    const entriesOf = Map.groupBy(entries, (row) => row.tenant_id);
    const headsOf = Map.groupBy(heads, (row) => row.tenant_id);
    for (const [tenantId, hashes] of accepted) {
      const log = entriesOf.get(tenantId)!;
      expect(log.map(({ idx }) => Number(idx))).toEqual([...log.keys()]);
      const leaves = log.map(({ body }) => leafHash(body));
      expect(new Set(leaves.map((leaf) => Buffer.from(leaf).toString('hex')))).toEqual(hashes);
      const signed = headsOf.get(tenantId)!;
      expect(new Set(signed.map(({ size }) => size)).size).toBe(signed.length);
      let frontier = EMPTY_FRONTIER;
      for (const leaf of leaves) {
        frontier = appendLeaves(frontier, [leaf]).frontier;
        const head = signed.find(({ size }) => Number(size) === frontier.size);
        if (head) expect(head.root).toEqual(Buffer.from(rootOf(frontier)));
      }
    }
    expect(await fixture.database.query('select from audit.stage')).toEqual([]);
  });
});
