import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  appendLeaves,
  ED25519_COSIGNATURE,
  EMPTY_FRONTIER,
  equalBytes,
  formatVkey,
  leafHash,
  newTiles,
  parseCheckpoint,
  parseEntryBundle,
  parseNote,
  parseTlogProof,
  parseVkey,
  rootOf,
  tilePath,
  verifyInclusion,
  verifyNote,
  type Tile,
} from '@conclave/audit-core';
import { audit, events, newId, records, type ReplyOf } from '@conclave/contracts';
import {
  eventually,
  refusalOf,
  refusedWith,
  startServiceFixture,
  testPrincipal,
  type EventSource,
  type ServiceFixture,
  type TestPrincipal,
} from '@conclave/dev-env/testing';
import { wireHeaders } from '@conclave/nest-kit';
import { Database, pgConnections, postgres } from '@conclave/postgres-kit';
import { verifyExport } from '@conclave/verify';
import { AuditModule } from '../audit.module.js';
import { auditEnvironment } from '../config.js';
import { FollowLog } from '../records/follow-log.js';
import { LogGuard } from './log-guard.js';
import { sequencing } from './sequencer.js';

const signingKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
const spec = {
  name: 'audit',
  module: AuditModule,
  environment: auditEnvironment,
  resources: [postgres(), sequencing()],
} as const;

const witness = formatVkey({
  name: 'witness.example',
  type: ED25519_COSIGNATURE,
  publicKey: Buffer.from(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x!, 'base64url'),
});

let dir: string;
let fixture: ServiceFixture;
let auth: EventSource;
let consensus: EventSource;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'conclave-log-'));
  fixture = await startServiceFixture(spec, {
    AUDIT_SIGNING_KEY: signingKey(),
    AUDIT_NEXT_SIGNING_KEY: signingKey(),
    AUDIT_LOG_HOST: 'log.example',
    AUDIT_STORE: pathToFileURL(dir).href,
    // Of a witness that never answers, so that receipts wait.
    AUDIT_WITNESSES: `http://127.0.0.1:9 ${witness}`,
    AUDIT_WITNESS_QUORUM: '1',
  });
  consensus = await fixture.eventsOf('consensus');
  auth = await fixture.eventsOf('auth');
});
afterAll(async () => {
  await fixture.stop();
  await rm(dir, { recursive: true, force: true });
});

const append = (as: TestPrincipal, count: number): void => {
  for (let n = 0; n < count; n++)
    auth.emit(events.apiKeyCreated, as.tenantId, { apiKey: newId('apiKey'), scopes: [`n${n}`] });
};
const seal = (as: TestPrincipal) => {
  const at = new Date().toISOString();
  return consensus.emit(events.decisionSealed, as.tenantId, {
    ...{ decision: newId('decision'), phase: 'sealed', openedAt: at, sealedAt: at },
    payloadSha256: createHash('sha256').update(as.tenantId).digest('hex'),
    outcome: { status: 'approved', winners: ['approved'], reason: 'threshold-met' },
  });
};
const logOf = (as: TestPrincipal): Promise<ReplyOf<typeof audit.getLog>> => fixture.call(audit.getLog, {}, as);
const untilSize = (as: TestPrincipal, size: number) =>
  eventually(async () => {
    const log = await logOf(as);
    if (log.size < size) throw new Error(`the log has ${log.size} of ${size}`);
    return log;
  });
const add = (as: TestPrincipal, data: Record<string, unknown>, more: object = {}) =>
  fixture.call(audit.addEntry, { type: 'deploy.started', data: data as never, ...more }, as);

