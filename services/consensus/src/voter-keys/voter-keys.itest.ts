import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { consensus, events, newId, type RequestInputOf } from '@conclave/contracts';
import { refusalOf, refusedWith, testPrincipal, type CallAs, type TestPrincipal } from '@conclave/dev-env/testing';
import { startConsensus, type ConsensusFixture, type Tenant } from '../testing/consensus-fixture.js';
import { rawOf } from '../testing/raw-key.js';

let fixture: ConsensusFixture;
let tenant: Tenant;
beforeAll(async () => {
  fixture = await startConsensus();
  tenant = fixture.tenant();
});
afterAll(() => fixture.stop());

type Request = RequestInputOf<typeof consensus.enrolVoterKey>;
const freshKey = () => rawOf(generateKeyPairSync('ed25519').publicKey);
const enrol = (request: Partial<Request>, as: CallAs | TestPrincipal = tenant.me) =>
  fixture.call(consensus.enrolVoterKey, { name: 'key', publicKey: freshKey(), algorithm: 'ed25519', ...request }, as);
const revoke = (voterId: string, as: TestPrincipal = tenant.me) =>
  fixture.call(consensus.revokeVoterKey, { voterId }, as);

describe('the register of voter keys', () => {
  it('gives custody by who enrols, not by what they say', async () => {
    expect(await enrol({})).toMatchObject({ custody: 'external' });
    expect(await enrol({}, tenant.runtime)).toMatchObject({ custody: 'platform' });
  });

  it('tells the log of every enrolment and revocation, once', async () => {
    const publicKey = freshKey();
    const { voterId } = await enrol({ publicKey });
    await enrol({ voterId, publicKey });
    await revoke(voterId);
    await revoke(voterId);
    const told = (await fixture.emitted(undefined, tenant.me.tenantId)).filter(({ data }) => data['voter'] === voterId);
    expect(told.map(({ type }) => type)).toEqual([events.voterKeyEnrolled.type, events.voterKeyRevoked.type]);
  });

  it('has one key per voter and one voter per key', async () => {
    const publicKey = freshKey();
    const { voterId } = await enrol({ publicKey });
    expect(await refusalOf(enrol({ voterId }))).toBe('consensus.voter-key.exists');
    expect(await refusalOf(enrol({ publicKey }))).toBe('consensus.voter-key.exists');
    expect(await refusalOf(enrol({ voterId, publicKey }, tenant.runtime))).toBe('consensus.voter-key.exists');
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
    const { voterId } = await enrol({});
    const { tenantId, workspaceId } = tenant.me;
    const colleague = testPrincipal({ tenantId, workspaceId, scopes: ['voter-key:enrol'] });
    expect(await refusedWith(revoke(voterId, colleague))).toMatchObject({
      code: 'auth.forbidden',
      params: { permission: 'workspace:manage' },
    });
    expect(await revoke(voterId, testPrincipal({ tenantId, workspaceId }))).toMatchObject({ voterId });
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
