import { MalformedError, parseWitnessedSize } from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { Egress } from '@conclave/nest-kit/egress';
import { Database } from '@conclave/postgres-kit';
import { CheckpointOffers, type Offer } from './checkpoint-offers.js';
import type { Witness } from './config.js';
import { PostgresWitnessing, type WitnessedLog, type Standing } from './postgres-witnessing.js';
import { waitAfter } from './waiting.js';
import { WitnessEvents } from './witness-events.js';
import { outcomeOf, type Outcome } from './witness-outcome.js';

const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 65_536;

/**
 * Offers a log's head to a witness and keeps what it answers. The witness says what it holds when we are wrong about
 * that (409), and gets the proof from there, once. What it then refuses is no accident: a log that has shrunk, a history
 * that is another one, or a key it does not know is told as an alarm, once, and asked again ever more seldom.
 */
@Injectable()
export class SubmitCheckpoint {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresWitnessing) private readonly store: PostgresWitnessing,
    @Inject(CheckpointOffers) private readonly offers: CheckpointOffers,
    @Inject(Egress) private readonly egress: Egress,
    @Inject(WitnessEvents) private readonly events: WitnessEvents,
  ) {}

  /** Logs whose turn it is with the witness, but for tenants that are busy. */
  due(witness: Witness, limit: number, busy: readonly string[]): Promise<WitnessedLog[]> {
    return this.store.due(witness.vkey, limit, busy);
  }

  /** One turn of one log with one witness, unless another replica has it. @returns the size it cosigned, if it did */
  async run(log: WitnessedLog, witness: Witness): Promise<number | undefined> {
    const actor = { tenantId: log.tenantId, actor: 'service:audit' };
    const standing = await this.db.tx(actor, (tx) => this.store.claim(tx, log, witness.vkey));
    if (!standing) return undefined;
    const outcome = await this.attempt(log, witness, standing.size).catch((error: unknown): Outcome => ({
      result: 'failed',
      size: standing.size,
      reason: reasonOf(error),
    }));
    await this.settle(log, witness, standing, outcome);
    return outcome.result === 'cosigned' ? outcome.size : undefined;
  }

  private async attempt(log: WitnessedLog, witness: Witness, known: number): Promise<Outcome> {
    const offer = await this.offers.for(log, witness.vkey, known);
    const answer = await this.ask(witness, offer);
    const said = answer.status === 409 ? parseWitnessedSize(answer.body) : undefined;
    if (said === undefined) return outcomeOf(answer, offer, witness);
    const second = await this.offers.for(log, witness.vkey, said);
    if (said > second.head) return { result: 'shrunk', size: said, head: second.head };
    // It holds what we offered it from, and refuses: at that size it has another root.
    if (said === offer.from) return { result: 'forked', size: said, head: offer.head };
    return outcomeOf(await this.ask(witness, second), second, witness);
  }

  private async ask({ url }: Witness, { body }: Offer) {
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'user-agent': 'conclave-audit' };
    const post = { headers, body, timeoutMs: TIMEOUT_MS };
    const { bytes, ...answer } = await this.egress.ask(`${url}/add-checkpoint`, post, MAX_ANSWER_BYTES);
    return { ...answer, body: bytes.toString('utf8') };
  }

  private async settle(log: WitnessedLog, witness: Witness, before: Standing, outcome: Outcome): Promise<void> {
    const { result, size } = outcome;
    const ok = result === 'cosigned';
    const objection = ok ? null : result === 'failed' ? before.objection : result;
    const failures = ok ? 0 : before.failures + 1;
    const waitMs = ok ? 0 : waitAfter(failures);
    await this.db.tx({ tenantId: log.tenantId, actor: 'service:audit' }, async (tx) => {
      if (ok) await this.store.keep(tx, log, size, witness.vkey, outcome.line);
      await this.store.settle(tx, log, witness.vkey, { size, failures, objection, waitMs });
      await this.events.submitted(tx, log, witness, outcome, objection !== before.objection);
    });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof MalformedError) return `the witness answered 200, but ${error.message}`;
  return error instanceof Error ? error.message : 'failed';
}
