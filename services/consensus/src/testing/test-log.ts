/** Audit's part, played from outside: a Merkle log with real proofs and signed checkpoints, written on command. */
import { generateKeyPairSync, sign } from 'node:crypto';
import {
  appendLeaves,
  base64,
  EMPTY_FRONTIER,
  formatCheckpoint,
  formatNote,
  formatTlogProof,
  formatVkey,
  fromBase64,
  inclusionProof,
  jcs,
  type JsonObject,
  leafHash,
  rootOf,
  signNote,
  utf8,
} from '@conclave/audit-core';
import { eventContracts, events } from '@conclave/contracts';
import type { EventSource, ServiceFixture } from '@conclave/dev-env/testing';
import type { PlacedEvent } from '@conclave/postgres-kit';
import { rawOf } from './raw-key.js';

const KEYS: readonly string[] = [events.voterKeyEnrolled.type, events.voterKeyRotated.type];
const AWAITED: readonly string[] = [
  ...[events.decisionOpened.type, events.commitsClosed.type, events.decisionSealed.type],
  ...KEYS,
];
/** How soon an enrolment is in the log. */
const KEYS_MS = 20;

export class TestLog {
  private readonly keys = generateKeyPairSync('ed25519');
  private readonly leaves = new Map<string, Uint8Array[]>();
  private readonly logged = new Set<string>();
  private following: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly numbers = new Map<string, number>();

  constructor(
    private readonly fixture: ServiceFixture,
    private readonly audit: EventSource,
    private readonly host: string,
  ) {}

  /** The verifier key of a tenant's log. */
  vkeyOf(tenantId: string): string {
    return formatVkey({ name: this.originOf(tenantId), type: 1, publicKey: this.publicKey });
  }

  /** Gives the tenant's log up: what is not in it yet will be in the next one, whose origin this returns. */
  openNext(tenantId: string): string {
    this.numbers.set(tenantId, (this.numbers.get(tenantId) ?? 1) + 1);
    this.leaves.delete(tenantId);
    const origin = this.originOf(tenantId);
    this.audit.emit(events.logOpened, tenantId, { origin });
    return origin;
  }

  /** Logs what the tenant's audited events say so far, and announces each decision entry with its proof. */
  async write(tenantId: string): Promise<void> {
    const audited = eventContracts.filter((event) => event.audited).map(({ type }) => type);
    for (const event of await this.fixture.emitted(undefined, tenantId))
      if (audited.includes(event.type)) this.log(event);
  }

  /** Logs enrolments as they are made, as audit does, until it is stopped. */
  start(): void {
    this.timer = setInterval(() => {
      this.following ??= this.follow().finally(() => (this.following = undefined));
    }, KEYS_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.following;
  }

  private async follow(): Promise<void> {
    for (const type of KEYS) (await this.fixture.emitted(type)).forEach((event) => this.log(event));
  }

  private log({ id, type, tenantId, actor, at, data }: Omit<PlacedEvent, 'position'>): void {
    if (this.logged.has(id)) return;
    this.logged.add(id);
    const entry = utf8(
      jcs({ v: 1, event: id, type, tenant: tenantId, actor, at: new Date(at).toISOString(), data: data as JsonObject }),
    );
    const proof = this.append(tenantId, entry);
    if (!AWAITED.includes(type)) return;
    const index = this.leaves.get(tenantId)!.length - 1;
    this.audit.emit(events.entryCheckpointed, tenantId, { eventId: id, type, index, entry: base64(entry), proof });
  }

  private append(tenantId: string, entry: Uint8Array): string {
    const leaves = [...(this.leaves.get(tenantId) ?? []), entry];
    this.leaves.set(tenantId, leaves);
    const { frontier, nodes } = appendLeaves(EMPTY_FRONTIER, leaves.map(leafHash));
    const hashes = new Map(nodes.map(({ level, index, hash }) => [`${level}/${index}`, hash]));
    const origin = this.originOf(tenantId);
    const text = formatCheckpoint({ origin, size: leaves.length, root: rootOf(frontier), extensions: [] });
    const note = signNote({ text, signatures: [] }, origin, this.publicKey, (bytes) =>
      sign(null, bytes, this.keys.privateKey),
    );
    const index = leaves.length - 1;
    const path = inclusionProof(index, leaves.length, (level, at) => hashes.get(`${level}/${at}`)!);
    return formatTlogProof({ index, hashes: path, checkpoint: formatNote(note) });
  }

  private originOf(tenantId: string): string {
    const number = this.numbers.get(tenantId);
    return `${this.host}/log/${tenantId}${number === undefined ? '' : `/${number}`}`;
  }

  private get publicKey(): Uint8Array {
    return fromBase64(rawOf(this.keys.publicKey));
  }
}
