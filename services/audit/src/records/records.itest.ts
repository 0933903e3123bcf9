import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  leafHash,
  fromBase64,
  parseCheckpoint,
  parseNote,
  parseTlogProof,
  verifyInclusion,
} from '@conclave/audit-core';
import { audit, events, newId, records, type RequestInputOf } from '@conclave/contracts';
import { eventually, refusalOf, refusedWith, testPrincipal, type TestPrincipal } from '@conclave/dev-env/testing';
import { Database, pgConnections, type PlacedEvent } from '@conclave/postgres-kit';
import { verifyExport } from '@conclave/verify';
import { startAudit, type AuditFixture } from './testing/audit-fixture.js';

let fixture: AuditFixture;
beforeAll(async () => {
  fixture = await startAudit();
});
afterAll(() => fixture.stop());

/** A name that gives a line of any format away if it is not escaped. */
const HOSTILE = 'Ada"]\\ |=\n<13>1 CEF:0|x|\r\u2028\u0085 ‮evil ’; drop table entry; -- \u{1f600}';

const find = (as: TestPrincipal, filter: RequestInputOf<typeof audit.listAuditEntries>) =>
  fixture.call(audit.listAuditEntries, filter, as);
const failed = (as: TestPrincipal, run: string, message: string) =>
  fixture.runtime.emit(events.runFailed, as.tenantId, { run, code: 'x', message });
const keyed = (as: TestPrincipal, n: number) =>
  fixture.auth.emit(events.apiKeyCreated, as.tenantId, { apiKey: newId('apiKey'), scopes: [`n${n}`] });
/** Search follows the log within a second. */
const untilFound = (as: TestPrincipal, about: string, n: number) =>
  eventually(async () => expect((await find(as, { about })).items).toHaveLength(n));

describe('entries', () => {
  it('commit to what is personal and say it apart, so that it can be checked and erased', async () => {
    const me = testPrincipal();
    failed(me, newId('run'), HOSTILE);
    await fixture.untilSize(me, 1);
    const [entry] = (await find(me, {})).items;
    expect(entry!.disclosed!.data).toEqual({ message: HOSTILE });
    const body = JSON.parse(Buffer.from(entry!.body, 'base64').toString()) as { data: object; commitment: string };
    expect(Object.keys(body.data)).toEqual(['code', 'run']);
    expect(body.commitment).toMatch(/^[0-9a-f]{64}$/);
  });

  it('are found by type, actor, what they are about, time and text, alone and together', async () => {
    const me = testPrincipal();
    const [run, other] = [newId('run'), newId('run')];
    failed(me, run, 'The deadline passed');
    failed(me, other, 'out of memory');
    keyed(me, 1);
    await untilFound(me, 'service:runtime', 2);
    const indices = async (filter: RequestInputOf<typeof audit.listAuditEntries>) =>
      (await find(me, filter)).items.map(({ index }) => index).sort();
    const [all, failures] = [await indices({}), await indices({ type: 'run.' })];
    expect([all.length, failures.length]).toEqual([3, 2]);
    expect(await indices({ type: 'api-key' })).toHaveLength(1);
    expect(await indices({ about: run })).toHaveLength(1);
    expect(await indices({ actor: 'service:auth' })).toHaveLength(1);
    expect(await indices({ text: 'DEADLINE' })).toEqual(await indices({ about: run }));
    expect(await indices({ text: 'deadline', about: other })).toEqual([]);
    expect(await indices({ since: '0000-01-01T00:00:00Z', until: new Date(Date.now() + 1e6).toISOString() })).toEqual(
      all,
    );
    expect(await indices({ until: '2020-01-01T00:00:00+01:00' })).toEqual([]);
    expect((await find(testPrincipal(), { about: run })).items).toEqual([]);
    const plan = await fixture.database.query<{ 'QUERY PLAN': string }>(
      `explain select from audit.entry where tenant_id = 'x' and type collate "C" >= 'run.' and type collate "C" < 'run/'`,
    );
    expect(plan.map((row) => row['QUERY PLAN']).join()).toMatch(/entry_type|Seq Scan/);
  });

  it('are listed in pages that stay what they are while the log grows', async () => {
    const me = testPrincipal();
    for (let n = 0; n < 5; n++) keyed(me, n);
    await fixture.untilSize(me, 5);
    const first = await find(me, { limit: 2 });
    for (let n = 0; n < 3; n++) keyed(me, n);
    await fixture.untilSize(me, 8);
    const second = await find(me, { limit: 2, after: first.next! });
    expect([...first.items, ...second.items].map(({ index }) => index)).toEqual([4, 3, 2, 1]);
  });

  it('are listed as far as a reply holds them', async () => {
    const me = testPrincipal();
    const data = { text: 'x'.repeat(60_000) };
    for (let n = 0; n < 14; n++) await fixture.call(audit.addEntry, { type: 'large', data }, me);
    await fixture.untilSize(me, 14);
    const first = await find(me, {});
    const second = await find(me, { after: first.next! });
    expect([...first.items, ...second.items].map(({ index }) => index)).toEqual([...Array(14).keys()].reverse());
  });
});

