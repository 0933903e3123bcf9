import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dataDigest, termsDigest } from '@conclave/consensus-core';
import { consensus, events, newId, type RequestInputOf } from '@conclave/contracts';
import {
  eventually,
  refusalOf,
  refusedWith,
  testPrincipal,
  type CallAs,
  type TestPrincipal,
} from '@conclave/dev-env/testing';
import { parseTrustPolicy, verifyReceipt } from '@conclave/verify';
import { SITE, startConsensus, type ConsensusFixture, type Tenant } from '../testing/consensus-fixture.js';
import { rawOf } from '../testing/raw-key.js';
import { coseOf, SoftAuthenticator, type Deviation } from '../testing/soft-authenticator.js';

let fixture: ConsensusFixture;
let tenant: Tenant;
beforeAll(async () => {
  fixture = await startConsensus();
  tenant = fixture.tenant();
});
afterAll(() => fixture.stop());

type Request = RequestInputOf<typeof consensus.enrolVoterKey>;
/** Enrols a key through the edge with what shows that it is held, or as the runtime without. */
async function enrol(request: Partial<Request> = {}, as: CallAs | TestPrincipal = tenant.me) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = rawOf(publicKey);
  const unasked = 'claims' in as || 'possession' in request;
  const possession = unasked ? {} : { possession: await tenant.possession(raw, privateKey, as) };
  const terms = { name: 'key', publicKey: raw, algorithm: 'ed25519', ...possession, ...request } as const;
  return fixture.call(consensus.enrolVoterKey, terms, as);
}
const revoke = (voterId: string, as: TestPrincipal = tenant.me) =>
  fixture.call(consensus.revokeVoterKey, { voterId }, as);
/** A colleague in the same tenant. */
const colleague = (claims: Partial<TestPrincipal> & Parameters<typeof testPrincipal>[0] = {}): TestPrincipal => {
  const { tenantId, workspaceId } = tenant.me;
  return testPrincipal({ tenantId, workspaceId, ...claims });
};
/** What the log was told of a voter. */
const toldOf = async (voterId: string) =>
  (await fixture.emitted(undefined, tenant.me.tenantId)).filter(({ data }) => data['voter'] === voterId);

