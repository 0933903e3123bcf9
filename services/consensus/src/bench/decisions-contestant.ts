/**
 * Consensus as `npm run bench -- decisions` measures it: the service as it runs in production, asked in its own process by
 * voters who hold their keys. The bench loads this module by its path into a process of its own.
 */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { ballotBytes } from '@conclave/consensus-core';
import { consensus, newId } from '@conclave/contracts';
import { bootstrapService, type RequestContext } from '@conclave/nest-kit';
import { Database, postgres } from '@conclave/postgres-kit';
import { consensusEnvironment } from '../config.js';
import { ConsensusModule } from '../consensus.module.js';
import { deadlines } from '../decisions/deadlines.js';
import { DecisionsController } from '../decisions/decisions.controller.js';
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

const CALL_MS = 30_000;

/** As a call of the runtime arrives. */
const callOf = (tenantId: string): RequestContext => ({
  ...{ tenantId, actor: 'service:runtime', service: 'runtime', scopes: new Set() },
  deadlineAt: Date.now() + CALL_MS,
});

export async function open({ environment }: { readonly environment: Readonly<Record<string, string>> }) {
  const service = await bootstrapService(
    {
      name: 'consensus',
      module: ConsensusModule,
      environment: consensusEnvironment,
      resources: [postgres(), deadlines()],
    },
    { ...environment, LOG_LEVEL: 'fatal' },
  );
  const [decisions, keys, db] = [
    service.app.get(DecisionsController),
    service.app.get(PostgresVoterKeys),
    service.app.get(Database),
  ];

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
  const panelOf = (tenant: number, voters: number): Promise<Panel> => {
    const name = `${tenant} ${voters}`;
    const known = panels.get(name) ?? seat(voters);
    panels.set(name, known);
    return known;
  };

  return {
    /** One decision in open mode, from its opening to its durable outcome: every voter signs, every ballot is verified. */
    async run({ tenant, payload, steps }: Job): Promise<void> {
      const { tenantId, voters } = await panelOf(tenant, steps);
      const ctx = callOf(tenantId);
      const opened = await decisions.open(
        ctx,
        consensus.openDecision.request.parse({
          question: 'Shall the change land?',
          options: [{ id: 'change', title: 'The change' }],
          rule: { method: 'approval-gate' },
          secrecy: 'open',
          electorate: voters.map(({ voterId }, no) => ({
            ...{ voterId, kind: 'llm', name: `juror ${no}`, family: `family ${no}` },
          })),
        }),
      );
      const { id, termsSha256 } = opened;
      const cast = voters.map(({ voterId, key }) => {
        const ballot = { decisionId: id, round: 1, voterId, vote: 'yes' as const, reason: payload };
        const value = sign(null, ballotBytes(ballot, termsSha256), key).toString('base64');
        return decisions.cast(ctx, { id, ballot, signature: { algorithm: 'ed25519', value } });
      });
      const phases = (await Promise.all(cast)).map(({ phase }) => phase);
      if (!phases.includes('sealed')) throw new Error(`a decision ended as ${phases.join()}`);
    },
    close: () => service.stop(),
  };
}
