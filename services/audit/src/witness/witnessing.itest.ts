import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  appendLeaves,
  ED25519_NOTE,
  EMPTY_FRONTIER,
  formatVkey,
  parseCheckpoint,
  parseNote,
  parseTlogProof,
  parseVkey,
  verifyNote,
} from '@conclave/audit-core';
import { audit, events, newId } from '@conclave/contracts';
import {
  eventually,
  startServiceFixture,
  testPrincipal,
  type EventSource,
  type ServiceFixture,
  type TestPrincipal,
} from '@conclave/dev-env/testing';
import { bootstrapService } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import { AuditModule } from '../audit.module.js';
import { auditEnvironment } from '../config.js';
import { sequencing } from '../log/sequencer.js';
import { WitnessProcess } from './test/witness-process.js';
import { witnessing } from './witnessing.js';

const { privateKey } = generateKeyPairSync('ed25519');
const signingKey = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
const publicKey = Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x!, 'base64url');
const HOST = 'log.example';
const vkeyOf = ({ tenantId }: TestPrincipal) =>
  formatVkey({ name: `${HOST}/log/${tenantId}`, type: ED25519_NOTE, publicKey });
const spec = {
  name: 'audit',
  module: AuditModule,
  environment: auditEnvironment,
  resources: [postgres(), sequencing(), witnessing()],
} as const;
const start = (witnesses: readonly { url: string; vkey: string }[], env: Record<string, string> = {}) =>
  startServiceFixture(spec, {
    ...{ AUDIT_SIGNING_KEY: signingKey, AUDIT_LOG_HOST: HOST, EGRESS_ALLOW: '127.0.0.0/8' },
    AUDIT_WITNESSES: witnesses.map(({ url, vkey }) => `${url}/ ${vkey}`).join(', '),
    ...env,
  });

const witnesses = [new WitnessProcess('witness.example/w1'), new WitnessProcess('witness.example/w2')];
const [quiet, cut, waiting, bounded] = [testPrincipal(), testPrincipal(), testPrincipal(), testPrincipal()];
const known = [quiet, cut, waiting, bounded].map(vkeyOf);
let fixture: ServiceFixture;
let auth: EventSource;
let consensus: EventSource;

beforeAll(async () => {
  await Promise.all(witnesses.map((witness) => witness.start(known)));
  fixture = await start(witnesses, { AUDIT_WITNESS_QUORUM: '2' });
  auth = await fixture.eventsOf('auth');
  consensus = await fixture.eventsOf('consensus');
});
afterAll(async () => {
  await fixture.stop();
  await Promise.all(witnesses.map((witness) => witness.remove()));
});

const add = (me: TestPrincipal) =>
  auth.emit(events.apiKeyCreated, me.tenantId, { apiKey: newId('apiKey'), scopes: [] });
const seal = (me: TestPrincipal) => {
  const at = new Date().toISOString();
  const payloadSha256 = createHash('sha256').update(me.tenantId).digest('hex');
  const outcome = { status: 'approved', winners: ['approved'], reason: 'threshold-met' };
  const decision = newId('decision');
  return consensus.emit(events.decisionSealed, me.tenantId, {
    ...{ decision, phase: 'sealed', openedAt: at, sealedAt: at, payloadSha256, outcome },
  });
};
const checkpointOf = (me: TestPrincipal) => fixture.call(audit.getCheckpoint, {}, me);

async function signersOf(checkpoint: string): Promise<string[]> {
  const { signers, failed } = await verifyNote(parseNote(checkpoint), [
    ...witnesses.map(({ vkey }) => parseVkey(vkey)),
    ...known.map(parseVkey),
  ]);
  expect(failed).toEqual([]);
  return signers.map(({ name }) => name).sort();
}

/** Holds the proof of the log's first entry, as a publisher left it that was killed. */
const holdAgain = (me: TestPrincipal) =>
  fixture.database.query('insert into audit.held_proof (tenant_id, origin, idx) values ($1, $2, 0)', [
    me.tenantId,
    `${HOST}/log/${me.tenantId}`,
  ]);

/** Waits until a head of that size is cosigned by so many. */
const untilCosigned = (me: TestPrincipal, size: number, count: number) =>
  eventually(async () => {
    const checkpoint = await checkpointOf(me);
    expect(parseCheckpoint(parseNote(checkpoint).text).size).toBe(size);
    expect(await signersOf(checkpoint)).toHaveLength(count + 1);
    return checkpoint;
  });