describe('the register of voter keys', () => {
  it('gives custody by who enrols, not by what they say', async () => {
    expect(await enrol()).toMatchObject({ custody: 'external', enrolledBy: tenant.me.principal.id });
    expect(await enrol({}, tenant.runtime)).toMatchObject({ custody: 'platform' });
  });

  it('tells the log of every enrolment and revocation, once', async () => {
    const { voterId, publicKey } = await enrol();
    await enrol({ voterId, publicKey });
    await revoke(voterId);
    await revoke(voterId);
    const told = await toldOf(voterId);
    expect(told.map(({ type }) => type)).toEqual([events.voterKeyEnrolled.type, events.voterKeyRevoked.type]);
    expect(told.map(({ data }) => data['custody'])).toEqual(['external', 'external']);
  });

  it('answers an enrolment when the log has it; before that the key opens no decision', async () => {
    await fixture.log.stop();
    const [voterId, { publicKey }] = [newId('voter'), generateKeyPairSync('ed25519')];
    const once = (waitMs: number) =>
      enrol({ voterId, publicKey: rawOf(publicKey) }, { ...tenant.runtime, deadlineAt: Date.now() + waitMs });
    const pending = { code: 'consensus.voter-key.pending', params: { voterId } };
    expect(await refusedWith(once(1_500))).toMatchObject(pending);
    const held = { voterId, key: generateKeyPairSync('ed25519').privateKey };
    expect(await refusedWith(tenant.open([held]))).toMatchObject(pending);
    const [listed] = (await fixture.call(consensus.listVoterKeys, { limit: 1 }, tenant.me)).items;
    expect(listed).toMatchObject({ voterId, pending: true });
    const answered = once(15_000);
    fixture.log.start();
    expect(await answered).not.toHaveProperty('pending');
    expect(await tenant.open([held])).toMatchObject({ phase: 'ballots' });
  });

  it('tells the log again of a key whose confirmation was lost, when its enrolment is asked for again', async () => {
    const rotating = await enrol();
    const pair = generateKeyPairSync('ed25519');
    const publicKey = rawOf(pair.publicKey);
    const possession = await tenant.possession(publicKey, pair.privateKey);
    const rotation = { voterId: rotating.voterId, key: { publicKey, algorithm: 'ed25519' as const, possession } };
    const held = { voterId: newId('voter'), key: generateKeyPairSync('ed25519') };
    const enrolment = { voterId: held.voterId, publicKey: rawOf(held.key.publicKey) };
    const asked = (waitMs: number, onBehalfOf: string) => {
      const deadlineAt = Date.now() + waitMs;
      const me = { claims: tenant.me, idempotencyKey: 'rotate-1', deadlineAt };
      const runtime = { claims: { tenantId: tenant.me.tenantId, onBehalfOf }, from: 'runtime', deadlineAt } as const;
      return [fixture.call(consensus.rotateVoterKey, rotation, me), enrol(enrolment, runtime)];
    };
    await fixture.log.stop();
    const refused = await Promise.all(asked(1_500, 'service:runtime').map(refusalOf));
    expect(refused).toEqual(['consensus.voter-key.pending', 'consensus.voter-key.pending']);
    // What they wait for is an event of a minute ago that the log never confirms.
    const voters = [rotating.voterId, held.voterId];
    for (const voterId of voters)
      await fixture.database.query(
        'update consensus.voter_key set pending_event_id = $2 where voter_id = $1 and pending_event_id is not null',
        [voterId, newId('event', Date.now() - 61_000)],
      );
    fixture.log.start();
    await Promise.all(asked(15_000, newId('principal')));
    const keys = [pair.privateKey, held.key.privateKey];
    const opened = await tenant.open(voters.map((voterId, n) => ({ voterId, key: keys[n]! })));
    expect(opened).toMatchObject({ phase: 'ballots' });
    const [, rotated, rotatedAgain] = await toldOf(rotating.voterId);
    expect(rotatedAgain).toMatchObject({ type: events.voterKeyRotated.type, data: rotated!.data });
    const [enrolled, enrolledAgain, ...rest] = await toldOf(held.voterId);
    expect(enrolledAgain).toMatchObject({ actor: enrolled!.actor, data: enrolled!.data });
    expect(rest).toEqual([]);
  });

  it('has one key per voter and one voter per key', async () => {
    const { voterId, publicKey } = await enrol();
    expect(await refusalOf(enrol({ voterId }))).toBe('consensus.voter-key.exists');
    expect(await refusalOf(enrol({ publicKey }))).toBe('consensus.voter-key.exists');
    expect(await refusalOf(enrol({ voterId, publicKey }, tenant.runtime))).toBe('consensus.voter-key.exists');
  });

  it('takes a key only from who shows to hold it, by a challenge that is theirs, once', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = rawOf(publicKey);
    const asked = (possession: Request['possession'], as = tenant.me) => enrol({ publicKey: raw, possession }, as);
    const answer = await tenant.possession(raw, privateKey);
    const unproven = (reason: string) => ({ code: 'consensus.voter-key.unproven', params: { reason } });
    expect(await refusedWith(asked(undefined))).toMatchObject(unproven('missing'));
    await tenant.possession(raw, privateKey);
    expect(await refusalOf(asked(answer))).toBe('consensus.voter-key.challenge');
    const good = await tenant.possession(raw, privateKey);
    expect(await refusalOf(asked(good, colleague()))).toBe('consensus.voter-key.challenge');
    for (const value of [answer.value, 'AAAA', ''])
      expect(await refusedWith(asked({ ...good, value }))).toMatchObject(unproven('signature'));
    expect(await asked(good)).toMatchObject({ publicKey: raw, custody: 'external' });
    expect(await refusalOf(enrol({ possession: good }))).toBe('consensus.voter-key.challenge');
  });

  it('takes no answer to a challenge that has expired', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const possession = await tenant.possession(rawOf(publicKey), privateKey);
    await fixture.database.query(`update consensus.voter_key_challenge set expires_at = now() - interval '1 second'`);
    expect(await refusalOf(enrol({ publicKey: rawOf(publicKey), possession }))).toBe('consensus.voter-key.challenge');
  });

  it.each([
    ['too short', Buffer.alloc(31, 9).toString('base64')],
    ['of low order', Buffer.alloc(32).toString('base64')],
    ['not canonical', Buffer.concat([Buffer.of(0xee), Buffer.alloc(30, 0xff), Buffer.of(0x7f)]).toString('base64')],
    ['spelt otherwise', `${Buffer.alloc(32, 9).toString('base64').slice(0, 42)}l=`],
  ])('refuses a key that is %s', async (_, publicKey) => {
    expect(await refusalOf(enrol({ publicKey }))).toBe('consensus.voter-key.refused');
  });

  it('opens no decision with a revoked key, and keeps those open that froze it', async () => {
    const voter = await tenant.enrol(tenant.me);
    const { id } = await tenant.open([voter]);
    expect(await revoke(voter.voterId)).toMatchObject({ voterId: voter.voterId, revokedAt: expect.any(String) });
    expect(await refusalOf(tenant.open([voter]))).toBe('consensus.voter-key.not-found');
    expect(await tenant.cast(id, voter, { vote: 'yes' })).toMatchObject({ outcome: { status: 'approved' } });
  });

  it('lets only who enrolled a key, or an administrator, revoke it', async () => {
    const { voterId } = await enrol();
    expect(await refusedWith(revoke(voterId, colleague({ scopes: ['voter-key:enrol'] })))).toMatchObject({
      code: 'auth.forbidden',
      params: { permission: 'workspace:manage' },
    });
    expect(await revoke(voterId, colleague())).toMatchObject({ voterId });
    expect(await refusalOf(revoke(newId('voter')))).toBe('consensus.voter-key.not-found');
  });

  it('lists keys newest first, by page, of its own tenant only', async () => {
    const lister = fixture.tenant();
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.unshift((await lister.enrol()).voterId);
    const page = await fixture.call(consensus.listVoterKeys, { limit: 2 }, lister.me);
    expect(page.items.map(({ voterId }) => voterId)).toEqual(ids.slice(0, 2));
    const rest = await fixture.call(consensus.listVoterKeys, { limit: 2, after: page.next! }, lister.me);
    expect(rest.items.map(({ voterId }) => voterId)).toEqual(ids.slice(2));
    expect(rest).not.toHaveProperty('next');
    const mine = await fixture.call(consensus.listVoterKeys, { enrolledBy: lister.me.principal.id }, lister.me);
    expect(mine.items).toEqual([]);
  });
});