describe('an export', () => {
  it('is verified offline: all of the log, a range of it, and what a filter lets through', async () => {
    const me = testPrincipal();
    for (let n = 0; n < 11; n++) keyed(me, n);
    for (let n = 0; n < 3; n++) failed(me, newId('run'), `${HOSTILE} ${n}`);
    await fixture.untilSize(me, 14);
    const logs = fixture.logsOf(me);
    const verdictOf = async (request: Parameters<AuditFixture['exported']>[1]) =>
      verifyExport(await fixture.exported(me, request), { logs });
    const whole = { status: 'trusted', export: { entries: 14, disclosed: 3, filtered: false } };
    expect(await verdictOf({})).toMatchObject(whole);
    for (const [from, to] of [
      [3, 9],
      [0, 5],
      [7, 14],
      [14, 14],
      [0, 0],
    ] as const)
      expect(await verdictOf({ range: { from, to } })).toMatchObject({ status: 'trusted', export: { from, to } });
    const filtered = { status: 'trusted', export: { entries: 3, filtered: true } };
    expect(await verdictOf({ filter: { type: 'run.failed' } })).toMatchObject(filtered);
    const lines = await fixture.exported(me);
    expect(await verifyExport(lines)).toMatchObject({ status: 'consistent-untrusted' });
    for (const cut of [lines.slice(0, -1), lines.slice(1), [...lines, lines[1]!], []])
      expect(await verifyExport(cut, { logs })).toMatchObject({ ok: false, status: 'malformed' });
    const missing = lines.filter((_, at) => at !== 4);
    expect(await verifyExport(missing, { logs })).toMatchObject({ status: 'bad-log-proof' });
    const told = lines.map((line) => line.replace('out of', 'in').replace(' 1"}', ' 2"}'));
    expect(await verifyExport(told, { logs })).toMatchObject({ status: 'bad-log-proof' });
  });

  it('is one line an entry in every format, with index and leaf hash, and ends with the checkpoint', async () => {
    const me = testPrincipal();
    failed(me, newId('run'), HOSTILE);
    keyed(me, 1);
    await fixture.untilSize(me, 2);
    const entries = (await find(me, {})).items.reverse();
    for (const format of ['ocsf', 'cef', 'rfc5424'] as const) {
      const lines = await fixture.exported(me, { format });
      expect(lines).toHaveLength(3);
      entries.forEach(({ leafHash: hash }, at) => expect(lines[at]).toContain(hash));
      expect(lines[2]).toContain('log.checkpoint');
      expect(lines.join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/);
    }
  });

  it('says what permitted the acts, in the bytes that are proven as in every other format', async () => {
    const me = testPrincipal({ basis: { bundle: '7+f1d38164', by: 'custom-role:keeper' } });
    await fixture.call(audit.addEntry, { type: 'x', data: {} }, me);
    await fixture.call(records.placeHold, { reason: 'Proceedings' }, me);
    keyed(me, 1);
    await fixture.untilSize(me, 3);
    const verdict = { bundle: '7+f1d38164', by: ['custom-role:keeper'] };
    const [, ...lines] = await fixture.exported(me, {});
    expect(await verifyExport(await fixture.exported(me, {}), { logs: fixture.logsOf(me) })).toMatchObject({
      ...{ status: 'trusted', export: { entries: 3 } },
    });
    const said = lines.slice(0, 3).map((line) => {
      const { entry } = JSON.parse(line) as { entry: string };
      const { type, verdict: by } = JSON.parse(Buffer.from(entry, 'base64').toString()) as Record<string, unknown>;
      return [type, by];
    });
    expect(new Map(said as [string, unknown][])).toEqual(
      new Map<string, unknown>([
        ['entry.added', verdict],
        ['hold.placed', verdict],
        ['api-key.created', undefined],
      ]),
    );
    for (const format of ['ocsf', 'cef', 'rfc5424'] as const) {
      const text = (await fixture.exported(me, { format })).join('\n');
      expect(text.split(JSON.stringify({ verdict }).slice(1, -1))).toHaveLength(3);
    }
  });

  it('tells how far a reader has come', async () => {
    const me = testPrincipal();
    keyed(me, 1);
    await fixture.untilSize(me, 1);
    const made = await fixture.call(records.createExport, { format: 'cef' }, me);
    expect(made).toMatchObject({ state: 'ready', progress: { entries: 1, sent: 0 } });
    await (await fixture.read(me, made.id)).text();
    const done = { state: 'complete', progress: { entries: 1, sent: 1 } };
    expect(await fixture.call(records.getExport, { id: made.id }, me)).toMatchObject(done);
    expect((await fixture.read(testPrincipal(), made.id)).status).toBe(404);
  });
});

