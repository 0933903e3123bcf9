/** Mail domains: claimed by anybody, proven by their DNS, one tenant's at a time, and lost when the DNS says so no more. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connections, events, mailDomains } from '@conclave/contracts';
import { refusalOf, startDns, testIdp, type TestDns } from '@conclave/dev-env/testing';
import { edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { RecheckDomains } from './recheck-domains.js';

const idp = testIdp();

describe('a mail domain', () => {
  let dns: TestDns;
  let fixture: AuthFixture;
  let [a, b]: TestTenant[] = [];
  let domain: string;
  let named = 0;

  beforeAll(async () => {
    dns = await startDns();
    fixture = await startAuth({ DNS_SERVERS: dns.address });
  });
  afterAll(async () => {
    await fixture.stop();
    await dns.stop();
  });
  beforeEach(async () => {
    [a, b] = [await fixture.createTenant(), await fixture.createTenant()];
    domain = `d${(named += 1)}.example.com`;
    dns.silent = false;
    for (const tenant of [a, b])
      await fixture.call(
        connections.createConnection,
        { name: tenant.name, settings: { kind: 'saml', metadata: idp.metadata }, emailDomains: [domain] },
        tenant.principal,
      );
  });

  const claim = (tenant = a!, of = domain) =>
    fixture.call(mailDomains.claimMailDomain, { domain: of }, tenant.principal);
  const check = (id: string, tenant = a!) => fixture.call(mailDomains.checkMailDomain, { id }, tenant.principal);
  const release = (id: string, tenant = a!) => fixture.call(mailDomains.releaseMailDomain, { id }, tenant.principal);
  const put = ({ record }: Awaited<ReturnType<typeof claim>>, as = [[record.value]]) => dns.texts.set(record.name, as);
  const shown = async () =>
    (await fixture.call(connections.listSignInOptions, { email: `ada@${domain}` }, edge)).connections.map(
      ({ name }) => name,
    );
  const told = async (tenant = a!) =>
    (await fixture.emitted(undefined, tenant.principal.tenantId))
      .filter(({ type }) => type.startsWith('mail-domain.'))
      .map(({ type }) => type);
  const recheck = async (sql = '') => {
    await fixture.database.query(
      `update auth.mail_domain set next_check_at = now() - interval '1 second' ${sql} where proven_at is not null`,
    );
    await fixture.service.app.get(RecheckDomains).rounds.run();
  };

  it('leads nobody anywhere before its DNS says whose it is, in exactly the words it was given', async () => {
    const claimed = await claim();
    expect(claimed).toMatchObject({
      domain,
      state: 'waiting',
      record: { name: `_conclave-challenge.${domain}`, type: 'TXT' },
    });
    expect(await claim()).toEqual(claimed);
    expect(await shown()).toEqual([]);
    const { value } = claimed.record;
    for (const wrong of [[['x']], [[`${value}x`]], [[value.toUpperCase()]], [[` ${value}`]], [['v=spf1 -all'], ['']]]) {
      put(claimed, wrong);
      expect([wrong, (await check(claimed.id)).state]).toEqual([wrong, 'waiting']);
    }
    dns.texts.delete(claimed.record.name);
    dns.texts.set(domain, [[value]]);
    expect((await check(claimed.id)).state).toBe('waiting');
    put(claimed, [['v=spf1 -all'], [value.slice(0, 20), value.slice(20)]]);
    expect(await check(claimed.id)).toMatchObject({ state: 'proven' });
    expect(await shown()).toEqual([a!.name]);
    expect(await told()).toEqual([events.mailDomainClaimed.type, events.mailDomainProven.type]);
  });

  it('is one tenant’s at a time, and not proven by what another tenant was given', async () => {
    const [mine, theirs] = [await claim(), await claim(b)];
    expect(mine.record.value).not.toBe(theirs.record.value);
    put(mine);
    expect((await check(theirs.id, b)).state).toBe('waiting');
    expect(await refusalOf(check(mine.id, b))).toBe('auth.mail-domain.not-found');
    expect(await refusalOf(release(mine.id, b))).toBe('auth.mail-domain.not-found');
    await check(mine.id);
    put(mine, [[mine.record.value], [theirs.record.value]]);
    expect(await refusalOf(check(theirs.id, b))).toBe('auth.mail-domain.taken');
    expect(await shown()).toEqual([a!.name]);
    await release(mine.id);
    expect(await shown()).toEqual([]);
    expect((await check(theirs.id, b)).state).toBe('proven');
    expect(await shown()).toEqual([b!.name]);
  });

  it('is one tenant’s also when two prove it at once', async () => {
    const both = [await claim(), await claim(b)];
    put(
      both[0]!,
      both.map(({ record }) => [record.value]),
    );
    const outcomes = await Promise.allSettled([check(both[0]!.id), check(both[1]!.id, b)]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await shown()).toHaveLength(1);
  });

  it('is looked for again, and lost once its DNS has not said so for a week, not in an hour of silence', async () => {
    const claimed = await claim();
    put(claimed);
    await check(claimed.id);
    await recheck();
    const state = async () => (await fixture.call(mailDomains.listMailDomains, {}, a!.principal)).items[0]!.state;
    expect(await state()).toBe('proven');
    dns.texts.delete(claimed.record.name);
    await recheck();
    expect([await state(), await shown()]).toEqual(['failing', [a!.name]]);
    put(claimed);
    await recheck();
    expect(await state()).toBe('proven');
    dns.silent = true;
    await recheck();
    expect([await state(), await shown()]).toEqual(['failing', [a!.name]]);
    dns.silent = false;
    dns.texts.delete(claimed.record.name);
    await recheck(`, failing_since = now() - interval '7 days'`);
    expect([await state(), await shown()]).toEqual(['waiting', []]);
    expect((await told()).at(-1)).toBe(events.mailDomainLost.type);
  });

  it('is a domain in lower case, and a tenant has fifty', async () => {
    for (const bad of [
      '',
      'com',
      'Example.com',
      'a..com',
      'x'.repeat(300),
      'exa mple.com',
      '*.example.com',
      'example.com.',
    ])
      expect([bad, await refusalOf(claim(a, bad))]).toEqual([bad, 'request.invalid']);
    await fixture.database.query(
      `insert into auth.mail_domain (tenant_id, id, domain, token, created_at)
       select $1, 'mdm_' || n, n || '.example.com', 'x', now() from generate_series(1, 50) n`,
      [a!.principal.tenantId],
    );
    expect(await refusalOf(claim())).toBe('auth.mail-domain.too-many');
  });
});