/** What a client with a token gets below the log's address. */
async function fetched(as: TestPrincipal, path: string, log = 'log') {
  const token = await (await fixture.bus.as('auth')).tokens.sign(as, 60_000);
  const response = await fetch(`${fixture.service.url}/v1/audit/${log}/${path}`, {
    headers: { [wireHeaders.token]: token },
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes };
}

const codeOf = ({ bytes }: { bytes: Uint8Array }) =>
  (JSON.parse(Buffer.from(bytes).toString()) as { code: string }).code;

/** The whole log by its tiles, as `read` has them: its root follows from the entries, and every tile fits. */
async function rootByTiles(size: number, read: (path: string) => Promise<Uint8Array>): Promise<Uint8Array> {
  const tiles = newTiles(0, size);
  const bytesOf = (tile: Tile) => read(tilePath(tile));
  const leaves: Uint8Array[] = [];
  for (const tile of tiles.filter(({ level }) => level === 'entries')) {
    const entries = parseEntryBundle(await bytesOf(tile));
    expect(entries).toHaveLength(tile.width);
    leaves.push(...entries.map(leafHash));
  }
  const { frontier, nodes } = appendLeaves(EMPTY_FRONTIER, leaves);
  const hashes = new Map(nodes.map((node) => [`${node.level}/${node.index}`, node.hash]));
  for (const tile of tiles) {
    if (tile.level === 'entries') continue;
    const { level, index, width } = { ...tile, level: tile.level };
    const expected = Array.from({ length: width }, (_, n) => hashes.get(`${8 * level}/${256 * index + n}`)!);
    expect(Buffer.from(await bytesOf(tile))).toEqual(Buffer.concat(expected));
  }
  return rootOf(frontier);
}

describe('a log', () => {
  it('is published as tiles and bundles that lead to the signed root, and served as the same bytes', async () => {
    const me = testPrincipal();
    append(me, 300);
    const log = await untilSize(me, 300);
    const note = await fixture.call(audit.getCheckpoint, {}, me);
    const checkpoint = parseCheckpoint(parseNote(note).text);
    const base = join(dir, 'log', me.tenantId);
    expect(await readFile(join(base, 'checkpoint'), 'utf8')).toBe(note);
    const stored = await rootByTiles(log.size, (path) => readFile(join(base, path)));
    const served = await rootByTiles(log.size, async (path) => (await fetched(me, path)).bytes);
    expect(equalBytes(stored, checkpoint.root) && equalBytes(served, checkpoint.root)).toBe(true);
    const { headers } = await fetched(me, 'tile/0/000');
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('cache-control')).toContain('immutable');
    expect((await readdir(join(base, 'tile/0'))).sort()).toEqual(['000', '001.p']);
    // A log that has grown since its size was read is not smaller than its checkpoint.
    const [guard, db] = [fixture.service.app.get(LogGuard), fixture.service.app.get(Database)];
    const read = { tenantId: me.tenantId, number: 1, size: 299 };
    for (const locked of [true, false])
      expect([...(await guard.check(db.autocommit({ ...me, actor: 'me' }), [read], { locked })).keys()]).toEqual(
        locked ? [me.tenantId] : [],
      );
  });

  it('serves its own tenant’s tiles only, and those only that a published tree has', async () => {
    const me = testPrincipal();
    append(me, 3);
    await untilSize(me, 3);
    expect((await fetched(me, 'tile/0/000.p/2')).bytes).toHaveLength(64);
    for (const path of [
      'tile/0/000.p/4',
      'tile/0/000',
      'tile/1/000.p/1',
      'tile/0/0',
      'tile/x/000',
      'tile/entries/..%2f',
    ])
      expect(codeOf(await fetched(me, path))).toBe('audit.tile.not-found');
    expect((await fetched(testPrincipal(), 'tile/0/000.p/2')).status).toBe(404);
    expect((await fetched({ ...me, scopes: [] }, 'tile/0/000.p/2')).status).toBe(403);
  });

  it('is signed by both keys while one replaces the other: whoever knows either verifies', async () => {
    const me = testPrincipal();
    append(me, 1);
    const { vkey, vkeys, origin } = await untilSize(me, 1);
    expect(vkeys).toHaveLength(2);
    expect(vkey).toBe(vkeys![0]);
    const note = parseNote(await fixture.call(audit.getCheckpoint, {}, me));
    expect(parseCheckpoint(note.text).origin).toBe(origin);
    for (const one of vkeys!) {
      const key = parseVkey(one);
      expect(await verifyNote(note, [key])).toEqual({ signers: [key], failed: [] });
    }
  });

  it('publishes again what a crash kept from being told, with the same bytes', async () => {
    const me = testPrincipal();
    append(me, 5);
    await untilSize(me, 5);
    const place = join(dir, 'log', me.tenantId, 'checkpoint');
    const before = await readFile(place);
    await fixture.database.query('update audit.log set published = 0 where tenant_id = $1', [me.tenantId]);
    await untilSize(me, 5);
    expect(await readFile(place)).toEqual(before);
  });
});

