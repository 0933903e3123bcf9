import { createHash, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  fromBase64,
  leafHash,
  parseCheckpoint,
  parseNote,
  parseTlogProof,
  parseVkey,
  verifyConsistency,
  verifyInclusion,
  verifyNote,
} from '@conclave/audit-core';
import { audit, events, newId, type ReplyOf } from '@conclave/contracts';
import {
  startServiceFixture,
  testPrincipal,
  type EventSource,
  type ServiceFixture,
  type TestPrincipal,
} from '@conclave/dev-env/testing';
import { postgres } from '@conclave/postgres-kit';
import { AuditModule } from './audit.module.js';
import { auditEnvironment } from './config.js';
import { sequencing } from './log/sequencer.js';

const signingKey = generateKeyPairSync('ed25519')
  .privateKey.export({ format: 'der', type: 'pkcs8' })
  .toString('base64');
const digest = (text: string) => createHash('sha256').update(text).digest('hex');

describe('audit', () => {
  let fixture: ServiceFixture;
  let auth: EventSource;
  let consensus: EventSource;

  beforeAll(async () => {
    const spec = {
      name: 'audit',
      module: AuditModule,
      environment: auditEnvironment,
      resources: [postgres(), sequencing()],
    } as const;
    fixture = await startServiceFixture(spec, { AUDIT_SIGNING_KEY: signingKey, AUDIT_LOG_HOST: 'log.example' });
    auth = await fixture.eventsOf('auth');
    consensus = await fixture.eventsOf('consensus');
  });
  afterAll(() => fixture.stop());

  const key = (n: number) => ({ apiKey: newId('apiKey'), scopes: [`n${n}`] });
  const entriesOf = (as: TestPrincipal, limit = 100) => fixture.call(audit.listAuditEntries, { limit }, as);
  const untilSize = async (as: TestPrincipal, size: number): Promise<ReplyOf<typeof audit.getLog>> => {
    for (let i = 0; i < 100; i++) {
      const log = await fixture.call(audit.getLog, {}, as);
      if (log.size >= size) return log;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the log did not reach ${size}`);
  };

  it('puts every audited event into the tenant’s log, once, in order', async () => {
    const me = testPrincipal();
    const sent = Array.from({ length: 25 }, (_, n) => auth.emit(events.apiKeyCreated, me.tenantId, key(n)));
    auth.ring(...sent);
    await untilSize(me, 25);
    const { items } = await entriesOf(me);
    expect(items.map((entry) => entry.index)).toEqual(Array.from({ length: 25 }, (_, i) => 24 - i));
    const bodies = items.map((entry) => JSON.parse(Buffer.from(entry.body, 'base64').toString()) as { event: string });
    expect(bodies.map((body) => body.event).reverse()).toEqual(sent.map((event) => event.id));
  });

  it('proves inclusion of every entry under a checkpoint that its key signed', async () => {
    const me = testPrincipal();
    for (let n = 0; n < 9; n++) auth.emit(events.apiKeyCreated, me.tenantId, key(n));
    const log = await untilSize(me, 9);
    const { items } = await entriesOf(me);
    for (const entry of items) {
      const proof = await fixture.call(audit.getInclusionProof, { index: entry.index }, me);
      const note = parseNote(proof.checkpoint);
      expect((await verifyNote(note, [parseVkey(log.vkey)])).signers).toHaveLength(1);
      const checkpoint = parseCheckpoint(note.text);
      expect(checkpoint.origin).toBe(log.origin);
      const claim = {
        leafHash: leafHash(fromBase64(entry.body)),
        index: entry.index,
        size: checkpoint.size,
        root: checkpoint.root,
      };
      expect(verifyInclusion(claim, proof.hashes.map(fromBase64))).toBe(true);
      expect(
        verifyInclusion({ ...claim, index: (entry.index + 1) % checkpoint.size }, proof.hashes.map(fromBase64)),
      ).toBe(false);
    }
  });

  it('proves that the log only grew', async () => {
    const me = testPrincipal();
    const heads: { size: number; root: Uint8Array }[] = [];
    for (let n = 0; n < 6; n++) {
      auth.emit(events.apiKeyCreated, me.tenantId, key(n));
      await untilSize(me, n + 1);
      heads.push(parseCheckpoint(parseNote(await fixture.call(audit.getCheckpoint, {}, me)).text));
    }
    const newest = heads.at(-1)!;
    for (const older of heads) {
      const proof = await fixture.call(audit.getConsistencyProof, { from: older.size }, me);
      expect(verifyConsistency(older, newest, proof.hashes.map(fromBase64))).toBe(true);
    }
  });

  it('hands the proof of a decision’s entries to who waits for them', async () => {
    const me = testPrincipal();
    const now = new Date().toISOString();
    const sent = consensus.emit(events.decisionOpened, me.tenantId, {
      decision: newId('decision'),
      termsSha256: digest('terms'),
      openedAt: now,
    });
    await untilSize(me, 1);
    const [told] = await fixture.emitted('entry.checkpointed', me.tenantId);
    expect(told?.data).toMatchObject({ eventId: sent.id, type: 'decision.opened', index: 0 });
    const proof = parseTlogProof(told!.data['proof'] as string);
    const checkpoint = parseCheckpoint(parseNote(proof.checkpoint).text);
    const leaf = leafHash(fromBase64(told!.data['entry'] as string));
    expect(
      verifyInclusion({ leafHash: leaf, index: 0, size: checkpoint.size, root: checkpoint.root }, proof.hashes),
    ).toBe(true);
  });

  it('has the weights a decision was opened with as an entry of its own, which is proven', async () => {
    const me = testPrincipal();
    const weights = [{ voter: newId('voter'), weightMilli: 904 }];
    const data = { decision: newId('decision'), method: 'beta', taskClass: 'migration', weights } as const;
    const sent = consensus.emit(events.calibrationFrozen, me.tenantId, data);
    const { vkey } = await untilSize(me, 1);
    const { items } = await entriesOf(me);
    expect(items).toMatchObject([{ type: 'calibration.frozen', index: 0 }]);
    const entry = Buffer.from(items[0]!.body, 'base64');
    expect(JSON.parse(entry.toString())).toMatchObject({ event: sent.id, data });
    const proof = await fixture.call(audit.getInclusionProof, { index: 0 }, me);
    const note = parseNote(proof.checkpoint);
    expect((await verifyNote(note, [parseVkey(vkey)])).signers).toHaveLength(1);
    const { size, root } = parseCheckpoint(note.text);
    const claim = { leafHash: leafHash(entry), index: 0, size, root };
    expect(verifyInclusion(claim, proof.hashes.map(fromBase64))).toBe(true);
  });

  it('loses nothing when the bus dies with everything in it', async () => {
    const me = testPrincipal();
    auth.emit(events.apiKeyCreated, me.tenantId, key(0));
    await untilSize(me, 1);
    await fixture.bus.kill9();
    for (let n = 1; n < 6; n++) auth.append(events.apiKeyCreated, me.tenantId, key(n));
    await fixture.bus.start();
    for (let i = 0; i < 40; i++) {
      auth.beat();
      await new Promise((resolve) => setTimeout(resolve, 100));
      if ((await fixture.database.query(`select 1 from audit.entry where tenant_id = $1`, [me.tenantId])).length === 6)
        break;
    }
    const { items } = await entriesOf(me);
    expect(items).toHaveLength(6);
  });

  it('takes in what was done while it was away, in order: nobody had to wait for it', async () => {
    const me = testPrincipal();
    auth.emit(events.apiKeyCreated, me.tenantId, key(0));
    await untilSize(me, 1);
    await fixture.restart(() => {
      for (let n = 1; n < 6; n++) auth.emit(events.apiKeyCreated, me.tenantId, key(n));
    });
    auth.beat();
    await untilSize(me, 6);
    const { items } = await entriesOf(me);
    const bodies = items.map(({ body }) => JSON.parse(Buffer.from(body, 'base64').toString()) as { data: object });
    expect(bodies.map(({ data }) => data).reverse()).toMatchObject(
      [0, 1, 2, 3, 4, 5].map((n) => ({ scopes: [`n${n}`] })),
    );
  });

  it('logs an event once that its producer, restored from a backup, stamps again', async () => {
    const me = testPrincipal();
    const sent = auth.emit(events.apiKeyCreated, me.tenantId, key(0));
    await untilSize(me, 1);
    await fixture.database.query(
      `insert into audit.stage (tenant_id, event_id, type, actor, at, body)
       select tenant_id, event_id, type, actor, at, body from audit.entry where event_id = $1`,
      [sent.id],
    );
    auth.emit(events.apiKeyCreated, me.tenantId, key(1));
    expect((await untilSize(me, 2)).size).toBe(2);
    expect(await fixture.database.query('select 1 from audit.stage where tenant_id = $1', [me.tenantId])).toEqual([]);
  });

  it('lets one log that cannot grow stop no other', async () => {
    const [stuck, ...others] = [testPrincipal(), testPrincipal(), testPrincipal()];
    auth.emit(events.apiKeyCreated, stuck.tenantId, key(0));
    await untilSize(stuck, 1);
    await fixture.database.query('update audit.log set size = 0 where tenant_id = $1', [stuck.tenantId]);
    auth.emit(events.apiKeyCreated, stuck.tenantId, key(1));
    for (const other of others) auth.emit(events.apiKeyCreated, other.tenantId, key(2));
    for (const other of others) await untilSize(other, 1);
    await fixture.database.query('update audit.log set size = 1 where tenant_id = $1', [stuck.tenantId]);
    await untilSize(stuck, 2);
  });

  it('gives places in the order of arrival, and lets a log with much to take in keep no other waiting', async () => {
    const [busy, other] = [testPrincipal(), testPrincipal()];
    await fixture.database.query(
      `insert into audit.stage (tenant_id, event_id, type, actor, at, body)
       select case when n = 6000 then $2 else $1 end, 'evt_' || $1 || n, 'x', 'x', now(), convert_to(n::text, 'UTF8')
       from generate_series(0, 6000) n`,
      [busy.tenantId, other.tenantId],
    );
    await untilSize(busy, 6_000);
    const [wrong] = await fixture.database.query(
      `select count(*)::int as n from audit.entry where tenant_id = $1 and convert_from(body, 'UTF8') <> idx::text`,
      [busy.tenantId],
    );
    expect(wrong).toEqual({ n: 0 });
    const [turns] = await fixture.database.query(
      `select count(*)::int as after from audit.checkpoint where tenant_id = $1
       and at > (select min(at) from audit.checkpoint where tenant_id = $2)`,
      [busy.tenantId, other.tenantId],
    );
    expect(turns).toEqual({ after: expect.any(Number) });
    expect((turns as { after: number }).after).toBeGreaterThan(1);
  });

  it('gives no proof to a second sealing of one decision, and keeps it where it is seen', async () => {
    const me = testPrincipal();
    const at = new Date().toISOString();
    const sealing = (status: string) => ({
      ...{ decision: decisionId, phase: 'sealed', openedAt: at, sealedAt: at, payloadSha256: digest(status) },
      outcome: { status, winners: [status], reason: 'threshold-met' },
    });
    const decisionId = newId('decision');
    consensus.emit(events.decisionSealed, me.tenantId, sealing('rejected'));
    await untilSize(me, 1);
    const second = consensus.emit(events.decisionSealed, me.tenantId, sealing('approved'));
    consensus.emit(events.decisionOpened, me.tenantId, {
      ...{ decision: newId('decision'), termsSha256: digest('terms'), openedAt: at },
    });
    await untilSize(me, 2);
    expect((await entriesOf(me)).items.map(({ type }) => type)).toEqual(['decision.opened', 'decision.sealed']);
    const buried = await fixture.database.query('select reason from audit.dead_letter where id = $1', [second.id]);
    expect(buried).toEqual([{ reason: expect.stringContaining(`${decisionId} was sealed before`) }]);
  });

  it('never has two roots for one size, nor a gap', async () => {
    const rows = await fixture.database.query<{ n: string; d: string }>(
      'select count(*) n, count(distinct (tenant_id, size)) d from audit.checkpoint',
    );
    expect(rows[0]!.n).toBe(rows[0]!.d);
    const gaps = await fixture.database.query(
      'select tenant_id from audit.entry group by tenant_id having count(*) <> max(idx) + 1',
    );
    expect(gaps).toEqual([]);
  });

  it('keeps tenants’ logs apart and lets nobody rewrite one', async () => {
    const [me, other] = [testPrincipal(), testPrincipal()];
    auth.emit(events.apiKeyCreated, me.tenantId, key(1));
    await untilSize(me, 1);
    expect((await entriesOf(other)).items).toEqual([]);
    const grants = await fixture.database.query(
      `select privilege_type from information_schema.role_table_grants where grantee = 'audit_app' and table_name in ('entry', 'node', 'checkpoint') and privilege_type not in ('SELECT', 'INSERT')`,
    );
    expect(grants).toEqual([]);
  });

  it('refuses what it cannot answer with a code', async () => {
    const me = testPrincipal();
    await expect(fixture.call(audit.getCheckpoint, {}, me)).rejects.toMatchObject({ code: 'audit.log.empty' });
    await expect(fixture.call(audit.getInclusionProof, { index: 0 }, me)).rejects.toMatchObject({
      code: 'audit.log.empty',
    });
    auth.emit(events.apiKeyCreated, me.tenantId, key(1));
    await untilSize(me, 1);
    await expect(fixture.call(audit.getInclusionProof, { index: 1 }, me)).rejects.toMatchObject({
      code: 'audit.proof.range',
    });
    await expect(fixture.call(audit.getInclusionProof, { index: 0, size: 7 }, me)).rejects.toMatchObject({
      code: 'audit.proof.range',
    });
    await expect(fixture.call(audit.getConsistencyProof, { from: 2 }, me)).rejects.toMatchObject({
      code: 'audit.proof.range',
    });
    await expect(fixture.call(audit.listAuditEntries, { after: 'nonsense' }, me)).rejects.toMatchObject({
      code: 'request.invalid',
    });
    await expect(fixture.call(audit.getCheckpoint, {}, { ...me, scopes: [] })).rejects.toMatchObject({
      code: 'auth.forbidden',
    });
  });
});