describe('a person who is to be forgotten', () => {
  const erased = async (as: TestPrincipal, id: string) =>
    eventually(async () => {
      const { logged } = await fixture.call(records.getErasure, { id }, as);
      if (!logged) throw new Error('not logged yet');
      return logged;
    });

  it('is gone from database and exports, with proof, while every proof holds', async () => {
    const me = testPrincipal();
    const run = newId('run');
    failed(me, run, HOSTILE);
    failed(me, newId('run'), 'of somebody else');
    await fixture.untilSize(me, 2);
    const about = await fixture.call(records.createSubjectExport, { subject: run }, me);
    await untilFound(me, run, 1);
    const before = await fixture.exported(me);
    const logs = fixture.logsOf(me);
    expect(before.join()).toContain('drop table');
    expect(about).toMatchObject({ format: 'jsonl', filter: { about: run } });

    const made = await fixture.call(records.eraseSubject, { subject: run, reason: 'asked on 29 November' }, me);
    expect(made).toMatchObject({ subject: run, entries: 1, requestedBy: me.principal.id });
    const { index, leafHash: hash, proof } = await erased(me, made.id);
    const parsed = parseTlogProof(proof);
    const { size, root } = parseCheckpoint(parseNote(parsed.checkpoint).text);
    const [entry] = (await find(me, { type: 'subject.erased' })).items;
    const leaf = leafHash(fromBase64(entry!.body));
    expect([entry!.index, Buffer.from(leaf).toString('hex')]).toEqual([index, hash]);
    expect(verifyInclusion({ leafHash: leaf, index, size, root }, parsed.hashes)).toBe(true);

    expect(await (await fixture.read(me, about.id)).text()).not.toContain('drop table');
    expect((await fixture.exported(me)).join()).not.toContain('drop table');
    const kept = await fixture.database.query<{ n: string }>(
      `select count(*) n from audit.disclosure where tenant_id = $1 and data::text like '%drop table%'`,
      [me.tenantId],
    );
    expect(kept).toEqual([{ n: '0' }]);
    const since = before[0];
    const verdict = await verifyExport(await fixture.exported(me), { logs, since: since! });
    expect(verdict).toMatchObject({ status: 'trusted', export: { entries: 3, disclosed: 2 } });
    const told = await fixture.emitted('subject.erased', me.tenantId);
    expect(told.map(({ data }) => data)).toEqual([{ erasure: made.id, subject: run }]);
    expect((await fixture.call(records.listErasures, {}, me)).items).toEqual([made]);
  });

  it('stays forgotten, whatever of them was on its way', async () => {
    const me = testPrincipal();
    const run = newId('run');
    keyed(me, 1);
    await fixture.untilSize(me, 1);
    const admin = pgConnections(
      { schema: 'audit', size: 1, applicationName: 'test', url: fixture.database.adminUrl },
      () => undefined,
    );
    const append = (of: Partial<PlacedEvent>) => {
      const data = { run, code: 'x', message: HOSTILE };
      const event = Object.assign(fixture.runtime.append(events.runFailed, me.tenantId, data), of);
      fixture.runtime.ring(event);
      return event;
    };
    const staged = () => fixture.database.query('select from audit.stage where tenant_id = $1', [me.tenantId]);
    await new Database(admin, admin).system(async (tx) => {
      // The sequencer leaves the log alone that somebody has locked.
      await tx.query('select from log where tenant_id = $1 for update', [me.tenantId]);
      const { id, at } = append({});
      await eventually(async () => expect(await staged()).toHaveLength(1));
      const erasure = await fixture.call(records.eraseSubject, { subject: run, reason: 'asked' }, me);
      expect(erasure.entries).toBe(1);
      // Stamped again by a producer that was restored; of before, and heard of later; of after.
      append({ id, at });
      append({ at });
      append({ at: new Date(Date.now() + 60_000).toISOString() });
      await eventually(async () => expect(await staged()).toHaveLength(4));
    });
    await fixture.untilSize(me, 5);
    const found = (await find(me, { type: 'run.failed' })).items.reverse();
    expect(found.map(({ disclosed }) => disclosed?.data)).toEqual([undefined, undefined, { message: HOSTILE }]);
    await admin.close();
  });

  it('is not by the name of a run while a hold is on who it is about, too', async () => {
    const me = testPrincipal();
    const run = newId('run');
    failed(me, run, HOSTILE);
    await untilFound(me, run, 1);
    const [{ refs }] = (await fixture.database.query<{ refs: string[] }>(
      'select refs from audit.disclosure where tenant_id = $1',
      [me.tenantId],
    )) as [{ refs: string[] }];
    const subject = refs.find((ref) => ref !== run)!;
    await fixture.call(records.placeHold, { reason: 'Proceedings', subject }, me);
    const erased = fixture.call(records.eraseSubject, { subject: run, reason: 'r' }, me);
    expect(await refusalOf(erased)).toBe('audit.hold.active');
  });

  it('is not while a legal hold is on them or on everything', async () => {
    const me = testPrincipal();
    const [subject, other] = [newId('principal'), newId('principal')];
    const hold = await fixture.call(records.placeHold, { reason: 'Proceedings', subject }, me);
    expect(await refusedWith(fixture.call(records.eraseSubject, { subject, reason: 'r' }, me))).toMatchObject({
      code: 'audit.hold.active',
      params: { hold: hold.id },
    });
    await fixture.call(records.eraseSubject, { subject: other, reason: 'r' }, me);
    const whole = await fixture.call(records.placeHold, { reason: 'Everything' }, me);
    expect(await refusalOf(fixture.call(records.eraseSubject, { subject: other, reason: 'r' }, me))).toBe(
      'audit.hold.active',
    );
    expect((await fixture.call(records.listHolds, {}, me)).items).toEqual([whole, hold]);
    for (const { id } of [whole, hold]) await fixture.call(records.releaseHold, { id }, me);
    expect(await refusalOf(fixture.call(records.releaseHold, { id: hold.id }, me))).toBe('audit.hold.not-found');
    expect(await fixture.call(records.eraseSubject, { subject, reason: 'r' }, me)).toMatchObject({ entries: 1 });
    await fixture.untilSize(me, 6);
    const types = (await find(me, {})).items.map(({ type, actor }) => [type, actor]).reverse();
    expect(types).toEqual(
      ['hold.placed', 'subject.erased', 'hold.placed', 'hold.released', 'hold.released', 'subject.erased'].map(
        (type) => [type, me.principal.id],
      ),
    );
  });
});