describe('an entry of one’s own', () => {
  it('is in the log as what it is: said by whom, and never of a type of the platform’s', async () => {
    const me = testPrincipal();
    const added = await add(me, { commit: 'abc' }, { type: 'decision.sealed', actor: 'ci' });
    await untilSize(me, 1);
    const [entry] = (await fixture.call(audit.listAuditEntries, {}, me)).items;
    expect(entry).toMatchObject({ type: 'entry.added', actor: me.principal.id, leafHash: added.leafHash });
    expect(JSON.parse(Buffer.from(entry!.body, 'base64').toString())).toMatchObject({
      event: added.id,
      tenant: me.tenantId,
      data: { type: 'decision.sealed', actor: 'ci', data: { commit: 'abc' } },
    });
  });

  it('comes back with its proof when it is to be sealed', async () => {
    const me = testPrincipal();
    append(me, 2);
    const { index, proof, leafHash: leaf } = await add(me, { n: 1 }, { grade: 'sealed', waitMs: 30_000 });
    const { hashes, checkpoint } = parseTlogProof(proof!);
    const note = parseNote(checkpoint);
    const { size, root } = parseCheckpoint(note.text);
    const { vkey } = await logOf(me);
    expect((await verifyNote(note, [parseVkey(vkey)])).signers).toHaveLength(1);
    expect(verifyInclusion({ leafHash: Buffer.from(leaf, 'hex'), index: index!, size, root }, hashes)).toBe(true);
  });

  it('is recorded but not sealed while no checkpoint with it is published: who is told so must not act', async () => {
    const me = testPrincipal();
    const call = (waitMs: number) =>
      fixture.call(
        audit.addEntry,
        { type: 'deploy', data: {}, grade: 'sealed', waitMs },
        { claims: me, idempotencyKey: 'deploy-1' },
      );
    expect(await refusalOf(call(0))).toBe('audit.entry.pending');
    expect((await call(30_000)).index).toBe(0);
    expect((await logOf(me)).size).toBe(1);
  });

  it('is added once under one key, whether it comes again at once, later, or otherwise', async () => {
    const me = testPrincipal();
    const call = (data: object, request = 'key-1') =>
      fixture.call(audit.addEntry, { type: 'deploy', data: data as never }, { claims: me, idempotencyKey: request });
    const replies = await Promise.all(Array.from({ length: 8 }, () => call({ n: 1 })));
    expect(new Set(replies.map(({ leafHash: leaf }) => leaf)).size).toBe(1);
    await untilSize(me, 1);
    expect(await call({ n: 1 })).toEqual(replies[0]);
    expect(await refusalOf(call({ n: 2 }))).toBe('request.idempotency-mismatch');
    await call({ n: 2 }, 'key-2');
    expect((await untilSize(me, 2)).size).toBe(2);
  });

  it('is answered alike when the log takes it while it comes again', async () => {
    const me = testPrincipal();
    const call = (data: object) =>
      fixture.call(audit.addEntry, { type: 'deploy', data: data as never }, { claims: me, idempotencyKey: 'key-1' });
    const waiting = (what: string) =>
      eventually(async () => {
        const rows = await fixture.database.query(
          `select from pg_stat_activity where datname = current_database() and wait_event = $1`,
          [what],
        );
        expect(rows).not.toEqual([]);
      });
    const admin = pgConnections(
      { schema: 'audit', size: 1, applicationName: 'test', url: fixture.database.adminUrl },
      () => undefined,
    );
    const [first, again, other] = await new Database(admin, admin).system(async (tx) => {
      await tx.query('lock table checkpoint in share mode');
      const added = await call({ n: 1 });
      await waiting('relation');
      const later = [call({ n: 1 }), refusalOf(call({ n: 2 }))] as const;
      await waiting('transactionid');
      return [added, ...later] as const;
    });
    expect(await again).toEqual(first);
    expect(await other).toBe('request.idempotency-mismatch');
    await untilSize(me, 1);
    await admin.close();
  });

  it('is refused when it cannot be one', async () => {
    const me = testPrincipal();
    expect(await refusalOf(add(me, { n: 0.5 }))).toBe('audit.entry.malformed');
    expect(await refusalOf(add(me, { text: 'x'.repeat(70_000) }))).toBe('request.too-large');
    expect(await refusalOf(add(me, {}, { type: 'Not A Type' }))).toBe('request.invalid');
    expect(await refusalOf(add({ ...me, scopes: ['audit:read'] }, {}))).toBe('auth.forbidden');
    const long = auth.emit(events.apiKeyCreated, me.tenantId, {
      apiKey: newId('apiKey'),
      scopes: ['x'.repeat(70_000)],
    });
    append(me, 1);
    await untilSize(me, 1);
    const buried = await fixture.database.query('select reason from audit.dead_letter where id = $1', [long.id]);
    expect(buried).toEqual([{ reason: expect.stringMatching(/^an entry of 70\d+ bytes: a log takes 65535 at most$/) }]);
  });
});