describe('with witnesses', () => {
  it('every head that is served comes to bear their cosignatures', async () => {
    for (let size = 1; size <= 3; size++) {
      add(quiet);
      await untilCosigned(quiet, size, 2);
    }
    const proof = await fixture.call(audit.getInclusionProof, { index: 0 }, quiet);
    expect(await signersOf(proof.checkpoint)).toEqual([
      `${HOST}/log/${quiet.tenantId}`,
      ...witnesses.map(({ name }) => name),
    ]);
  });

  it('signing goes on without them, and a receipt waits for its quorum, however long', async () => {
    await witnesses[1]!.kill9();
    const { id } = seal(waiting);
    await untilCosigned(waiting, 1, 1);
    for (let more = 2; more <= 2; more++) {
      add(waiting);
      await untilCosigned(waiting, more, 1);
    }
    expect(await fixture.emitted('entry.checkpointed', waiting.tenantId)).toEqual([]);
    await witnesses[1]!.start(known);
    const [told] = await eventually(async () => {
      const found = await fixture.emitted('entry.checkpointed', waiting.tenantId);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(told!.data).toMatchObject({ eventId: id, type: 'decision.sealed', index: 0 });
    expect(await signersOf(parseTlogProof(told!.data['proof'] as string).checkpoint)).toHaveLength(3);
  });

  it('a receipt is told although who saw its last cosignature died before telling', async () => {
    await holdAgain(waiting);
    await eventually(async () => expect(await fixture.emitted('entry.checkpointed', waiting.tenantId)).toHaveLength(2));
  });

  it('a receipt is told when no quorum is asked for any more', async () => {
    await fixture.service.stop();
    await holdAgain(waiting);
    const without = { AUDIT_WITNESSES: '', AUDIT_WITNESS_QUORUM: '0' };
    const replica = await bootstrapService(spec, { ...fixture.environment, ...without });
    await eventually(async () => expect(await fixture.emitted('entry.checkpointed', waiting.tenantId)).toHaveLength(3));
    await replica.stop();
    await fixture.restart();
  });

  it('a receipt goes on without its quorum after the time that is configured', async () => {
    await witnesses[1]!.kill9();
    seal(bounded);
    await untilCosigned(bounded, 1, 1);
    const replica = await bootstrapService(spec, { ...fixture.environment, AUDIT_WITNESS_WAIT_MS: '1' });
    const [told] = await eventually(async () => {
      const found = await fixture.emitted('entry.checkpointed', bounded.tenantId);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(await signersOf(parseTlogProof(told!.data['proof'] as string).checkpoint)).toHaveLength(2);
    await replica.stop();
    await witnesses[1]!.start(known);
  });

  it('a log whose newest entries were deleted is found out, and told once for each', async () => {
    for (let size = 1; size <= 5; size++) {
      add(cut);
      await untilCosigned(cut, size, 2);
    }
    await deleteNewest(cut, 2);
    const alarms = () => fixture.emitted('log.contested', cut.tenantId);
    add(cut);
    await eventually(async () => {
      expect((await alarms()).map(({ data }) => data['objection'])).toEqual(['shrunk', 'shrunk']);
    });
    const { data } = (await alarms())[0]!;
    expect(data).toMatchObject({ witnessedSize: 5, origin: `${HOST}/log/${cut.tenantId}` });
    expect([3, 4]).toContain(data['size']);
    add(cut);
    add(cut);
    await eventually(async () =>
      expect((await alarms()).map(({ data }) => data['objection']).slice(2)).toEqual(['forked', 'forked']),
    );
    expect(await signersOf(await checkpointOf(cut))).toEqual([`${HOST}/log/${cut.tenantId}`]);
    const counted = await fixture.service.kit.metrics.getSingleMetricAsString(
      'conclave_audit_witness_submissions_total',
    );
    expect(counted).toMatch(/result="shrunk"/);
    expect(counted).toMatch(/result="forked"/);
  });
});

/** What a superuser can do to a log: its newest entries, their nodes and every head that speaks of them. */
async function deleteNewest({ tenantId }: TestPrincipal, count: number): Promise<void> {
  const query: typeof fixture.database.query = (sql, params) => fixture.database.query(sql, params);
  const [row] = await query<{ size: string; left: Buffer[] }>(
    `select l.size, array(select leaf_hash from audit.entry e where e.tenant_id = $1 and idx < l.size - $2 order by idx) as left
     from audit.log l where tenant_id = $1`,
    [tenantId, count],
  );
  const size = Number(row!.size) - count;
  const { frontier } = appendLeaves(EMPTY_FRONTIER, row!.left);
  await query('delete from audit.entry where tenant_id = $1 and idx >= $2', [tenantId, size]);
  await query('delete from audit.node where tenant_id = $1 and (idx + 1) * (1::bigint << level) > $2', [
    tenantId,
    size,
  ]);
  await query('delete from audit.checkpoint where tenant_id = $1 and size > $2', [tenantId, size]);
  await query('update audit.log set size = $2, published = $2, frontier = $3 where tenant_id = $1', [
    tenantId,
    size,
    frontier.hashes.map((hash) => Buffer.from(hash)),
  ]);
}

describe('what is configured', () => {
  it.each([
    ['no vkey', { AUDIT_WITNESSES: 'http://127.0.0.1:1' }],
    ['the key of a log', { AUDIT_WITNESSES: `http://127.0.0.1:1 ${vkeyOf(quiet)}` }],
    [
      'a witness twice',
      { AUDIT_WITNESSES: `http://127.0.0.1:1 ${witnesses[0]!.vkey},http://127.0.0.1:2 ${witnesses[0]!.vkey}` },
    ],
    [
      'a quorum that nobody can give',
      { AUDIT_WITNESS_QUORUM: '2', AUDIT_WITNESSES: `http://127.0.0.1:1 ${witnesses[0]!.vkey}` },
    ],
  ])('with %s the service does not start', async (_what, env) => {
    await expect(bootstrapService(spec, { ...fixture.environment, ...env })).rejects.toThrow(/AUDIT_WITNESS/);
  });
});
