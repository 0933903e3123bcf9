import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fromBase64, fromUtf8 } from '@conclave/audit-core';
import { payloadBytes, predicateOf, type DecisionEvent } from '@conclave/consensus-core';
import { consensus, events, type ReplyOf } from '@conclave/contracts';
import { eventually, refusalOf } from '@conclave/dev-env/testing';
import { parseTrustPolicy, verifyReceipt } from '@conclave/verify';
import {
  SHA256,
  SITE,
  startConsensus,
  type ConsensusFixture,
  type Tenant,
  type Voter,
} from '../testing/consensus-fixture.js';
import { SoftAuthenticator } from '../testing/soft-authenticator.js';

let fixture: ConsensusFixture;
let tenant: Tenant;
let voters: [Voter, Voter];
beforeAll(async () => {
  fixture = await startConsensus({ PASSKEY_ORIGINS: '' });
  tenant = fixture.tenant();
  voters = [await tenant.enrol(), await tenant.enrol(tenant.me)];
});
afterAll(() => fixture.stop());

type Receipt = Extract<ReplyOf<typeof consensus.getReceipt>, { envelope: unknown }>;
const receiptOf = async (id: string) => (await fixture.call(consensus.getReceipt, { id }, tenant.me)) as Receipt;
const keyidOf = ({ envelope }: Receipt) => envelope.signatures[0]!.keyid;
const trustIn = (receipt: Receipt) =>
  parseTrustPolicy(
    JSON.stringify({
      version: 1,
      logs: [fixture.log.vkeyOf(tenant.me.tenantId)],
      services: [{ keyid: keyidOf(receipt), publicKey: fixture.signingKey }],
    }),
  );

async function decided(secrecy: 'open' | 'sealed'): Promise<string> {
  const { id } = await tenant.open(voters, { secrecy, gates: ['tests'] });
  await tenant.report(id, 'tests', 'green');
  if (secrecy === 'open') {
    for (const voter of voters) await tenant.cast(id, voter, { vote: 'yes', findingsSha256: SHA256 });
    return id;
  }
  for (const voter of voters) await tenant.commit(id, voter, { vote: 'yes' });
  await fixture.log.write(tenant.me.tenantId);
  for (const voter of voters) await eventually(() => tenant.reveal(id, voter, { vote: 'yes' }));
  return id;
}

describe.each(['open', 'sealed'] as const)('the receipt of a decision of %s secrecy', (secrecy) => {
  let id: string;
  let receipt: Receipt;
  beforeAll(async () => {
    id = await decided(secrecy);
    expect(await refusalOf(receiptOf(id))).toBe('consensus.receipt.pending');
    await fixture.log.write(tenant.me.tenantId);
    await tenant.until(id, 'sealed', true);
    receipt = await receiptOf(id);
  });

  it('is trusted by the offline verifier under the keys of service and log', async () => {
    const verdict = await verifyReceipt(JSON.stringify(receipt), trustIn(receipt));
    expect(verdict.steps.filter(({ ok, checked }) => !ok || !checked)).toEqual([]);
    expect(verdict).toMatchObject({ status: 'trusted', receipt: { outcome: { status: 'approved' } } });
  });

  it('is refused when a byte of its payload is not what was signed', async () => {
    const payload = Buffer.from(receipt.envelope.payload, 'base64');
    payload[payload.indexOf('because')]! ^= 1;
    const forged = { ...receipt, envelope: { ...receipt.envelope, payload: payload.toString('base64') } };
    expect(await verifyReceipt(JSON.stringify(forged), trustIn(receipt))).toMatchObject({ status: 'bad-signature' });
  });

  it('is rebuilt from the stored events byte for byte', async () => {
    const stored = await fixture.database.query<Omit<DecisionEvent, 'at'> & { at: Date }>(
      'select seq, type, at, data from consensus.decision_event where decision_id = $1 order by seq',
      [id],
    );
    const events = stored.map((event) => ({ ...event, at: event.at.toISOString() }) as DecisionEvent);
    const payload = fromUtf8(fromBase64(receipt.envelope.payload));
    expect(fromUtf8(payloadBytes(predicateOf(events)!))).toBe(payload);
  });

  it('is also a Sigstore bundle: the same envelope beside the name of its key', async () => {
    const bundle = await fixture.call(consensus.getReceipt, { id, format: 'sigstore' }, tenant.me);
    expect(bundle).toEqual({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {
        publicKey: { hint: keyidOf(receipt) },
        tlogEntries: [],
        timestampVerificationData: { rfc3161Timestamps: [] },
      },
      dsseEnvelope: receipt.envelope,
    });
  });

  it('was announced to the log in order, each entry once', async () => {
    const told = await fixture.emitted(undefined, tenant.me.tenantId);
    const own = told.filter(({ data }) => data['decision'] === id).map(({ type }) => type);
    expect(own).toEqual(
      secrecy === 'open'
        ? [events.decisionOpened.type, events.decisionSealed.type]
        : [events.decisionOpened.type, events.commitsClosed.type, events.revealOpened.type, events.decisionSealed.type],
    );
  });

  it('stays the same when audit repeats itself and when the service restarts', async () => {
    await fixture.restart();
    await fixture.log.write(tenant.me.tenantId);
    expect(await receiptOf(id)).toEqual(receipt);
  });
});

it('is another tenant’s neither to read nor to guess', async () => {
  const id = await decided('open');
  const other = fixture.tenant();
  expect(await refusalOf(fixture.call(consensus.getReceipt, { id }, other.me))).toBe('consensus.decision.not-found');
});

it('names the key it signs with, as a trust root pins it', async () => {
  const id = await decided('open');
  await fixture.log.write(tenant.me.tenantId);
  const receipt = await eventually(() => receiptOf(id));
  const { items } = await fixture.call(consensus.listReceiptKeys, {}, tenant.me);
  expect(items).toEqual([{ keyid: keyidOf(receipt), algorithm: 'ed25519', publicKey: fixture.signingKey }]);
});

describe('a decision under way when its log is given up', () => {
  it('keeps its terms, and has a receipt in the log that follows, which the verifier knows for one', async () => {
    const { id } = await tenant.open(voters);
    await fixture.log.write(tenant.me.tenantId);
    const origin = fixture.log.openNext(tenant.me.tenantId);
    for (const voter of voters) await tenant.cast(id, voter, { vote: 'yes' });
    await fixture.log.write(tenant.me.tenantId);
    await tenant.until(id, 'sealed', true);
    const receipt = await receiptOf(id);
    expect(fromUtf8(fromBase64(receipt.envelope.payload))).toContain(`"origin":"${origin.slice(0, -2)}"`);
    expect(receipt.log.proof).toContain(`\n${origin}\n`);
    const verdict = await verifyReceipt(JSON.stringify(receipt), trustIn(receipt));
    expect(verdict.steps.find(({ name }) => name === 'checkpoint')?.detail).toContain('the log which followed');
    expect(verdict.status).toBe('trusted');
  });
});

describe('an installation that names no origin for passkeys', () => {
  it('gives challenges for other keys, and takes no passkey', async () => {
    const { challenge, ...rest } = await fixture.call(consensus.challengeVoterKey, {}, tenant.me);
    expect(rest).not.toHaveProperty('relyingParty');
    const registration = new SoftAuthenticator(SITE).register(Buffer.from(challenge, 'base64'));
    const enrolled = fixture.call(consensus.enrolPasskey, { name: 'laptop', registration }, tenant.me);
    expect(await refusalOf(enrolled)).toBe('consensus.voter-key.no-passkeys');
  });
});