/** What is searched, exported and kept of a log that was given up: as much as the database has of it. */
async function recordsOf(as: TestPrincipal): Promise<void> {
  const list = async (log: number) => (await fixture.call(audit.listAuditEntries, { log }, as)).items;
  expect((await list(1)).map(({ index }) => index)).toEqual([2, 1, 0]);
  expect(await list(3)).toEqual([]);
  const made = await fixture.call(records.createExport, { format: 'jsonl', log: 1 }, as);
  expect(made).toMatchObject({ log: 1, size: 3 });
  const { bytes } = await fetched(as, `${made.id}/content`, 'exports');
  const lines = Buffer.from(bytes).toString().split('\n').filter(Boolean);
  const logs = (await logOf(as)).sealed![0]!.vkeys.map((vkey) => parseVkey(vkey));
  expect(await verifyExport(lines, { logs })).toMatchObject({ status: 'trusted', export: { entries: 3, size: 3 } });

  const [entries, hashes] = ['tile/entries/000.p/7', 'tile/0/000.p/7'];
  expect((await fetched(as, entries, 'logs/1')).status).toBe(200);
  await fixture.database.query(`update audit.entry set at = at - interval '40 days' where tenant_id = $1 and idx < 3`, [
    as.tenantId,
  ]);
  expect(await fixture.call(records.setRetention, { days: 30 }, as)).toEqual({ days: 30, minimumIndex: 0 });
  expect(await list(1)).toEqual([]);
  expect((await list(2)).length).toBeGreaterThan(1);
  expect(codeOf(await fetched(as, entries, 'logs/1'))).toBe('audit.entry.pruned');
  expect((await fetched(as, hashes, 'logs/1')).status).toBe(200);
}

