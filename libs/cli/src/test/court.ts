/** A panel of the real checks, with keys: judges a bundle and seals the decision as consensus and audit do. */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  appendLeaves,
  base64,
  consistencyProof,
  EMPTY_FRONTIER,
  formatCheckpoint,
  formatNote,
  formatTlogProof,
  formatVkey,
  inclusionProof,
  jcs,
  leafHash,
  preAuthEncoding,
  rootOf,
  signNote,
  utf8,
} from '@conclave/audit-core';
import { ballotOf, changeSha256, CHECKS, findingsSha256, JURY_FILE, jurySourceText } from '@conclave/checks';
import { openBundle, readChange, readFileAt } from '@conclave/connectors';
import {
  admitBallot,
  admitClose,
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
import {
  ConclaveError,
  newId,
  type audit,
  type ReplyOf,
  type RequestOf,
  type ReviewResult,
  type runtime,
} from '@conclave/contracts';

const AT = '2026-11-20T10:00:00Z';
const DIGEST = 'ab'.repeat(32);

interface Key {
  readonly privateKey: KeyObject;
  readonly raw: Buffer;
}

function newKey(): Key {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, raw: Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url') };
}

const signed = ({ privateKey }: Key, bytes: Uint8Array): Uint8Array => new Uint8Array(sign(null, bytes, privateKey));

/** What one check said of the change. */
interface Opinion {
  readonly seat: string;
  readonly version: string;
  readonly voterId: string;
  readonly key: Key;
  readonly vote: 'yes' | 'no' | 'abstain';
  readonly reason: string;
  readonly findings: ReviewResult['findings'];
  readonly findingsSha256?: string;
}

export class Court {
  readonly origin = 'conclave.test/log/acme';
  private readonly service = newKey();
  private readonly log = newKey();
  private readonly dir = mkdtempSync(join(tmpdir(), 'conclave-court-'));
  private opened = 0;
  private readonly leaves: Uint8Array[] = [];

  static async open(): Promise<Court> {
    return new Court();
  }

  async close(): Promise<void> {
    rmSync(this.dir, { recursive: true, force: true });
  }

  get receiptKey() {
    return { keyid: 'consensus-test', algorithm: 'ed25519' as const, publicKey: base64(this.service.raw) };
  }

  get vkey(): string {
    return formatVkey({ name: this.origin, type: 1, publicKey: this.log.raw });
  }

  get trust(): string {
    const { keyid, publicKey } = this.receiptKey;
    return JSON.stringify({ version: 1, logs: [this.vkey], services: [{ keyid, publicKey }] });
  }

  /** How many entries the log has. */
  get size(): number {
    return this.leaves.length;
  }

  keep(bundle: Buffer) {
    const sha256 = createHash('sha256').update(bundle).digest('hex');
    writeFileSync(join(this.dir, sha256), bundle);
    return { sha256, sizeBytes: bundle.length };
  }

  async judge(request: RequestOf<typeof runtime.createReview>): Promise<{ result: ReviewResult; receipt: object }> {
    const repository = join(this.dir, `opened-${++this.opened}`);
    await openBundle(join(this.dir, request.bundle), repository, request.shallow);
    const { base, head, intent } = request;
    const change = await readChange(repository, { base, head, ...(intent === undefined ? {} : { intent }) });
    const opinions = CHECKS.map((check) => opinionOf(check.id, check.version, check.run(change)));
    const subject = {
      repository: request.repository,
      base,
      head,
      tree: change.head.tree,
      diffSha256: changeSha256(change),
    };
    const notices = change.files.some(({ path }) => path.startsWith('.conclave/'))
      ? ['The change edits .conclave/.']
      : [];
    const decisionId = newId('decision');
    const jury = await readFileAt(repository, request.target, JURY_FILE);
    const source = jurySourceText({ by: jury ? 'jury' : 'default', commit: request.target });
    const policy = { panel: 'conclave/review', panelSha256: DIGEST, source };
    const { receipt, outcome } = await this.decide({ decisionId, subject, notices, policy }, opinions);
    const result: ReviewResult = {
      outcome: outcome === 'approved' || outcome === 'rejected' ? outcome : 'undecided',
      reason: 'threshold',
      decision: decisionId,
      subject,
      panel: { name: 'conclave/review', sha256: DIGEST, source: policy.source },
      seats: opinions.map(({ seat, vote, reason }) => ({ seat, kind: 'juror', vote, reason })),
      findings: opinions.flatMap(({ findings }) => findings),
      notices,
      usage: { inputTokens: 0, outputTokens: 0, costMicros: 0 },
    };
    return { result, receipt };
  }

  private async decide(
    about: Pick<Terms, 'decisionId' | 'notices' | 'policy'> & { readonly subject: NonNullable<Terms['subject']> },
    opinions: readonly Opinion[],
  ) {
    const events: DecisionEvent[] = [];
    const take = async (admission: Admission | Promise<Admission>): Promise<void> => {
      const { events: next, refusal } = await admission;
      if (refusal) throw new Error(`${refusal.code}: ${refusal.reason}`);
      events.push(...appendTo(events.length, next, AT));
    };
    const terms = termsOf(this.origin, about, opinions);
    await take(admitOpening(terms));
    const digest = termsDigest(publicTermsOf(foldDecision(events).terms));
    for (const { voterId, vote, reason, findingsSha256: sha256, key } of opinions) {
      const ballot = {
        decisionId: about.decisionId,
        round: 1,
        voterId,
        vote,
        reason,
        ...(sha256 ? { findingsSha256: sha256 } : {}),
      };
      const value = base64(signed(key, ballotBytes(ballot, digest)));
      await take(admitBallot(foldDecision(events), { ballot, signature: { algorithm: 'ed25519', value } }));
    }
    await take(admitClose(foldDecision(events), 'deadline'));
    await take(admitSeal(foldDecision(events)));
    const predicate = predicateOf(events)!;
    const payload = payloadBytes(predicate);
    const entry = utf8(jcs({ type: 'decision.sealed', at: AT, data: sealedEntryOf(predicate, payload) }));
    const sig = base64(signed(this.service, preAuthEncoding(PAYLOAD_TYPE, payload)));
    const receipt = {
      mediaType: RECEIPT_MEDIA_TYPE,
      envelope: {
        payloadType: PAYLOAD_TYPE,
        payload: base64(payload),
        signatures: [{ keyid: this.receiptKey.keyid, sig }],
      },
      log: { entry: base64(entry), proof: this.prove(entry) },
      disclosures: disclosuresOf(foldDecision(events)).map((disclosure) => ({ ...disclosure })),
    };
    return { receipt, outcome: predicate.outcome.status };
  }

  private prove(entry: Uint8Array): string {
    const index = this.leaves.length + 1;
    this.leaves.push(utf8(`before ${index}`), entry, utf8(`after ${index}`));
    const hashes = inclusionProof(index, this.leaves.length, this.tree().nodeAt);
    return formatTlogProof({ index, hashes, checkpoint: this.checkpoint() });
  }

  /** The log's signed head. */
  checkpoint(): string {
    const { frontier } = this.tree();
    const text = formatCheckpoint({ origin: this.origin, size: frontier.size, root: rootOf(frontier), extensions: [] });
    return formatNote(
      signNote({ text, signatures: [] }, this.origin, this.log.raw, (message) => signed(this.log, message)),
    );
  }

  consistency(from: number, to: number): ReplyOf<typeof audit.getConsistencyProof> {
    if (to > this.leaves.length) throw new ConclaveError('audit.proof.range', { size: this.leaves.length });
    const hashes = consistencyProof(from, to, this.tree().nodeAt).map(base64);
    return { from, to, hashes, checkpoint: this.checkpoint() };
  }

  /** Deletes the newest entries, as whoever has the database can. */
  cut(count: number): void {
    this.leaves.length -= count;
  }

  private tree() {
    const { frontier, nodes } = appendLeaves(EMPTY_FRONTIER, this.leaves.map(leafHash));
    const hashes = new Map(nodes.map(({ level, index, hash }) => [`${level}/${index}`, hash]));
    return { frontier, nodeAt: (level: number, index: number) => hashes.get(`${level}/${index}`)! };
  }
}

function opinionOf(seat: string, version: string, result: ReturnType<(typeof CHECKS)[number]['run']>): Opinion {
  const ballot = ballotOf(result);
  const findings = result.applies ? result.findings.map((finding) => ({ ...finding, juror: seat })) : [];
  return {
    seat,
    version,
    voterId: newId('voter'),
    key: newKey(),
    vote: ballot.vote,
    reason: ballot.vote === 'abstain' ? ballot.reason : `${findings.length} findings`,
    findings,
    ...(result.applies ? { findingsSha256: findingsSha256(result.findings) } : {}),
  };
}

function termsOf(origin: string, about: object, opinions: readonly Opinion[]) {
  return {
    ...about,
    question: 'May it be merged?',
    questionSalt: base64(new Uint8Array(32).fill(7)),
    origin,
    options: [
      { id: 'approved', title: 'Merge the change' },
      { id: 'rejected', title: 'Do not merge the change' },
    ],
    rule: { method: 'approval-gate', variant: 'unanimous' },
    secrecy: 'open',
    electorate: opinions.map(({ seat, version, voterId, key }) => ({
      voterId,
      kind: 'check',
      name: seat,
      family: 'conclave',
      algorithm: 'ed25519',
      publicKey: base64(key.raw),
      custody: 'platform',
      roles: ['juror'],
      weight: 1,
      evaluator: { id: seat, version, sha256: DIGEST, deterministic: true },
    })),
    gates: [],
    engine: ENGINE,
  };
}
