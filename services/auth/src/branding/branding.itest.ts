import { deflateSync, crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auth, connections, events, invitations, tenants, type RequestInputOf } from '@conclave/contracts';
import { refusalOf, type TestPrincipal } from '@conclave/dev-env/testing';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';

type Change = RequestInputOf<typeof tenants.changeOwnTenant>;

function png(width: number, height = width): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0], 8);
  const rows = deflateSync(Buffer.alloc((width + 1) * height));
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}
const logo = png(64).toString('base64');

describe('how a tenant and its people show themselves', () => {
  let fixture: AuthFixture;
  let a: TestTenant;
  let owner: TestPrincipal;

  beforeAll(async () => {
    fixture = await startAuth();
    a = await fixture.createTenant();
    owner = a.principal;
  });
  afterAll(() => fixture.stop());

  const brand = (change: Change) => fixture.call(tenants.changeOwnTenant, change, owner);
  const atTheDoor = async () => {
    const opened = await fixture.call(invitations.openLink, { link: a.welcome.split('#')[1]! }, edge);
    const options = await fixture.call(connections.listSignInOptions, { tenant: a.name }, edge);
    return [opened.branding, options.branding];
  };

  it('is seen where people sign in, as its owners chose, and nowhere before', async () => {
    expect(await atTheDoor()).toEqual([undefined, undefined]);
    const branding = { displayName: 'Acme Works', accent: '#0b5d3b', logo };
    expect(await brand(branding)).toEqual({ id: owner.tenantId, name: a.name, branding });
    expect(await atTheDoor()).toEqual([branding, branding]);
    expect(await brand({ accent: null })).toMatchObject({ branding: { displayName: 'Acme Works', logo } });
    expect(await fixture.call(tenants.getOwnTenant, {}, owner)).toMatchObject({ branding: { logo } });
    const told = await fixture.emitted(events.brandingChanged.type, owner.tenantId);
    expect(told.map(({ data }) => data)).toEqual([
      { changed: ['accent', 'displayName', 'logo'] },
      { changed: ['accent'] },
    ]);
  });

  it.each<[string, Change]>([
    ['a colour that white text is lost on', { accent: '#ffe900' }],
    ['a colour just below', { accent: '#777777' }],
    ['no picture', { logo: Buffer.from('<svg onload="alert(1)"/>'.repeat(4)).toString('base64') }],
    ['a picture cut short', { logo: png(64).subarray(0, -4).toString('base64') }],
    ['a picture with more behind it', { logo: Buffer.concat([png(64), Buffer.from('<script>')]).toString('base64') }],
    ['too many pixels', { logo: png(513, 8).toString('base64') }],
  ])('is never %s', async (_what, change) => {
    expect(await refusalOf(brand(change))).toBe('auth.branding.unfit');
  });

  it('is never more than a request may hold', async () => {
    expect(await refusalOf(brand({ logo: Buffer.alloc(40_000).toString('base64') }))).toBe('request.invalid');
    expect(await refusalOf(brand({ accent: 'red; background: url(x)' }))).toBe('request.invalid');
  });

  it('says what people are called and how they like what they see', async () => {
    const change = (wanted: RequestInputOf<typeof auth.changeMe>, as = owner) =>
      fixture.call(auth.changeMe, wanted, as);
    const preferences = { locale: 'pt-BR', timeZone: 'Europe/Lisbon', theme: 'dark' as const };
    expect(await change({ name: 'Ada L.', ...preferences })).toMatchObject({
      principal: { name: 'Ada L.' },
      preferences,
    });
    expect(await change({ theme: 'light' })).toMatchObject({ preferences: { ...preferences, theme: 'light' } });
    expect(await fixture.call(auth.getMe, {}, owner)).toMatchObject({ principal: { name: 'Ada L.' } });
    for (const bad of [{ locale: 'not a locale' }, { timeZone: 'Mars/Olympus' }, { name: '' }])
      expect(await refusalOf(change(bad))).toBe('request.invalid');
    const other = (await fixture.createTenant()).principal;
    expect(await refusalOf(change({ name: 'x' }, { ...owner, tenantId: other.tenantId }))).toBe('auth.unauthenticated');
    const told = await fixture.emitted(events.profileChanged.type, owner.tenantId);
    expect(JSON.stringify(told)).not.toContain('Lisbon');
    expect(told[0]!.data).toEqual({
      principal: owner.principal.id,
      changed: ['locale', 'name', 'theme', 'timeZone'],
    });
  });
});