describe('retention', () => {
  it('prunes what is old: bytes and disclosures are gone, hashes and proofs stay; a hold forbids it', async () => {
    const me = testPrincipal();
    const old = 300;
    const at = new Date(Date.now() - 40 * 86_400_000).toISOString();
    for (let n = 0; n < old; n++) {
      const data = { run: newId('run'), code: 'x', message: `old ${n}` };
      fixture.runtime.ring(Object.assign(fixture.runtime.append(events.runFailed, me.tenantId, data), { at }));
    }
    await fixture.untilSize(me, old);
    const all = await fixture.call(records.createExport, { format: 'jsonl' }, me);
    const hold = await fixture.call(records.placeHold, { reason: 'Proceedings' }, me);
    expect(await refusalOf(fixture.call(records.setRetention, { days: 30 }, me))).toBe('audit.hold.active');
    expect(await fixture.call(records.getRetention, {}, me)).toEqual({ minimumIndex: 0 });
    await fixture.call(records.releaseHold, { id: hold.id }, me);
    await fixture.untilSize(me, old + 2);
    const kept = { days: 30, minimumIndex: 256 };
    expect(await fixture.call(records.setRetention, { days: 30 }, me)).toEqual(kept);
    expect(await fixture.call(records.getRetention, {}, me)).toEqual(kept);
    expect((await find(me, { after: '256' })).items).toEqual([]);
    const refused = { code: 'audit.entry.pruned', params: { minimumIndex: 256 } };
    const range = { from: 0 };
    expect(await refusedWith(fixture.call(records.createExport, { format: 'cef', range }, me))).toMatchObject(refused);
    expect((await fixture.read(me, all.id)).status).toBe(410);
    const [left] = await fixture.database.query<{ n: string }>(
      'select count(*) n from audit.disclosure where tenant_id = $1',
      [me.tenantId],
    );
    expect(Number(left!.n)).toBeLessThan(60);
    const proof = await fixture.call(audit.getInclusionProof, { index: 5 }, me);
    const { size, root } = parseCheckpoint(parseNote(proof.checkpoint).text);
    const claim = { leafHash: fromBase64(proof.leafHash), index: 5, size, root };
    expect(verifyInclusion(claim, proof.hashes.map(fromBase64))).toBe(true);
    const lines = await fixture.exported(me);
    expect(await verifyExport(lines, { logs: fixture.logsOf(me) })).toMatchObject({ export: { from: 256 } });
    await fixture.call(records.setRetention, { days: null }, me);
    expect(await fixture.call(records.getRetention, {}, me)).toEqual({ minimumIndex: 256 });
  });
});

