import { describe, expect, it } from '@jest/globals';
import { ConclaveError, consensus } from '@conclave/contracts';
import type { Activation, Json, Turn } from '../engine/agent-port.js';
import type { SeatInput } from './prepared.js';
import type { SeatResult } from './review-result.js';
import { NO_USAGE, SeatAgent, type SeatParts } from './seat-agent.js';

const seat = { seat: 'a', kind: 'juror', agent: 'llm', family: 'f', version: '1', voterId: 'vot_1' } as const;
const input = { decisionId: 'dec_1', termsSha256: '0'.repeat(64), seat, secrecy: 'sealed' } satisfies SeatInput;

class Juror extends SeatAgent {
  readonly name = 'juror';

  constructor(parts: SeatParts) {
    super(parts);
  }

  protected async judge(): Promise<SeatResult> {
    return {
      ...{ seat: 'a', kind: 'juror', vote: 'no', reason: 'r', findings: [], findingsSha256: null },
      usage: NO_USAGE,
    };
  }
}

/** A juror whose ballot box answers reveals with these refusals, one after the other, and then takes the ballot. */
function seated(refusals: ConclaveError[]) {
  const handedIn: string[] = [];
  const journal = new Map<string, Json>();
  const kit = {
    rpc: {
      async callAsService(contract: { subject: string }) {
        const refusal = contract.subject === consensus.revealBallot.subject ? refusals.shift() : undefined;
        if (refusal) throw refusal;
        handedIn.push(contract.subject);
      },
    },
  };
  const juror = new Juror({ kit, signer: { sign: async () => 'signature' } } as unknown as SeatParts);
  const activate = (answer?: Json): Promise<Activation> =>
    juror.activate({
      ...{ tenantId: 'ten_1', runId: 'run_1', taskId: 'juror/a', input, runInput: {}, answer },
      signal: new AbortController().signal,
      step: async <T extends Json>(name: string, work: () => Promise<T>) => {
        if (!journal.has(name)) journal.set(name, await work());
        return journal.get(name) as T;
      },
      speaker: () => () => undefined,
      tell: async () => undefined,
      stepsOf: async () => ({}),
    } as unknown as Turn);
  return { activate, handedIn };
}

const phase = (reason: string) => new ConclaveError('consensus.decision.phase', { reason });

describe('a juror of a sealed panel', () => {
  it('waits on while others have not committed or no checkpoint holds the commits, and then reveals', async () => {
    const { activate, handedIn } = seated([phase('commits-open'), phase('commits-unpublished')]);
    expect(await activate()).toMatchObject({ kind: 'parked', wait: { kind: 'reveal-opened', key: 'dec_1' } });
    expect(await activate({ expired: true })).toMatchObject({ kind: 'parked', wait: { kind: 'reveal-opened' } });
    expect(await activate({ expired: true })).toMatchObject({ kind: 'parked', wait: { kind: 'reveal-opened' } });
    expect(await activate({ opened: true })).toMatchObject({ kind: 'done', result: { vote: 'no' } });
    expect(handedIn).toEqual([consensus.commitBallot.subject, consensus.revealBallot.subject]);
  });

  it.each([new ConclaveError('consensus.ballot.late'), phase('canceled')])(
    'goes home when the decision has ended without its ballot (%#)',
    async (refusal) => {
      const { activate } = seated([refusal]);
      await activate();
      expect(await activate({ ended: true })).toMatchObject({ kind: 'done' });
    },
  );
});
