/**
 * Consensus as `npm run bench -- decisions` measures it: the service as it runs in production, asked in its own process by
 * voters who hold their keys. The bench loads this module by its path into a process of its own.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ballotBytes, commitmentBytes, commitOf, revealBytes, type Ballot } from '@conclave/consensus-core';
import { consensus, newId } from '@conclave/contracts';
import { bootstrapService, type RequestContext } from '@conclave/nest-kit';
import { Database, postgres } from '@conclave/postgres-kit';
import { consensusEnvironment } from '../config.js';
import { ConsensusModule } from '../consensus.module.js';
import { deadlines } from '../decisions/deadlines.js';
import { decisionLanes } from '../decisions/decision-lanes.js';
import { DecisionsController } from '../decisions/decisions.controller.js';
import { ReceiptsController } from '../receipts/receipts.controller.js';
import { rawOf } from '../testing/raw-key.js';
import { PostgresVoterKeys } from '../voter-keys/postgres-voter-keys.js';

interface Job {
  readonly tenant: number;
  readonly payload: string;
  /** So many voters. */
  readonly steps: number;
}

interface Panel {
  readonly tenantId: string;
  readonly voters: readonly { readonly voterId: string; readonly key: KeyObject }[];
}

interface Options {
  readonly environment: Readonly<Record<string, string>>;
  readonly secrecy?: 'open' | 'sealed';
}

/** A decision that came to its end. */
interface Ended {
  readonly ctx: RequestContext;
  readonly id: string;
  readonly beganAt: number;
  /** When the last ballot was handed in. */
  readonly saidAt: number;
  readonly endedAt: number;
}

const CALL_MS = 30_000;
/** How often all who wait look together, a millisecond: in production an event tells them. */
const LOOKS_PER_MS = 1;

/** As a call of the runtime arrives. */
const callOf = (tenantId: string): RequestContext => ({
  ...{ tenantId, actor: 'service:runtime', service: 'runtime', scopes: new Set() },
  deadlineAt: Date.now() + CALL_MS,
});

export async function open({ environment, secrecy = 'open' }: Options) {
  const service = await bootstrapService(
    {
      name: 'consensus',
      module: ConsensusModule,
      environment: consensusEnvironment,
      resources: [postgres(), decisionLanes(), deadlines()],
    },
    { ...environment, LOG_LEVEL: 'fatal' },
  );
  const decisions = service.app.get(DecisionsController);
  const receipts = service.app.get(ReceiptsController);
  const db = service.app.get(Database);
  const panelOf = seats(db, service.app.get(PostgresVoterKeys));

  let waiting = 0;
  const until = async (ctx: RequestContext, sql: string, id: string): Promise<void> => {
    waiting++;
    while (!(await db.autocommit(ctx).one(sql, [ctx.tenantId, id]))) await sleep(waiting / LOOKS_PER_MS);
    waiting--;
  };

  /** From its opening to its durable outcome: every voter signs, every ballot is verified. */
  async function decide({ tenant, payload, steps }: Job): Promise<Ended> {
    const { tenantId, voters } = await panelOf(tenant, steps);
    const ctx = callOf(tenantId);
    const beganAt = performance.now();
    const opened = await decisions.open(ctx, termsFor(voters, secrecy));
    const { id, termsSha256 } = opened;
    const ballots = voters.map(({ voterId, key }) => ({
      ...{ key, salt: randomBytes(32).toString('base64') },
      ballot: { decisionId: id, round: 1, voterId, vote: 'yes', reason: payload } satisfies Ballot,
    }));
    if (secrecy === 'sealed') {
      const committed = ballots.map(({ key, salt, ballot }) => {
        const said = { round: 1, voterId: ballot.voterId, commit: commitOf(ballot, salt) } as const;
        const signature = signedBy(key, commitmentBytes({ decisionId: id, ...said }, termsSha256));
        return decisions.commit(ctx, { id, ...said, signature });
      });
      await Promise.all(committed);
      await until(ctx, REVEALS, id);
    }
    const saidAt = performance.now();
    const said = ballots.map(({ key, salt, ballot }) => {
      if (secrecy === 'open')
        return decisions.cast(ctx, { id, ballot, signature: signedBy(key, ballotBytes(ballot, termsSha256)) });
      const signature = signedBy(key, revealBytes({ ballot, salt }, termsSha256, opened));
      return decisions.reveal(ctx, { id, ballot, salt, signature });
    });
    const phases = (await Promise.all(said)).map(({ phase }) => phase);
    if (!phases.includes('sealed')) throw new Error(`a decision ended as ${phases.join()}`);
    return { ctx, id, beganAt, saidAt, endedAt: performance.now() };
  }

  return {
    run: async (job: Job): Promise<void> => void (await decide(job)),
    operations: {
      /** One decision after the other, each until its receipt is there. @returns its times, and the receipt */
      async receipts({ count, ...job }: Job & { readonly count: number }) {
        const told = [];
        for (let no = 0; no < count; no++) {
          const { ctx, id, beganAt, saidAt, endedAt } = await decide(job);
          await until(ctx, RECEIPTS, id);
          const receiptMs = performance.now() - saidAt;
          const receipt = JSON.stringify(await receipts.receipt(ctx, { id }));
          told.push({ tenantId: ctx.tenantId, receipt, outcomeMs: endedAt - beganAt, receiptMs });
        }
        return told;
      },
      services: async () => (await receipts.keys()).items.map(({ keyid, publicKey }) => ({ keyid, publicKey })),
    },
    close: () => service.stop(),
  };
}

const signedBy = (key: KeyObject, bytes: Uint8Array) =>
  ({ algorithm: 'ed25519', value: sign(null, bytes, key).toString('base64') }) as const;

const REVEALS = 'select from decision where tenant_id = $1 and id = $2 and reveal_opened_at is not null';
const RECEIPTS = 'select from receipt where tenant_id = $1 and decision_id = $2 and proof is not null';

const termsFor = (voters: Panel['voters'], secrecy: 'open' | 'sealed') =>
  consensus.openDecision.request.parse({
    question: 'Shall the change land?',
    options: [{ id: 'change', title: 'The change' }],
    rule: { method: 'approval-gate' },
    secrecy,
    electorate: voters.map(({ voterId }, no) => ({
      ...{ voterId, kind: 'llm', name: `juror ${no}`, family: `family ${no}` },
    })),
  });

/** Seats so many voters of a tenant, once. */
function seats(db: Database, keys: PostgresVoterKeys): (tenant: number, voters: number) => Promise<Panel> {
  async function seat(voters: number): Promise<Panel> {
    const tenantId = newId('tenant');
    const panel = Array.from({ length: voters }, () => ({
      voterId: newId('voter'),
      ...generateKeyPairSync('ed25519'),
    }));
    await db.tx(callOf(tenantId), async (tx) => {
      for (const { voterId, publicKey } of panel) {
        const key = { name: 'voter', algorithm: 'ed25519', publicKey: rawOf(publicKey), custody: 'platform' } as const;
        const site = { credentialId: null, rpId: null, origin: null, generation: 1 };
        await keys.insert(tx, callOf(tenantId), { voterId, ...key, ...site });
      }
    });
    return { tenantId, voters: panel.map(({ voterId, privateKey: key }) => ({ voterId, key })) };
  }
  const panels = new Map<string, Promise<Panel>>();
  return (tenant, voters) => {
    const name = `${tenant} ${voters}`;
    const known = panels.get(name) ?? seat(voters);
    panels.set(name, known);
    return known;
  };
}