describe('a webhook that wants entries', () => {
  it('gets each of them, in order and without a gap, from the index it names, and nothing disclosed', async () => {
    const me = testPrincipal();
    for (let n = 0; n < 4; n++) failed(me, newId('run'), HOSTILE);
    await fixture.untilSize(me, 4);
    const webhook = newId('webhook');
    const entries = { format: 'rfc5424', from: 2 };
    fixture.delivery.emit(events.webhookCreated, me.tenantId, { webhook, entries });
    for (let n = 0; n < 130; n++) keyed(me, n);
    await fixture.untilSize(me, 135);
    const told = await eventually(async () => {
      const sent = await fixture.emitted('entries.streamed', me.tenantId);
      expect(sent.at(-1)?.data['last']).toBe(134);
      return sent.map(({ data }) => data as { first: number; last: number; lines: string[]; webhook: string });
    });
    let next = 2;
    for (const { first, last, lines } of told) {
      expect([first, lines.length]).toEqual([next, last - first + 1]);
      lines.forEach((line, at) => expect(line).toContain(`index="${first + at}"`));
      expect(lines.join()).not.toContain('drop table');
      next = last + 1;
    }
    fixture.delivery.emit(events.webhookDeleted, me.tenantId, { webhook });
    await eventually(async () =>
      expect(await fixture.database.query('select from audit.stream where tenant_id = $1', [me.tenantId])).toEqual([]),
    );
  });
});