describe('a rotated key', () => {
  const rotate = (voterId: string, key: RequestInputOf<typeof consensus.rotateVoterKey>['key'], as = tenant.me) =>
    fixture.call(consensus.rotateVoterKey, { voterId, key }, as);
  const next = async (as = tenant.me) => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const possession = await tenant.possession(rawOf(publicKey), privateKey, as);
    return { privateKey, key: { publicKey: rawOf(publicKey), algorithm: 'ed25519', possession } } as const;
  };

  it('votes in the decisions to come, the old one in those that froze it', async () => {
    const old = await tenant.enrol(tenant.me);
    const { id } = await tenant.open([old]);
    const { key, privateKey } = await next();
    const { voterId } = await rotate(old.voterId, key);
    const young = { voterId, key: privateKey };
    expect(await refusalOf(tenant.cast(id, young, { vote: 'yes' }))).toBe('consensus.ballot.signature');
    expect(await tenant.cast(id, old, { vote: 'yes' })).toMatchObject({ outcome: { status: 'approved' } });
    const later = await tenant.open([young]);
    expect(await refusalOf(tenant.cast(later.id, old, { vote: 'yes' }))).toBe('consensus.ballot.signature');
    expect(await tenant.cast(later.id, young, { vote: 'yes' })).toMatchObject({ outcome: { status: 'approved' } });
    const [enrolled, rotated] = await toldOf(voterId);
    expect(rotated).toMatchObject({
      type: events.voterKeyRotated.type,
      data: { previousSha256: enrolled!.data['publicKeySha256'], custody: 'external' },
    });
  });

  it('may change into a passkey, and back to no key that the register has seen', async () => {
    const voter = await tenant.enrol(tenant.me);
    const authenticator = new SoftAuthenticator(SITE);
    const { challenge } = await fixture.call(consensus.challengeVoterKey, {}, tenant.me);
    const registration = authenticator.register(Buffer.from(challenge, 'base64'));
    expect(await rotate(voter.voterId, { registration })).toMatchObject({ voterId: voter.voterId, custody: 'passkey' });
    const old = rawOf(createPublicKey(voter.key as KeyObject));
    const possession = await tenant.possession(old, voter.key as KeyObject);
    const again = rotate(voter.voterId, { publicKey: old, algorithm: 'ed25519', possession });
    expect(await refusalOf(again)).toBe('consensus.voter-key.exists');
  });

  it('is given by its owner alone, never in the place of a platform key or a revoked one', async () => {
    const { voterId } = await enrol();
    const other = colleague();
    expect(await refusalOf(rotate(voterId, (await next(other)).key, other))).toBe('auth.forbidden');
    const onBehalfOfMe = { claims: { tenantId: tenant.me.tenantId, onBehalfOf: tenant.me.principal.id } };
    const platform = await enrol({}, { ...onBehalfOfMe, from: 'runtime' });
    const { key } = await next();
    expect(await refusalOf(rotate(platform.voterId, key))).toBe('auth.forbidden');
    await revoke(voterId);
    expect(await refusalOf(rotate(voterId, key))).toBe('consensus.voter-key.not-found');
    expect(await refusalOf(rotate(newId('voter'), key))).toBe('consensus.voter-key.not-found');
    const low = { ...key, publicKey: Buffer.alloc(32).toString('base64') };
    expect(await refusalOf(rotate((await enrol()).voterId, low))).toBe('consensus.voter-key.refused');
  });
});

