/** Mail to people, taken by a real SMTP server: what it says, what is kept of it, and what becomes of it when the server will not. */
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auth, events, invitations, mails, passkeys, signIns } from '@conclave/contracts';
import { refusalOf, refusedWith, SoftAuthenticator } from '@conclave/dev-env/testing';
import { Database, type PlacedEvent } from '@conclave/postgres-kit';
import { SMTPServer } from 'smtp-server';
import { DestroyDataKeys } from '../data-keys/destroy-data-keys.js';
import { ForgetSubject } from '../members/forget-subject.js';
import { SITE, edge, startAuth, type AuthFixture, type TestTenant } from '../testing/auth-fixture.js';
import { Egress } from '@conclave/nest-kit/egress';
import { Smtp } from './smtp.js';

interface Taken {
  readonly to: string[];
  readonly text: string;
}

/** A mail server; `refuse` is what it says to the next recipients. */
async function startSmtp(host = '127.0.0.1') {
  const taken: Taken[] = [];
  const world = { taken, refuse: undefined as number | undefined, url: '', stop: async () => undefined as void };
  const server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ['AUTH', 'STARTTLS'], logger: false },
    onRcptTo(_address, _session, done) {
      if (world.refuse === undefined) return done();
      done(Object.assign(new Error('no <secret@inside.example.com>'), { responseCode: world.refuse }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        taken.push({ to, text: Buffer.concat(chunks).toString().replaceAll('=\r\n', '').replaceAll('=3D', '=') });
        done();
      });
    },
  });
  await new Promise<void>((ready) => server.listen(0, host, ready));
  world.url = `smtp://${host}:${(server.server.address() as { port: number }).port}`;
  world.stop = () => new Promise((closed) => server.close(() => closed()));
  return world;
}

