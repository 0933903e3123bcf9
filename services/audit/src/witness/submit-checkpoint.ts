import {
  formatAddCheckpoint,
  fromBase64,
  MalformedError,
  parseNote,
  parseWitnessedSize,
  readCosignature,
} from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { CONFIG, LOG, METRICS } from '@conclave/nest-kit';
import { Egress } from '@conclave/nest-kit/egress';
import { Database } from '@conclave/postgres-kit';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { AuditConfig } from '../config.js';
import { PostgresLog } from '../log/postgres-log.js';
import { ReadProofs } from '../log/read-proofs.js';
import type { Witness } from './config.js';
import { HeldProofs } from './held-proofs.js';
import { PostgresWitnessing, type LogName, type Standing } from './postgres-witnessing.js';

const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 65_536;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;

/** What a witness holds against a log: it remembers more than we have, or something else, or another key. */
type Objection = 'shrunk' | 'forked' | 'untrusted';

/** What came of a submission. `size` is what the witness is known to hold. */
type Outcome =
  | { readonly result: 'cosigned'; readonly size: number; readonly line: string }
  | { readonly result: Objection; readonly size: number; readonly head: number }
  | { readonly result: 'failed'; readonly size: number; readonly reason: string };

/** A checkpoint as offered: `from` the size the witness is believed to hold, 0 for nothing. */
interface Offer {
  readonly from: number;
  readonly head: number;
  readonly note: string;
  readonly hashes: readonly string[];
}

/**
 * Offers a log's head to a witness and keeps what it answers. The witness says what it holds when we are wrong about
 * that (409), and gets the proof from there, once. What it then refuses is no accident: a log that has shrunk, a history
 * that is another one, or a key it does not know is told as an alarm, once, and asked again ever more seldom.
 */
@Injectable()
export class SubmitCheckpoint {
  private readonly submissions: Counter;

  constructor(
    @Inject(CONFIG) private readonly config: AuditConfig,
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(ReadProofs) private readonly proofs: ReadProofs,
    @Inject(PostgresWitnessing) private readonly store: PostgresWitnessing,
    @Inject(HeldProofs) private readonly held: HeldProofs,
    @Inject(Egress) private readonly egress: Egress,
    @Inject(LOG) private readonly logger: Logger,
    @Inject(METRICS) metrics: Registry,
  ) {
    this.submissions = new Counter({
      name: 'conclave_audit_witness_submissions_total',
      help: 'Checkpoints offered to witnesses, by what came of it; shrunk, forked and untrusted are alarms.',
      labelNames: ['result'],
      registers: [metrics],
    });
  }

  /** One turn of one log with one witness; nothing when another replica has it. */
  async run(name: LogName, witness: Witness): Promise<void> {
    const actor = { tenantId: name.tenantId, actor: 'service:audit' };
    const standing = await this.db.tx(actor, (tx) => this.store.claim(tx, name, witness.vkey));
    if (!standing) return;
    const outcome = await this.attempt(name, witness, standing.size).catch((error: unknown): Outcome => ({
      result: 'failed',
      size: standing.size,
      reason: reasonOf(error),
    }));
    await this.settle(name, witness, standing, outcome);
    this.submissions.inc({ result: outcome.result });
    if (outcome.result === 'cosigned') await this.held.tell(name.tenantId, outcome.size);
  }

  private async attempt(name: LogName, witness: Witness, known: number): Promise<Outcome> {
    const offer = await this.offer(name, witness, known);
    const answer = await this.ask(witness, offer);
    const said = answer.status === 409 ? parseWitnessedSize(answer.body) : undefined;
    if (said === undefined) return judged(answer, offer, witness);
    const second = await this.offer(name, witness, said);
    if (said > second.head) return { result: 'shrunk', size: said, head: second.head };
    if (said === offer.from) return { result: 'forked', size: said, head: offer.head };
    return judged(await this.ask(witness, second), second, witness);
  }

  /** The head to offer to a witness that holds `known`, and the proof from there. */
  private async offer({ tenantId, origin }: LogName, witness: Witness, known: number): Promise<Offer> {
    const actor = { tenantId, actor: 'service:audit' };
    const others = this.config.AUDIT_WITNESSES.map(({ vkey }) => vkey).filter((vkey) => vkey !== witness.vkey);
    const [latest, followed] = await this.db.tx(actor, async (tx) => [
      await this.log.latest(tx, tenantId),
      await this.store.sizeOfOthers(tx, { tenantId, origin }, known, others),
    ]);
    const head = followed !== undefined && followed < latest!.size ? followed : latest!.size;
    const from = Math.min(known, head);
    const { checkpoint, hashes } = await this.proofs.consistency(actor, Math.max(1, from), head);
    return { from, head, note: checkpoint, hashes: from === 0 ? [] : hashes };
  }

  private ask({ url }: Witness, { from, note, hashes }: Offer) {
    const body = formatAddCheckpoint({ oldSize: from, proof: hashes.map(fromBase64), checkpoint: note });
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'user-agent': 'conclave-audit' };
    return this.egress.ask(`${url}/add-checkpoint`, { headers, body, timeoutMs: TIMEOUT_MS }, MAX_ANSWER_BYTES);
  }

  private async settle(name: LogName, witness: Witness, before: Standing, outcome: Outcome): Promise<void> {
    const { result, size } = outcome;
    const ok = result === 'cosigned';
    const objection = ok ? null : result === 'failed' ? before.objection : result;
    const failures = ok ? 0 : before.failures + 1;
    const waitMs = ok ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20));
    const told = { origin: name.origin, witness: witness.key.name };
    await this.db.tx({ tenantId: name.tenantId, actor: 'service:audit' }, async (tx) => {
      if (ok) await this.store.keep(tx, name, size, witness.vkey, outcome.line);
      await this.store.settle(tx, name, witness.vkey, { size, failures, objection, waitMs });
      if (!('head' in outcome) || objection === before.objection) return;
      const alarm = { ...told, objection: outcome.result, witnessedSize: size, size: outcome.head };
      await tx.emit(events.logContested, alarm);
      tx.afterCommit(() =>
        this.logger.error(
          { code: 'audit.log.contested', tenant: name.tenantId, ...alarm },
          'a witness remembers another log than this database holds',
        ),
      );
    });
    if (result === 'failed')
      this.logger.warn({ tenant: name.tenantId, ...told, reason: outcome.reason }, 'a witness will be asked again');
  }
}

async function judged(
  { status, body }: { readonly status: number; readonly body: string },
  { from, head, note }: Offer,
  { key }: Witness,
): Promise<Outcome> {
  if (status === 200)
    return { result: 'cosigned', size: head, line: await readCosignature(body, parseNote(note).text, key) };
  if (status === 422) return { result: 'forked', size: from, head };
  if (status === 403) return { result: 'untrusted', size: from, head };
  return { result: 'failed', size: from, reason: `the witness answered ${status}` };
}

function reasonOf(error: unknown): string {
  if (error instanceof MalformedError) return `the witness answered 200, but ${error.message}`;
  return error instanceof Error ? error.message : 'failed';
}