describe('a passkey', () => {
  const challenge = async (as = tenant.me) => {
    const asked = await fixture.call(consensus.challengeVoterKey, {}, as);
    expect(asked.relyingParty).toEqual({ rpId: SITE.rpId, origins: [SITE.origin] });
    return Buffer.from(asked.challenge, 'base64');
  };
  type Registration = RequestInputOf<typeof consensus.enrolPasskey>['registration'];
  const enrolPasskey = (registration: Registration, as = tenant.me) =>
    fixture.call(consensus.enrolPasskey, { name: 'laptop', registration }, as);

  it.each(['webauthn-es256', 'webauthn-eddsa'] as const)(
    'is enrolled with its site and signs ballots: %s',
    async (algorithm) => {
      const authenticator = new SoftAuthenticator(SITE, algorithm);
      const key = await enrolPasskey(authenticator.register(await challenge()));
      expect(key).toMatchObject({ algorithm, custody: 'passkey', enrolledBy: tenant.me.principal.id });
      expect(key.publicKey).toBe(authenticator.publicKey.toString('base64'));
      expect(key.passkey).toEqual({ credentialId: authenticator.credentialId.toString('base64'), ...SITE });
      expect((await toldOf(key.voterId)).map(({ data }) => data['custody'])).toEqual(['passkey']);
      const voter = { voterId: key.voterId, key: authenticator };
      const { id } = await tenant.open([voter]);
      const stranger = { voterId: key.voterId, key: new SoftAuthenticator(SITE, algorithm) };
      expect(await refusalOf(tenant.cast(id, stranger, { vote: 'yes' }))).toBe('consensus.ballot.signature');
      expect(await tenant.cast(id, voter, { vote: 'yes' })).toMatchObject({ outcome: { status: 'approved' } });
    },
  );

  it('is enrolled once, by whose challenge it answers', async () => {
    const authenticator = new SoftAuthenticator(SITE);
    const mine = await challenge();
    const registration = authenticator.register(mine);
    expect(await refusalOf(enrolPasskey(registration, colleague()))).toBe('consensus.voter-key.challenge');
    await enrolPasskey(registration);
    expect(await refusalOf(enrolPasskey(registration))).toBe('consensus.voter-key.challenge');
    expect(await refusalOf(enrolPasskey(authenticator.register(await challenge())))).toBe('consensus.voter-key.exists');
  });

  const ec = new SoftAuthenticator(SITE).publicKey;
  const off = Buffer.from(ec.map((byte, at) => (at === 64 ? byte ^ 1 : byte)));
  const cose = coseOf(ec);
  const unfit: readonly (readonly [what: string, reason: string, not: Deviation])[] = [
    ['another challenge', 'client-data', { clientData: { challenge: 'AAAA' } }],
    ['an assertion', 'client-data', { clientData: { type: 'webauthn.get' } }],
    ['another origin', 'client-data', { clientData: { origin: 'https://evil.example' } }],
    ['a framed page', 'client-data', { clientData: { crossOrigin: true } }],
    ['another relying party', 'relying-party', { rpId: 'evil.example' }],
    ['nobody there', 'user-verification', { flags: 0x44 }],
    ['nobody recognised', 'user-verification', { flags: 0x41 }],
    ['no credential', 'attestation-object', { flags: 0x05 }],
    ['extensions that are not said', 'attestation-object', { extensions: Buffer.of(0xa0) }],
    ['extensions that are none', 'attestation-object', { flags: 0xc5, extensions: Buffer.of(0x80) }],
    ['a statement that is no map', 'attestation-object', { attStmt: Buffer.of(0x80) }],
    ['something after it', 'attestation-object', { after: Buffer.of(0) }],
    ['a key that is no map', 'attestation-object', { coseKey: Buffer.of(0x01) }],
    ['RS256', 'algorithm', { coseKey: Buffer.from('a30103033901002041ff', 'hex') }],
    ['another curve', 'algorithm', { coseKey: Buffer.from(cose.map((byte, at) => (at === 6 ? 2 : byte))) }],
  ];
  it.each(unfit)('is refused with %s', async (_, reason, not) => {
    const registration = new SoftAuthenticator(SITE).register(await challenge(), not);
    const error = await refusedWith(enrolPasskey(registration));
    expect(error).toMatchObject({ code: 'consensus.voter-key.unproven', params: { reason } });
  });

  it.each([
    ['off the curve', coseOf(off)],
    ['at infinity', coseOf(Buffer.concat([Buffer.of(4), Buffer.alloc(64)]))],
    ['of low order', coseOf(Buffer.alloc(32))],
    ['not canonical', coseOf(Buffer.concat([Buffer.of(0xee), Buffer.alloc(30, 0xff), Buffer.of(0x7f)]))],
  ])('is refused with a key that is %s', async (_, coseKey) => {
    const registration = new SoftAuthenticator(SITE).register(await challenge(), { coseKey });
    expect(await refusalOf(enrolPasskey(registration))).toBe('consensus.voter-key.refused');
  });

  it('counts as held outside the platform in the receipt of a sealed decision, offline', async () => {
    const authenticator = new SoftAuthenticator(SITE);
    const passkey = await tenant.enrolPasskey(authenticator);
    const voters = [passkey, await tenant.enrol(), await tenant.enrol()];
    const { id } = await tenant.open(voters, { secrecy: 'sealed' });
    const { terms, questionSalt } = await fixture.call(consensus.getTerms, { id }, tenant.me);
    expect(termsDigest(terms as never)).toBe((await tenant.read(id)).termsSha256);
    expect(dataDigest(questionSalt, 'Shall the change land?')).toBe((terms['question'] as { sha256: string }).sha256);
    for (const voter of voters) await tenant.commit(id, voter, { vote: 'yes' });
    await fixture.log.write(tenant.me.tenantId);
    await eventually(() => tenant.reveal(id, passkey, { vote: 'yes' }));
    for (const voter of voters.slice(1)) await tenant.reveal(id, voter, { vote: 'yes' });
    await fixture.log.write(tenant.me.tenantId);
    await tenant.until(id, 'sealed', true);
    const receipt = JSON.stringify(await fixture.call(consensus.getReceipt, { id }, tenant.me));
    const { items: services } = await fixture.call(consensus.listReceiptKeys, {}, tenant.me);
    const trusting = (minExternalCustody: number) =>
      parseTrustPolicy(
        JSON.stringify({
          ...{ version: 1, logs: [fixture.log.vkeyOf(tenant.me.tenantId)], minExternalCustody },
          services: services.map(({ keyid, publicKey }) => ({ keyid, publicKey })),
          voters: [{ voterId: passkey.voterId, publicKey: authenticator.publicKey.toString('base64') }],
        }),
      );
    const verdict = await verifyReceipt(receipt, trusting(1));
    expect(verdict).toMatchObject({
      status: 'trusted',
      receipt: { custody: { platform: 2, external: 0, passkey: 1 } },
    });
    expect((await verifyReceipt(receipt, trusting(2))).status).toBe('policy-refused');
  });
});

