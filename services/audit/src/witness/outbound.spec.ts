/** Whatever audit asks outside, it asks through the guard: every place inside, in every spelling, for each of them. */
import { describe, expect, it } from '@jest/globals';
import { Egress } from '@conclave/nest-kit/egress';
import { connectionsTried, hostileNames, hostileUrls } from '@conclave/nest-kit/testing';
import type { Database } from '@conclave/postgres-kit';
import type { AuditConfig } from '../config.js';
import { S3Bucket } from '../log/s3-bucket.js';
import { TimestampAuthority } from '../timestamps/timestamp-authority.js';
import type { CheckpointOffers } from './checkpoint-offers.js';
import type { Witness } from './config.js';
import type { PostgresWitnessing } from './postgres-witnessing.js';
import { SubmitCheckpoint } from './submit-checkpoint.js';
import type { WitnessEvents } from './witness-events.js';
import type { Outcome } from './witness-outcome.js';

const egress = new Egress([], hostileNames);
const s3 = { bucket: 'logs', region: 'us-east-1', accessKeyId: 'a', secretAccessKey: 's' };
const stamps = { AUDIT_TIMESTAMP_CERTIFICATES: [], AUDIT_TIMESTAMP_EVERY_MS: 1_000 } as object as AuditConfig;

const features: readonly [string, (url: string) => Promise<unknown>][] = [
  ['a bucket', (endpoint) => new S3Bucket({ ...s3, endpoint }, egress).get('log/checkpoint')],
  ['a timestamp authority', (url) => new TimestampAuthority(stamps, egress).stamp(url, 'a checkpoint')],
  ['a witness', submit],
];

/** One turn with a witness, with what it came to in place of the database. */
async function submit(url: string): Promise<void> {
  let outcome: Outcome | undefined;
  const standing = { size: 0, failures: 0, objection: null };
  const turn = new SubmitCheckpoint(
    { tx: (_actor: unknown, work: (tx: unknown) => unknown) => work({}) } as unknown as Database,
    { claim: async () => standing, settle: async () => undefined } as unknown as PostgresWitnessing,
    { for: async () => ({ body: 'a checkpoint', from: 0, head: 1 }) } as unknown as CheckpointOffers,
    egress,
    { submitted: async (...told: unknown[]) => void (outcome = told[3] as Outcome) } as unknown as WitnessEvents,
  );
  await turn.run({ tenantId: 'ten_1', origin: 'log.example' }, { url, vkey: 'w' } as Witness);
  if (outcome?.result === 'failed') throw new Error(outcome.reason);
}

describe.each(features)('%s', (_name, ask) => {
  it.each(hostileUrls)('is not asked at %j', async (url) => {
    expect(await connectionsTried(() => ask(url))).toBe(0);
  });
});
