/**
 * The log as `npm run bench -- audit` measures it: what takes entries in, gives them their place and publishes them, with
 * roles, row-level security and a store of files; without bus and HTTP. The bench loads this module by its path into a
 * process of its own.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  appendLeaves,
  EMPTY_FRONTIER,
  equalBytes,
  leafHash,
  newTiles,
  parseCheckpoint,
  parseEntryBundle,
  parseNote,
  rootOf,
  tilePath,
} from '@conclave/audit-core';
import { newId } from '@conclave/contracts';
import { baseEnvironment, createLogger, loadConfig } from '@conclave/nest-kit';
import { Database, pgConnections } from '@conclave/postgres-kit';
import { Registry } from 'prom-client';
import { auditEnvironment, type AuditConfig } from '../config.js';
import { AddEntries } from '../entries/add-entries.js';
import { PostgresStage } from '../entries/postgres-stage.js';
import { SealedEntries } from '../entries/sealed-entries.js';
import { CheckpointSigner } from '../log/checkpoint-signer.js';
import { LogGuard } from '../log/log-guard.js';
import { pathOf } from '../log/log-name.js';
import { keeperOf, openStore } from '../log/open-store.js';
import { PostgresLog } from '../log/postgres-log.js';
import { PostgresPublished } from '../log/postgres-published.js';
import { PostgresSequence } from '../log/postgres-sequence.js';
import { Publisher } from '../log/publisher.js';
import { PublishLog } from '../log/publish-log.js';
import { ReadProofs } from '../log/read-proofs.js';
import { Sequencer } from '../log/sequencer.js';
import { Cosignatures } from '../witness/cosignatures.js';
import { HeldProofs } from '../witness/held-proofs.js';
import { PostgresWitnessing } from '../witness/postgres-witnessing.js';

interface Options {
  readonly environment: Readonly<Record<string, string>>;
}

interface Job {
  readonly tenant: number;
  readonly payload: string;
}

/** Entries that nobody waits for, one every so often, each of the next tenant. */
interface Trickle {
  readonly tenants: readonly string[];
  readonly everyMs: number;
  readonly seconds: number;
}

/** Which of these entries are in a published checkpoint, whichever replica published it. */
const PUBLISHED = `
select e.event_id as id from entry e join log l on l.tenant_id = e.tenant_id and l.number = 1
where e.tenant_id = any ($1) and e.event_id = any ($2) and e.idx < l.published`;
/** How often that is looked for: figures are too long by half of it. */
const LOOK_MS = 20;

/** What somebody staged while the sequencer was away: entries of one tenant, as the service writes them. */
const BACKLOG = `
insert into stage (tenant_id, event_id, type, actor, at, body)
select $1, 'evt_' || n, 'entry.added', 'bench', now(), convert_to('{"actor":"bench","data":{"n":' || n || ',"text":"' || repeat('x', 150)
  || '"},"event":"evt_' || n || '","tenant":"' || $1 || '","type":"entry.added","v":1}', 'utf8')
from generate_series($2::int, $3::int) n`;
/** Rows of one statement: none of them is to take longer than the role allows. */
const STAGED_AT_ONCE = 50_000;

/** The parts of the service that a log is made of. */
function compose(config: AuditConfig) {
  const [logger, metrics] = [createLogger('audit', 'error', process.stderr), new Registry()];
  const pool = (url: string, size: number) => ({ url, schema: 'audit', size, applicationName: 'bench' });
  const db = new Database(
    pgConnections(pool(config.DATABASE_URL, config.DATABASE_POOL_SIZE), () => undefined),
    pgConnections(pool(config.DATABASE_SYSTEM_URL, 4), () => undefined),
  );
  const store = openStore(config)!;
  const signer = new CheckpointSigner(config);
  const guard = new LogGuard([keeperOf(store)], signer, logger, metrics);
  const [log, witnessing] = [new PostgresLog(), new PostgresWitnessing(db)];
  const published = new PostgresPublished(db, log);
  const cosignatures = new Cosignatures(config, witnessing);
  const held = new HeldProofs(db, log, witnessing, cosignatures);
  const publishing = new PublishLog(log, published, guard, store, held);
  const publisher = new Publisher(publishing, published, guard, logger);
  const sequencer = new Sequencer(new PostgresSequence(db, signer, guard), publisher, logger, metrics);
  const sealed = new SealedEntries(db, log, publisher, guard, sequencer);
  const adding = new AddEntries(new PostgresStage(db), sequencer, sealed);
  return { db, log, publisher, sequencer, adding, proofs: new ReadProofs(db, log, store, cosignatures) };
}

/** Waits until all that was staged is published. */
async function settled(db: Database): Promise<void> {
  for (;;) {
    const row = await db.system((tx) =>
      tx.one<{ waiting: boolean }>(
        'select exists (select from stage) or exists (select from log where published < size) as waiting',
      ),
    );
    if (!row!.waiting) return;
    await sleep(20);
  }
}