describe('the stateless tally', () => {
  const compute = (request: RequestInputOf<typeof consensus.computeTally>) =>
    fixture.call(consensus.computeTally, request, tenant.me);

  it('counts and keeps nothing', async () => {
    const ballots = [{ ranking: [['A'], ['B']], count: 2 }, { ranking: [['B']] }];
    expect(await compute({ options: ['A', 'B'], rule: { method: 'schulze' }, ballots })).toMatchObject({
      status: 'decided',
      winners: ['A'],
      ranking: [['A'], ['B']],
      detail: { voters: 3, present: 3 },
    });
  });

  it('refuses what contradicts itself with its reason and place', async () => {
    const rule = { method: 'approval-gate' as const, quorum: { num: 1, den: 2 } };
    const error = await refusedWith(compute({ options: ['x'], rule, ballots: [{ vote: 'yes' }] }));
    expect(error).toMatchObject({
      code: 'consensus.tally.malformed',
      params: { reason: 'quorum-needs-eligible-weight', path: '/eligibleWeight' },
    });
  });

  it('reports every winner of a tie, and refuses one with too many orders', async () => {
    const rankings = (...orders: string[]) =>
      orders.map((order) => ({ ranking: [...order].map((option) => [option]) }));
    const ballots = rankings('ABC', 'BCA', 'CAB');
    for (const method of ['irv', 'ranked-pairs'] as const)
      expect(await compute({ options: ['A', 'B', 'C'], rule: { method }, ballots })).toMatchObject({
        status: 'tied',
        winners: ['A', 'B', 'C'],
      });
    const options = Array.from({ length: 60 }, (_, place) => `o${place}`);
    const each = options.map((_, by) => ({ ranking: options.map((_, place) => [options[(7 * place + by) % 60]!]) }));
    const error = await refusedWith(compute({ options, rule: { method: 'irv' }, ballots: each }));
    expect(error).toMatchObject({ code: 'consensus.tally.too-tied' });
  });
});
