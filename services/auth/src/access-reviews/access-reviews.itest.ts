import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { accessReviews, auth, events, tenantRoles, tenants, type Permission } from '@conclave/contracts';
import { refusalOf, refusedWith, type TestPrincipal } from '@conclave/dev-env/testing';
import { Database } from '@conclave/postgres-kit';
import { startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { closeDueReviews } from './close-due-reviews.js';

const reason = 'looked at it';
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

let fixture: AuthFixture;
let tenant: TestTenant;
let admin: TestPrincipal;

beforeAll(async () => {
  fixture = await startAuth();
});
beforeEach(async () => {
  tenant = await fixture.createTenant();
  admin = tenant.principal;
});
afterAll(() => fixture.stop());

const begin = (more: object = {}, as = admin) =>
  fixture.call(accessReviews.createAccessReview, { name: 'Autumn', dueAt: inDays(7), ...more }, as);
const items = async (id: string, more: object = {}) =>
  (await fixture.call(accessReviews.listAccessReviewItems, { id, limit: '100', ...more }, admin)).items;
const decide = (id: string, subject: string, decision: 'keep' | 'revoke', as = admin) =>
  fixture.call(accessReviews.decideAccess, { id, subject, decision, reason }, as);
const close = (id: string, as = admin) => fixture.call(accessReviews.closeAccessReview, { id }, as);
const reportOf = async (id: string, limit: number): Promise<string[]> => {
  const lines: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await fixture.call(accessReviews.getAccessReviewReport, { id, limit, ...(after && { after }) }, admin);
    lines.push(...page.items);
    after = page.next;
    if (after === undefined) return lines;
  }
};
const add = async (role: string, name = 'Bo'): Promise<string> =>
  (await fixture.call(auth.addMember, { name, kind: 'user', role }, admin)).principal.id;
const keyOf = (principal: string, scopes?: Permission[]) =>
  fixture.call(auth.createApiKey, { name: 'ci', principal, ...(scopes && { scopes }) }, admin);
const told = async (type: string) => (await fixture.emitted(type, admin.tenantId)).map(({ data }) => data);
const outcomes = async (id: string) =>
  Object.fromEntries((await items(id)).map(({ subject, outcome, failure }) => [subject, failure ?? outcome]));