const entryOf = (text: string) => ({ type: 'bench.acted', data: { text }, grade: 'audited', waitMs: 0 }) as const;

/** Lets entries trickle in, and looks when each is in a published checkpoint. */
async function cadenceOf(
  db: Database,
  { tenants, everyMs, seconds }: Trickle,
  add: (tenantId: string) => Promise<{ readonly id: string }>,
): Promise<number[]> {
  const waiting = new Map<string, number>();
  const taken: number[] = [];
  const added = async (tenantId: string) => waiting.set((await add(tenantId)).id, performance.now());
  const write = async (): Promise<void> => {
    const end = performance.now() + seconds * 1_000;
    const adds: Promise<unknown>[] = [];
    for (let n = 0; performance.now() < end; n++, await sleep(everyMs)) adds.push(added(tenants[n % tenants.length]!));
    await Promise.all(adds);
  };
  let writing = true;
  const written = write().finally(() => (writing = false));
  for (; writing || waiting.size > 0; await sleep(LOOK_MS)) {
    const ids = [...waiting.keys()];
    const found = await db.system((tx) => tx.query<{ id: string }>(PUBLISHED, [tenants, ids]));
    const now = performance.now();
    for (const { id } of found) {
      taken.push(now - waiting.get(id)!);
      waiting.delete(id);
    }
  }
  await written;
  return taken;
}

export async function open({ environment }: Options) {
  const config = loadConfig('audit', { ...baseEnvironment, ...auditEnvironment }, environment);
  const { db, log, publisher, sequencer, adding, proofs } = compose(config);
  publisher.start();
  sequencer.start();

  const tenants: string[] = [];
  const contextOf = (no: number) => ({
    ...{ tenantId: (tenants[no] ??= newId('tenant')), actor: 'bench', scopes: new Set<never>() },
    deadlineAt: Date.now() + 60_000,
  });
  return {
    async run({ tenant, payload: text }: Job): Promise<void> {
      await adding.add(contextOf(tenant), entryOf(text));
    },
    operations: {
      settled: () => settled(db),
      /** @returns how long each entry took from its acknowledgement to a published checkpoint that holds it */
      cadence: (trickle: Trickle) =>
        cadenceOf(db, trickle, (tenantId) => adding.add({ ...contextOf(0), tenantId }, entryOf('x'))),
      /** @returns the seconds until a backlog of so many entries of one tenant is in its log, and published */
      async backlog(count: number): Promise<{ placedS: number; publishedS: number }> {
        const { deadlineAt: _nobodyWaits, ...ctx } = contextOf(1_000);
        await db.tx(ctx, async (tx) => {
          for (let from = 1; from <= count; from += STAGED_AT_ONCE)
            await tx.query(BACKLOG, [ctx.tenantId, from, Math.min(count, from + STAGED_AT_ONCE - 1)]);
        });
        const begin = performance.now();
        sequencer.kick();
        const waiting = () => db.autocommit(ctx).one('select from stage limit 1');
        while (await waiting()) await sleep(20);
        const placedS = (performance.now() - begin) / 1_000;
        await settled(db);
        return { placedS, publishedS: (performance.now() - begin) / 1_000 };
      },
      /** @returns how long proofs of that log take, one after the other */
      async proofs(count: number): Promise<{ inclusionMs: number[]; consistencyMs: number[] }> {
        const ctx = contextOf(1_000);
        const { size } = (await log.open(db.autocommit(ctx), ctx.tenantId))!;
        const timed = async (work: (at: number) => Promise<unknown>): Promise<number[]> => {
          const taken: number[] = [];
          for (let n = 0; n < count; n++) {
            const begin = performance.now();
            await work(1 + Math.floor(((size - 1) * n) / count));
            taken.push(performance.now() - begin);
          }
          return taken;
        };
        const inclusionMs = await timed((at) => proofs.inclusion(contextOf(1_000), at, undefined));
        return { inclusionMs, consistencyMs: await timed((at) => proofs.consistency(contextOf(1_000), at, undefined)) };
      },
      /** Rebuilds the root from what is published, by the portable code of verifiers. @returns its seconds */
      async verify(): Promise<number> {
        const { tenantId } = contextOf(1_000);
        const base = join(fileURLToPath(config.AUDIT_STORE!), pathOf({ tenantId, number: 1 }));
        const begin = performance.now();
        const head = parseCheckpoint(parseNote(await readFile(join(base, 'checkpoint'), 'utf8')).text);
        let frontier = EMPTY_FRONTIER;
        for (const tile of newTiles(0, head.size)) {
          if (tile.level !== 'entries') continue;
          const leaves = parseEntryBundle(await readFile(join(base, tilePath(tile)))).map(leafHash);
          frontier = appendLeaves(frontier, leaves).frontier;
        }
        if (!equalBytes(rootOf(frontier), head.root)) throw new Error('the entries do not lead to the signed root');
        return (performance.now() - begin) / 1_000;
      },
    },
    async close(): Promise<void> {
      await sequencer.stop();
      await publisher.stop();
      await db.close();
    },
  };
}
