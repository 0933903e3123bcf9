/** Decisions made by the state machine that the platform runs, and their receipts, signed and logged. */
import { base64, fromHex, preAuthEncoding, utf8 } from '@conclave/audit-core';
import {
  admitBallot,
  admitClose,
  admitEvidence,
  admitOpening,
  admitSeal,
  appendTo,
  ballotBytes,
  disclosuresOf,
  ENGINE,
  foldDecision,
  PAYLOAD_TYPE,
  payloadBytes,
  predicateOf,
  publicTermsOf,
  RECEIPT_MEDIA_TYPE,
  sealedEntryOf,
  termsDigest,
  type Admission,
  type DecisionEvent,
  type Terms,
} from '@conclave/consensus-core';
import type { Decision, ReviewResult } from '@conclave/contracts';
import type { Log } from './log.js';
import { newSigner, type Signer } from './signer.js';

const SERVICE_KEY = 'conclave-consensus-1';

/** What a decision is made from. */
export interface Review {
  readonly decision: Decision;
  readonly result: ReviewResult;
}

/** The service that signs receipts. */
export class Consensus {
  private constructor(private readonly service: Signer) {}

  static async start(): Promise<Consensus> {
    return new Consensus(await newSigner());
  }

  /** A trust file of somebody who believes in this service and the log. */
  trustFile(log: Log): string {
    const services = [{ keyid: SERVICE_KEY, publicKey: base64(this.service.publicKey) }];
    return JSON.stringify({ version: 1, logs: [log.vkey], services }, undefined, 2);
  }

  /** Runs a decision as it is shown, seals it into the log and writes its receipt. */
  async receiptOf({ decision, result }: Review, log: Log) {
    const events = await this.run(decision, log.origin);
    const predicate = predicateOf(events)!;
    if (predicate.outcome.status !== decision.outcome?.status)
      throw new Error('the shown outcome is not what the ballots give');
    const payload = payloadBytes(predicate);
    const { index } = log.append('decision.sealed', 'service:consensus', decision.sealedAt!, {
      ...sealedEntryOf(predicate, payload),
      panel: result.panel.name,
    } as never);
    const sig = await this.service.sign(preAuthEncoding(PAYLOAD_TYPE, payload));
    return {
      mediaType: RECEIPT_MEDIA_TYPE,
      envelope: {
        payloadType: PAYLOAD_TYPE,
        payload: base64(payload),
        signatures: [{ keyid: SERVICE_KEY, sig: base64(sig) }],
      },
      log: { entry: log.entries[index]!.body, proof: await log.tlogProof(index) },
      disclosures: disclosuresOf(foldDecision(events)),
    };
  }

  private async run(shown: Decision, origin: string): Promise<DecisionEvent[]> {
    const signers = new Map(
      await Promise.all(shown.ballots.map(async ({ voterId }) => [voterId, await newSigner()] as const)),
    );
    const terms = termsOf(shown, origin, signers);
    const events: DecisionEvent[] = [];
    const take = ({ events: news, refusal }: Admission): void => {
      if (refusal) throw new Error(`${refusal.code}: ${refusal.reason} ${refusal.path}`);
      events.push(...appendTo(events.length, news, shown.openedAt));
    };
    take(admitOpening(terms));
    const digest = termsDigest(publicTermsOf(terms));
    for (const { voterId, vote, reason = '' } of shown.ballots) {
      const ballot = { decisionId: shown.id, round: 1, voterId, reason, vote: vote! };
      const value = base64(await signers.get(voterId)!.sign(ballotBytes(ballot, digest)));
      take(await admitBallot(foldDecision(events), { ballot, signature: { algorithm: 'ed25519', value } }));
    }
    for (const evidence of shown.evidence) take(admitEvidence(foldDecision(events), evidence));
    take(admitClose(foldDecision(events), 'complete'));
    take(admitSeal(foldDecision(events)));
    return events;
  }
}

function termsOf(shown: Decision, origin: string, signers: ReadonlyMap<string, Signer>): Terms {
  const { id, question, options, rule, secrecy, ballots, evidence, notices, subject, policy } = shown;
  return {
    ...{ decisionId: id, question, questionSalt: base64(fromHex('07'.repeat(32))), origin, options, secrecy, notices },
    rule: rule,
    electorate: ballots.map(({ voterId, name, kind, family, custody, weight }) => ({
      ...{ voterId, name, kind: kind as 'check', family, custody, weight, roles: ['juror'] },
      ...{ algorithm: 'ed25519', publicKey: base64(signers.get(voterId)!.publicKey) },
    })),
    gates: evidence.map(({ gate }) => gate),
    engine: ENGINE,
    ...(subject && { subject }),
    ...(policy && { policy }),
  };
}

/** A receipt with one byte of a ballot's reason flipped, as a forger would: everything else stays as it was. */
export function tampered(receipt: { envelope: { payload: string } }): string {
  const text = Buffer.from(receipt.envelope.payload, 'base64').toString('utf8').replace('"vote":"no"', '"vote":"nO"');
  const payload = base64(utf8(text));
  return JSON.stringify({ ...receipt, envelope: { ...receipt.envelope, payload } });
}