describe('mail', () => {
  let smtp: Awaited<ReturnType<typeof startSmtp>>;
  let fixture: AuthFixture;
  let a: TestTenant;

  beforeAll(async () => {
    smtp = await startSmtp();
    fixture = await startAuth({
      ...{ SMTP_URL: smtp.url, SMTP_FROM: 'conclave@example.com', SMTP_ALLOW: '127.0.0.0/8' },
    });
  });
  afterAll(async () => {
    await fixture.stop();
    await smtp.stop();
  });
  beforeEach(async () => {
    a = await fixture.createTenant();
    smtp.taken.length = 0;
    smtp.refuse = undefined;
  });

  const until = async <T>(look: () => T | Promise<T>): Promise<NonNullable<T>> => {
    for (const end = Date.now() + 15_000; ; await new Promise((again) => setTimeout(again, 50))) {
      const found = await look();
      if (found) return found;
      if (Date.now() > end) throw new Error('it did not come to pass');
    }
  };
  const invite = (more: object = {}, as = a) =>
    fixture.call(
      invitations.createInvitation,
      { name: 'Bo', email: 'bo@example.com', role: 'viewer', sendMail: true, ...more },
      as.principal,
    );
  const list = (as = a) => fixture.call(mails.listMails, {}, as.principal);
  const one = async (id: string, as = a) => (await list(as)).items.find((mail) => mail.id === id);
  const ended = (id: string) => until(async () => ((await one(id))?.endedAt === undefined ? undefined : one(id)));
  const subjectOf = ({ text }: Taken): string => /^Subject: (.*)$/m.exec(text)![1]!.trim();
  const row = async (id: string): Promise<string> =>
    (await fixture.database.query<{ all: string }>('select m::text as all from auth.mail m where id = $1', [id]))[0]!
      .all;
  const dueNow = (id: string) =>
    fixture.database.query(`update auth.mail set next_attempt_at = now() where id = $1 and state = 'queued'`, [id]);
  async function accept(link: string, device = new SoftAuthenticator(SITE)): Promise<string> {
    const secret = new URL(link).hash.slice(1);
    const { options } = await fixture.call(invitations.openLink, { link: secret }, edge);
    const accepted = { link: secret, registration: device.make(options), name: 'phone' };
    return (await fixture.call(invitations.acceptLink, accepted, edge)).secret;
  }

  it('brings an invitation, which is sealed until it is sent, and then gone', async () => {
    smtp.refuse = 451;
    const { id, link, mail } = await invite();
    const waiting = await until(async () => ((await one(mail!))?.lastError ? one(mail!) : undefined));
    expect(waiting).toMatchObject({ kind: 'invitation', state: 'queued', attempts: 1 });
    expect(waiting.lastError).toMatch(/^EENVELOPE 451/);
    const kept = await row(mail!);
    for (const clear of ['bo@example.com', new URL(link).hash.slice(1), 'Bo', 'secret@inside'])
      expect(kept).not.toContain(clear);
    smtp.refuse = undefined;
    await dueNow(mail!);
    expect(await ended(mail!)).toMatchObject({ state: 'sent', attempts: 2 });
    const [{ to, text }] = smtp.taken as [Taken];
    expect(to).toEqual(['bo@example.com']);
    expect(subjectOf({ to, text })).toBe(`You are invited to ${a.name}`);
    expect(text).toContain(`Message-ID: <${mail}@example.com>`);
    expect(text.split(link).length).toBeGreaterThanOrEqual(3);
    const [sealed] = await fixture.database.query<{ sealed: string | null }>(
      'select sealed from auth.mail where id = $1',
      [mail],
    );
    expect(sealed!.sealed).toBeNull();
    const told = JSON.stringify(await fixture.emitted(undefined, a.principal.tenantId));
    expect(told).toContain(events.mailSent.type);
    expect(told).not.toMatch(/bo@example|welcome#/);
    await expect(accept(link)).resolves.toBeDefined();
    expect(id).toMatch(/^lnk_/);
  });

  it('goes to one address, and from one tenant, so often and no oftener', async () => {
    const first = await invite();
    const renew = () => fixture.call(invitations.renewInvitation, { id: latest, sendMail: true }, a.principal);
    let latest = first.id;
    for (let n = 1; n < 9; n += 1) latest = (await renew()).id;
    const [last, refused] = await Promise.allSettled([invite(), invite({ email: 'BO@example.com' })]);
    expect([last.status, refused.status].toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await refusedWith(renew())).toMatchObject({ code: 'request.rate-limited', params: { limit: 10 } });
    await expect(invite({ email: 'cy@example.com' })).resolves.toHaveProperty('mail');
    await expect(invite({ sendMail: false })).resolves.not.toHaveProperty('mail');
    await expect(invite({}, await fixture.createTenant())).resolves.toHaveProperty('mail');
    const { tenantId } = a.principal;
    const more = `insert into auth.mail (tenant_id, id, kind, principal_id, link_id, created_at, next_attempt_at)
      select tenant_id, id || n, kind, principal_id, link_id, now(), now() + interval '1 day'
      from auth.mail, generate_series(1, 500) n where tenant_id = $1 and link_id = $2`;
    await fixture.database.query(more, [tenantId, first.id]);
    const someone = invite({ email: 'di@example.com' });
    expect(await refusedWith(someone)).toMatchObject({ code: 'request.rate-limited', params: { limit: 500 } });
    await fixture.database.query(`update auth.mail set created_at = now() - interval '1 hour' where tenant_id = $1`, [
      tenantId,
    ]);
    await expect(invite()).resolves.toHaveProperty('mail');
  });

  it('is given up when the server never will, or when what it brings opens nothing any more', async () => {
    smtp.refuse = 550;
    const { mail } = await invite();
    expect(await ended(mail!)).toMatchObject({ state: 'failed', attempts: 1, lastError: 'EENVELOPE 550 at RCPT TO' });
    smtp.refuse = 451;
    const waiting = await invite();
    await until(async () => (await one(waiting.mail!))?.lastError);
    smtp.refuse = undefined;
    await fixture.call(invitations.revokeInvitation, { id: waiting.id }, a.principal);
    await dueNow(waiting.mail!);
    expect(await ended(waiting.mail!)).toMatchObject({ state: 'failed', lastError: 'it is of no use any more' });
    smtp.refuse = 451;
    const lost = await invite();
    await until(async () => (await one(lost.mail!))?.lastError);
    await new DestroyDataKeys(fixture.service.app.get(Database)).run(a.principal.tenantId, 'mail');
    await dueNow(lost.mail!);
    expect(await ended(lost.mail!)).toMatchObject({ state: 'failed', lastError: 'its data key was destroyed' });
    await fixture.database.query(`update auth.mail set attempts = 8 where state = 'queued'`);
    const last = await invite();
    await fixture.database.query('update auth.mail set attempts = 8, next_attempt_at = now() where id = $1', [
      last.mail,
    ]);
    expect(await ended(last.mail!)).toMatchObject({ state: 'failed', attempts: 9 });
    expect(smtp.taken).toEqual([]);
    const told = await fixture.emitted(events.mailFailed.type, a.principal.tenantId);
    expect(told).toHaveLength(4);
  });

  it('is sent anew with a new link, and a recovery goes to the address that is known', async () => {
    const first = await invite();
    await ended(first.mail!);
    const second = await fixture.call(invitations.renewInvitation, { id: first.id, sendMail: true }, a.principal);
    expect(second.principal).toBe(first.principal);
    await ended(second.mail!);
    expect(await refusalOf(accept(first.link))).toBe('auth.link.invalid');
    const renew = (id: string, as = a) => fixture.call(invitations.renewInvitation, { id }, as.principal);
    expect(await refusalOf(renew(first.id))).toBe('auth.invitation.not-found');
    expect(await refusalOf(renew(second.id, await fixture.createTenant()))).toBe('auth.invitation.not-found');
    await accept(second.link);
    expect(await refusalOf(renew(second.id))).toBe('auth.invitation.not-found');
    const { mail } = await fixture.call(
      invitations.createRecovery,
      { id: first.principal, sendMail: true },
      a.principal,
    );
    await ended(mail!);
    expect(smtp.taken.map(subjectOf)).toContain(`Your way back into ${a.name}`);
    const stranger = await fixture.createTenant();
    expect((await list(stranger)).items).toEqual([]);
  });

  it('is refused where there is no address, and takes nothing from it but an address', async () => {
    expect(await refusalOf(invite({ email: undefined }))).toBe('auth.mail.unavailable');
    for (const email of [
      'a@example.com\r\nBcc: eve@example.com',
      'a@example.com, eve@example.com',
      'Eve <a@example.com>',
    ])
      expect(await refusalOf(invite({ email }))).toBe('request.invalid');
    const { principal, mail } = await invite({ name: 'Bo <eve@example.com>' });
    await ended(mail!);
    expect(smtp.taken.map(({ to }) => to)).toEqual([['bo@example.com']]);
    await fixture.database.query('update auth.person set email = $2 where principal_id = $1', [
      principal,
      'a@example.com\r\nDATA\r\nTo: eve@example.com',
    ]);
    const again = await fixture.call(invitations.createRecovery, { id: principal, sendMail: true }, a.principal);
    expect(await ended(again.mail!)).toMatchObject({ state: 'failed', lastError: 'no address' });
    expect(smtp.taken).toHaveLength(1);
  });

  it('tells a person of a new passkey, of one that is gone, of a recovery and of a browser not seen before', async () => {
    const { principal: id, link, mail } = await invite({ sendMail: false });
    expect(mail).toBeUndefined();
    const secret = await accept(link);
    const note = (device?: string, of = secret) =>
      fixture.call(mails.noteDevice, { secret: of, ...(device ? { device } : {}) }, edge);
    const { device } = await note();
    expect(await note(device)).toEqual({});
    const other = await note('planted by somebody');
    expect([other.device?.length, other.device === device]).toEqual([43, false]);
    const ada = await fixture.call(auth.createSignIn, { apiKey: a.key }, edge);
    expect((await note(device, ada.secret)).device).toBe(device);
    expect(await refusalOf(note(device, 'nobody'))).toBe('auth.unauthenticated');
    const me = await fixture.exchange(secret, 'sign-in');
    const { items } = await fixture.call(passkeys.listPasskeys, {}, me);
    await fixture.call(passkeys.removePasskey, { id: items[0]!.id }, me);
    const recovery = await fixture.call(invitations.createRecovery, { id }, a.principal);
    await accept(recovery.link);
    const expected = ['A passkey was added', 'You signed in', 'A passkey was removed', 'A recovery link'];
    await until(() => smtp.taken.length >= expected.length);
    expect(smtp.taken.map((it) => expected.find((start) => subjectOf(it).startsWith(start))).sort()).toEqual(
      [...expected].sort(),
    );
    expect(smtp.taken.every(({ to }) => to.join() === 'bo@example.com')).toBe(true);
    const subject = { ...({} as PlacedEvent), tenantId: a.principal.tenantId, data: { subject: id } };
    const { app } = fixture.service;
    await app
      .get(Database)
      .tx({ tenantId: a.principal.tenantId, actor: 'service:auth' }, (tx) =>
        app.get(ForgetSubject).forget(tx, subject),
      );
    expect((await list()).items).toEqual([]);
    expect((await fixture.call(signIns.listSignIns, {}, a.principal)).items.length).toBeGreaterThan(0);
  });

  it('goes to the address that was checked, and to none inside that is not allowed', async () => {
    const way = (host: string, egress: Egress) =>
      new Smtp({ SMTP_URL: smtp.url.replace('127.0.0.1', host), SMTP_FROM: 'conclave@example.com' }, egress);
    const mail = { id: 'mal_1', to: 'bo@example.com', subject: 'x', text: 'x', html: 'x' };
    const checked = new Egress(['127.0.0.0/8'], async () => [{ address: '127.0.0.1', family: 4 }]);
    // It is there, under a name that nobody else knows, and has no TLS.
    const atName = way('mail.example', checked).send(mail);
    await expect(atName).rejects.toMatchObject({ reason: expect.stringMatching(/ETLS|STARTTLS/) });
    const inside = way('127.0.0.1', new Egress([])).send(mail);
    await expect(inside).rejects.toMatchObject({ permanent: false, reason: 'the host has no public address' });
    await way('localhost', new Egress(['127.0.0.0/8'])).send(mail);
    expect(smtp.taken.map(({ to }) => to)).toEqual([['bo@example.com']]);
  });

  it('never goes over the network in the clear', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((it) => it?.family === 'IPv4' && !it.internal)?.address;
    if (outside === undefined) return;
    const plain = await startSmtp(outside);
    const config = { SMTP_URL: plain.url, SMTP_FROM: 'conclave@example.com' };
    const way = new Smtp(config, new Egress([`${outside}/32`]));
    const mail = { id: 'mal_1', to: 'bo@example.com', subject: 'x', text: 'x', html: 'x' };
    await expect(way.send(mail)).rejects.toMatchObject({
      permanent: false,
      reason: expect.stringMatching(/ETLS|STARTTLS/),
    });
    expect(plain.taken).toEqual([]);
    await plain.stop();
  });
});

describe('an installation without mail', () => {
  it('shows links as ever, sends nothing and knows no browsers', async () => {
    const fixture = await startAuth();
    const { principal } = await fixture.createTenant();
    const asked = { name: 'Bo', email: 'bo@example.com', role: 'viewer' as const };
    const sent = fixture.call(invitations.createInvitation, { ...asked, sendMail: true }, principal);
    expect(await refusalOf(sent)).toBe('auth.mail.unavailable');
    const { link } = await fixture.call(invitations.createInvitation, asked, principal);
    expect(link).toContain('/welcome#');
    expect(await fixture.call(mails.listMails, {}, principal)).toEqual({ items: [], available: false });
    await fixture.stop();
  });
});