describe('webhooks that want entries', () => {
  const streamed = async (as: TestPrincipal, webhook: string) =>
    (await fixture.emitted('entries.streamed', as.tenantId)).filter(({ data }) => data['webhook'] === webhook);
  const opened = (as: TestPrincipal, format: string) => {
    const webhook = newId('webhook');
    fixture.delivery.emit(events.webhookCreated, as.tenantId, { webhook, entries: { format, from: 0 } });
    return webhook;
  };

  it('have their turns: none waits for one that is long, is not taken, or cannot be written', async () => {
    const [busy, other] = [testPrincipal(), testPrincipal()];
    const data = { text: 'x'.repeat(60_000) };
    for (let n = 0; n < 30; n++) await fixture.call(audit.addEntry, { type: 'large', data }, busy);
    keyed(other, 1);
    await fixture.untilSize(busy, 30);
    await fixture.untilSize(other, 1);
    const unwritable = opened(busy, 'of no kind');
    const [slow, brisk] = [opened(busy, 'jsonl'), opened(busy, 'jsonl')];
    const short = opened(other, 'jsonl');
    const untilBatches = (as: TestPrincipal, webhook: string, n: number) =>
      eventually(async () => expect(await streamed(as, webhook)).toHaveLength(n));
    await untilBatches(other, short, 1);
    // What a receiver does not take is not handed over.
    await untilBatches(busy, slow, 8);
    for (let taken = 0; taken < 3; taken++) {
      fixture.delivery.emit(events.entriesSettled, busy.tenantId, { webhook: brisk });
      await untilBatches(busy, brisk, 9 + taken);
    }
    expect([await streamed(busy, slow), await streamed(busy, unwritable)].map(({ length }) => length)).toEqual([8, 0]);
    // That batches came to their end may never be told: who has waited long for it goes on, behind what was handed over.
    await fixture.database.query(
      `update audit.stream set handed_at = handed_at - interval '11 minutes' where webhook_id = $1`,
      [slow],
    );
    await untilBatches(busy, slow, 15);
    expect((await streamed(busy, slow)).map(({ data }) => data['first'])).toEqual(
      Array.from({ length: 15 }, (_, n) => 2 * n),
    );
    for (const webhook of [slow, brisk, unwritable])
      fixture.delivery.emit(events.webhookDisabled, busy.tenantId, { webhook });
    await eventually(async () =>
      expect(await fixture.database.query('select from audit.stream where tenant_id = $1', [busy.tenantId])).toEqual(
        [],
      ),
    );
  });
});

describe('refusals', () => {
  it('have a code each', async () => {
    const me = testPrincipal();
    const create = (request: object) =>
      refusalOf(fixture.call(records.createExport, { format: 'jsonl', ...request }, me));
    expect(await create({})).toBe('audit.log.empty');
    expect(await refusalOf(fixture.call(records.createSubjectExport, { subject: 'x' }, me))).toBe('audit.log.empty');
    keyed(me, 1);
    await fixture.untilSize(me, 1);
    expect(await create({ range: { to: 2 } })).toBe('audit.proof.range');
    expect(await create({ range: { from: 1, to: 0 } })).toBe('audit.proof.range');
    expect(await create({ filter: { text: 'a\u0000' } })).toBe('request.invalid');
    expect(await refusalOf(fixture.call(records.getExport, { id: newId('export') }, me))).toBe(
      'audit.export.not-found',
    );
    expect(await refusalOf(fixture.call(records.getErasure, { id: newId('erasure') }, me))).toBe(
      'audit.erasure.not-found',
    );
    const reader = { ...me, scopes: ['audit:read' as const] };
    const erase = fixture.call(records.eraseSubject, { subject: 'x', reason: 'y' }, reader);
    expect(await refusalOf(erase)).toBe('auth.forbidden');
  });
});