describe('access reviews', () => {
  it('hold every member and key as they were, and leave a report whose digest is told', async () => {
    const [bo, cy] = [await add('developer'), await add('viewer', 'Cy')];
    const key = await keyOf(bo, ['self:read']);
    await fixture.exchange(key.key);
    const review = await begin();
    expect(review).toMatchObject({ name: 'Autumn', undecided: 'keep', items: 5, decided: 0 });
    const all = await items(review.id);
    expect(all.find(({ subject }) => subject === key.id)).toMatchObject({
      ...{ kind: 'api-key', name: 'ci', scopes: ['self:read'], principal: { id: bo, name: 'Bo' } },
      lastUsedAt: expect.stringMatching(/Z$/),
    });
    expect(all.find(({ subject }) => subject === cy)).toEqual({
      ...{ subject: cy, kind: 'member', role: 'viewer', principal: { id: cy, kind: 'user', name: 'Cy' } },
    });
    await decide(review.id, cy, 'keep');
    await decide(review.id, cy, 'revoke');
    await decide(review.id, key.id, 'revoke');
    await decide(review.id, bo, 'keep');
    expect((await items(review.id, { only: 'open' })).map(({ subject }) => subject)).toEqual(
      [admin.principal.id, tenant.keyId].sort(),
    );
    const closed = await close(review.id);
    expect(closed).toMatchObject({ decided: 3, closedBy: admin.principal.id });
    expect(await outcomes(review.id)).toEqual({
      ...{ [cy]: 'revoked', [key.id]: 'revoked', [bo]: 'kept' },
      ...{ [admin.principal.id]: 'kept', [tenant.keyId]: 'kept' },
    });
    expect(await refusalOf(fixture.exchange(key.key))).toBe('auth.unauthenticated');
    const lines = await reportOf(review.id, 2);
    expect(lines).toEqual(await reportOf(review.id, 100));
    expect(lines).toHaveLength(6);
    expect(lines.join()).not.toMatch(/"Bo"|"Cy"|Autumn/);
    const sha256 = createHash('sha256')
      .update(lines.map((line) => `${line}\n`).join(''))
      .digest('hex');
    expect(closed.sha256).toBe(sha256);
    expect(await told(events.accessReviewClosed.type)).toEqual([
      {
        ...{ review: review.id, workspace: admin.workspaceId, sha256 },
        ...{ items: 5, kept: 3, revoked: 2 },
        gone: 0,
        changed: 0,
        failed: 0,
      },
    ]);
    expect(await told(events.accessReviewDecided.type)).toHaveLength(4);
    expect(await told(events.memberDisabled.type)).toMatchObject([{ principal: cy }]);
  });

  it('leave what changed or ended meanwhile, and what cannot end, as it is, and say so', async () => {
    const [bo, cy] = [await add('viewer'), await add('viewer', 'Cy')];
    const owner = await add('administrator', 'Eve');
    await fixture.call(tenants.addOwner, { id: owner }, admin);
    const eve = await fixture.exchange((await keyOf(owner)).key);
    const { id } = await begin();
    for (const subject of [bo, cy]) await decide(id, subject, 'revoke');
    expect(await refusalOf(decide(id, admin.principal.id, 'revoke', eve))).toBe('auth.access-review.owner');
    await fixture.call(auth.changeMember, { id: bo, role: 'developer' }, admin);
    await fixture.call(auth.disableMember, { id: cy }, admin);
    await fixture.call(auth.disableMember, { id: eve.principal.id }, admin);
    await close(id);
    expect(await outcomes(id)).toMatchObject({
      ...{ [bo]: 'changed', [cy]: 'gone', [eve.principal.id]: 'gone' },
      [admin.principal.id]: 'kept',
    });
  });

  it('close by themselves when they are due, once, and end what nobody spoke for where that was wanted', async () => {
    const bo = await add('viewer');
    const { id } = await begin({ undecided: 'revoke' });
    const waiting = await begin({ undecided: 'revoke' });
    await fixture.database.query(`update auth.access_review set due_at = now() where id = $1`, [id]);
    const db = fixture.service.app.get(Database);
    await Promise.all([closeDueReviews(db), closeDueReviews(db)]);
    expect(await fixture.call(accessReviews.getAccessReview, { id }, admin)).toMatchObject({
      closedBy: 'service:auth',
    });
    expect(await outcomes(id)).toMatchObject({
      [bo]: 'revoked',
      [admin.principal.id]: 'auth.access-review.owner',
      [tenant.keyId]: 'auth.scope.too-wide',
    });
    expect(await told(events.accessReviewClosed.type)).toHaveLength(1);
    expect(await fixture.call(accessReviews.getAccessReview, { id: waiting.id }, admin)).not.toHaveProperty('closedAt');
  });

  it('refuse what nobody may decide, each by its code', async () => {
    const permissions: Permission[] = ['access-review:manage', 'member:read', 'self:read'];
    await fixture.call(tenantRoles.createRole, { name: 'reviewer', permissions }, admin);
    const bo = await add('reviewer');
    const reviewer = await fixture.exchange((await keyOf(bo)).key);
    const dev = await add('developer', 'Dev');
    const wide = await keyOf(dev);
    const { id } = await begin();
    const stranger = (await fixture.createTenant()).principal;
    const elsewhere = await fixture.call(auth.createWorkspace, { name: 'elsewhere' }, admin);
    const there = { ...admin, workspaceId: elsewhere.id };
    const refusals: [() => Promise<unknown>, string][] = [
      [() => decide(id, bo, 'keep', reviewer), 'auth.access-review.own-access'],
      [() => decide(id, reviewer.credentialId!, 'revoke', reviewer), 'auth.access-review.own-access'],
      [() => decide(id, dev, 'revoke', reviewer), 'auth.role.too-wide'],
      [() => decide(id, wide.id, 'revoke', reviewer), 'auth.scope.too-wide'],
      [() => begin({ undecided: 'revoke' }, reviewer), 'auth.role.too-wide'],
      [() => decide(id, stranger.principal.id, 'keep'), 'auth.access-review.not-found'],
      [() => fixture.call(accessReviews.getAccessReviewReport, { id }, admin), 'auth.access-review.open'],
      [() => begin({ dueAt: inDays(-1) }), 'request.invalid'],
      [() => begin({ dueAt: inDays(800) }), 'request.invalid'],
      ...[stranger, there].flatMap((as): [() => Promise<unknown>, string][] => [
        [() => decide(id, dev, 'keep', as), 'auth.access-review.not-found'],
        [() => close(id, as), 'auth.access-review.not-found'],
        [() => fixture.call(accessReviews.getAccessReview, { id }, as), 'auth.access-review.not-found'],
        [() => fixture.call(accessReviews.listAccessReviewItems, { id }, as), 'auth.access-review.not-found'],
        [() => fixture.call(accessReviews.getAccessReviewReport, { id }, as), 'auth.access-review.not-found'],
      ]),
    ];
    for (const [call, code] of refusals) expect(await refusalOf(call())).toBe(code);
    expect(await decide(id, dev, 'keep', reviewer)).toMatchObject({ decidedBy: bo });
    const sweeping = await begin({ undecided: 'revoke' });
    expect(await refusalOf(close(sweeping.id, reviewer))).toBe('auth.role.too-wide');
    await close(id, reviewer);
    expect(await refusalOf(close(id))).toBe('auth.access-review.closed');
    expect(await refusalOf(decide(id, dev, 'revoke'))).toBe('auth.access-review.closed');
    for (let open = 1; open < 20; open++) await begin();
    expect(await refusedWith(begin())).toMatchObject({ code: 'auth.access-review.too-many', params: { limit: 20 } });
    expect((await fixture.call(accessReviews.listAccessReviews, {}, there)).items).toEqual([]);
    const page = await fixture.call(accessReviews.listAccessReviews, { limit: '15' }, admin);
    const rest = await fixture.call(accessReviews.listAccessReviews, { limit: '15', after: page.next! }, admin);
    expect([page.items.length, rest.items.length, rest.next]).toEqual([15, 6, undefined]);
  });
});