describe('a database that was restored from a backup', () => {
  it('signs none of the logs that went on since, until they are sealed; the others go on', async () => {
    const [lost, kept] = [testPrincipal(), testPrincipal()];
    append(lost, 2);
    const receipt = seal(lost);
    append(kept, 2);
    await untilSize(lost, 3);
    await untilSize(kept, 2);
    await fixture.service.stop();
    const restore = await fixture.database.backup();
    await fixture.restart();
    append(lost, 4);
    const before = await untilSize(lost, 7);
    const published = await fixture.call(audit.getCheckpoint, {}, lost);
    await fixture.service.stop();
    await restore();
    await fixture.restart();

    await eventually(async () => expect((await logOf(lost)).refused).toBeDefined());
    expect((await logOf(lost)).refused).toEqual({ reason: 'smaller', keeper: 'store', size: 3, keptSize: 7 });
    expect(await refusalOf(add(lost, { n: 1 }, { grade: 'sealed' }))).toBe('audit.log.refused');
    append(kept, 1);
    expect(await untilSize(kept, 3)).not.toHaveProperty('refused');
    const metrics = await (await fetch(`${fixture.service.url}/metrics`)).text();
    expect(/^conclave_audit_logs_refused\{.*$/m.exec(metrics)?.[0]).toMatch(/ 1$/);
    expect((await fetch(`${fixture.service.url}/readyz`)).status).toBe(200);
    expect(await readFile(join(dir, 'log', lost.tenantId, 'checkpoint'), 'utf8')).toBe(published);

    expect(await fixture.emitted('entry.checkpointed', lost.tenantId)).toEqual([]);
    const giveUp = (as: TestPrincipal, origin: string) =>
      fixture.call(audit.sealLog, { origin, reason: 'restored from the backup of the night' }, as);
    expect(await refusalOf(giveUp(kept, (await logOf(kept)).origin))).toBe('audit.log.not-refused');
    expect(await refusalOf(giveUp(lost, 'log.example/log/other'))).toBe('audit.log.not-refused');
    const opened = await giveUp(lost, before.origin);
    expect(opened).toMatchObject({ log: 2, origin: `${before.origin}/2` });
    expect(await refusalOf(giveUp(lost, before.origin))).toBe('audit.log.not-refused');

    const after = await eventually(async () => {
      const log = await logOf(lost);
      expect(log.size).toBeGreaterThan(1);
      return log;
    });
    expect(after).toMatchObject({
      log: 2,
      origin: opened.origin,
      sealed: [{ log: 1, origin: before.origin, size: 7 }],
    });
    const { items } = await fixture.call(audit.listAuditEntries, { limit: 100 }, lost);
    const first = JSON.parse(Buffer.from(items.at(-1)!.body, 'base64').toString()) as object;
    expect(first).toMatchObject({
      type: 'log.opened',
      data: { previous: { origin: before.origin, checkpoint: published } },
    });
    const now = parseCheckpoint(parseNote(await fixture.call(audit.getCheckpoint, {}, lost)).text);
    const root = await rootByTiles(now.size, async (path) => (await fetched(lost, path)).bytes);
    expect(equalBytes(root, now.root)).toBe(true);

    const old = await fixture.call(audit.getCheckpointOf, { log: 1 }, lost);
    expect(old).toBe(published);
    const sealed = parseCheckpoint(parseNote(old).text);
    const oldRoot = await rootByTiles(7, async (path) => (await fetched(lost, path, 'logs/1')).bytes);
    expect(equalBytes(oldRoot, sealed.root)).toBe(true);
    await fixture.database.query(
      `insert into audit.cosignature (tenant_id, origin, size, witness, line) values ($1, $2, 7, $3, 'cosigned')`,
      [lost.tenantId, before.origin, witness],
    );
    expect(await fixture.call(audit.getCheckpointOf, { log: 1 }, lost)).toBe(`${published}cosigned`);
    const [told] = await eventually(async () => {
      const found = await fixture.emitted('entry.checkpointed', lost.tenantId);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(told!.data).toMatchObject({ eventId: receipt.id });
    await recordsOf(lost);
  });

  it('does not sign one whose entries are others, though as many', async () => {
    const me = testPrincipal();
    append(me, 2);
    await untilSize(me, 2);
    await fixture.service.stop();
    await fixture.database.query(`update audit.checkpoint set root = sha256(root) where tenant_id = $1 and size = 2`, [
      me.tenantId,
    ]);
    await fixture.restart();
    append(me, 1);
    await eventually(async () => expect((await logOf(me)).refused).toMatchObject({ reason: 'forked', size: 2 }));
    expect(await refusedWith(add(me, {}, { grade: 'sealed' }))).toMatchObject({ params: { reason: 'forked' } });
    expect((await logOf(me)).size).toBe(2);
  });

  it('signs and gives up nothing while what was published cannot be read; what is no checkpoint can be given up', async () => {
    const me = testPrincipal();
    append(me, 2);
    const { origin } = await untilSize(me, 2);
    const before = await fixture.call(audit.getCheckpoint, {}, me);
    const place = join(dir, 'log', me.tenantId, 'checkpoint');
    const giveUp = () => fixture.call(audit.sealLog, { origin, reason: 'the store was damaged' }, me);
    await rm(place);
    await mkdir(place);
    for (const refused of [giveUp(), logOf(me), add(me, {}, { grade: 'sealed' })])
      expect(await refusalOf(refused)).toBe('audit.store.unreadable');
    await rm(place, { recursive: true });
    await writeFile(place, Buffer.from('no\0checkpoint\xff'.repeat(9_000), 'latin1'));
    expect((await logOf(me)).refused).toMatchObject({ reason: 'unreadable', size: 2 });
    expect(await giveUp()).toMatchObject({ log: 2 });
    expect(await fixture.call(audit.getCheckpointOf, { log: 1 }, me)).toBe(before);
    expect(await untilSize(me, 1)).toMatchObject({ log: 2, sealed: [{ log: 1, size: 2 }] });
  });

  it('streams each of its logs to a webhook that fell behind while they were given up', async () => {
    const me = testPrincipal();
    append(me, 2);
    await untilSize(me, 2);
    const [webhook, delivery] = [newId('webhook'), await fixture.eventsOf('delivery')];
    delivery.emit(events.webhookCreated, me.tenantId, { webhook, entries: { format: 'jsonl', from: 0 } });
    await eventually(async () =>
      expect(await fixture.database.query('select from audit.stream where webhook_id = $1', [webhook])).toHaveLength(1),
    );
    for (const [size, more] of [
      [3, 1],
      [2, 2],
    ] as const) {
      const { origin } = await untilSize(me, size);
      await writeFile(join(dir, origin.slice(origin.indexOf('/') + 1), 'checkpoint'), 'damaged');
      await fixture.call(audit.sealLog, { origin, reason: 'the store was damaged' }, me);
      append(me, more);
    }
    await untilSize(me, 3);
    const follow = fixture.service.app.get(FollowLog);
    follow.start();
    await eventually(async () => {
      const sent = await fixture.emitted('entries.streamed', me.tenantId);
      expect(sent.map(({ data: { first, last } }) => [first, last])).toEqual([
        [0, 2],
        [0, 1],
        [0, 2],
      ]);
    }).finally(() => follow.stop());
  });
});
