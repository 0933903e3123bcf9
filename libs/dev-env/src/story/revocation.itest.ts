/**
 * What ends what, and how soon, over the public surface: whatever opens something dies within five seconds of what takes it
 * away, at the edge, in streams and at work; all else lives on. `docs/revocation.md` is this table in words. Its platform
 * has a model, so that work from the command line is tried on it, too.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { Holder, type Site } from './holder.js';
import { startSlowModel, type SlowModel } from './slow-model.js';
import { workCases } from './work-cases.js';

const WITHIN_MS = 5_000;
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** How something ends that a person holds. */
const unknown = '401 auth.unauthenticated';
const suspended = '403 auth.tenant.suspended';
const cut = 'cut';
const closed = 'closed with 4401';

const oneselfOf = (by: 'cookie' | 'token' | 'key', said: string) => ({
  [by]: said,
  [`SSE by ${by}`]: cut,
  [`WebSocket by ${by}`]: closed,
});
const signedIn = oneselfOf('cookie', unknown);
const program = { ...oneselfOf('token', unknown), 'refresh token': '400 invalid_grant' };
const byKey = { ...oneselfOf('key', unknown), 'cookie of the key': unknown };
const canceled = 'canceled, and its model call is abandoned';
/** What was set to work with a key and with what was opened with it, and through a provider. */
const workOfKey = { 'run by key': canceled, 'run by cookie of the key': canceled };
const workOfProvider = { 'run by cookie': canceled, 'run by token': canceled };
const work = { ...workOfKey, ...workOfProvider };
const everything = { ...signedIn, ...program, ...byKey, ...work };

interface Ending {
  readonly when: string;
  readonly does: (holder: Holder) => Promise<unknown>;
  /** What dies of it, and how. All else lives on. */
  readonly dies: Readonly<Record<string, string>>;
}

describe('what a person holds', () => {
  let platform: Constellation;
  let model: SlowModel;
  let site: Site;
  /** Another member, whom nothing of it concerns. */
  let other: Holder;
  let gone: Holder | undefined;

  beforeAll(async () => {
    model = await startSlowModel();
    const unlimited = String(1_000_000);
    platform = await startConstellation({
      env: {
        ...{ OPENAI_COMPATIBLE_BASE_URL: model.url, OPENAI_COMPATIBLE_MODEL: 'gpt-5.1', MODELS_ALLOW: '127.0.0.0/8' },
        WORKER_SLOTS: '64',
        ...{ RATE_LIMIT_PRINCIPAL: unlimited, RATE_LIMIT_ADDRESS: unlimited },
      },
    });
    const origin = `http://localhost:${new URL(platform.gateway).port}`;
    site = { origin, adminKey: platform.apiKey, model };
    other = await Holder.arrive(site, 'bystander');
  }, 240_000);
  afterAll(async () => {
    other?.leave();
    await platform?.stop();
    model?.stop();
  }, 60_000);

  const admin = (method: string, path: string, body?: object) => other.admin(method, path, body);
  const endings: Ending[] = [
    {
      when: 'a directory says `active: false` (SCIM)',
      does: ({ principal }) => {
        const Operations = [{ op: 'replace', path: 'active', value: false }];
        return admin('PATCH', `/scim/v2/Users/${principal}`, { schemas: [PATCH], Operations });
      },
      dies: everything,
    },
    {
      when: 'they are removed',
      does: ({ principal }) => admin('DELETE', `/v1/members/${principal}`),
      dies: everything,
    },
    { when: 'their key is revoked', does: ({ keyId }) => admin('DELETE', `/v1/api-keys/${keyId}`), dies: byKey },
    {
      when: 'their key is revoked and its runs are stopped',
      does: ({ keyId }) => admin('DELETE', `/v1/api-keys/${keyId}?runs=cancel`),
      dies: { ...byKey, ...workOfKey },
    },
    {
      when: 'all their sign-ins are ended',
      does: ({ principal }) => admin('DELETE', '/v1/sign-ins', { principal }),
      dies: { ...signedIn, ...program, 'cookie of the key': unknown },
    },
    {
      when: 'their provider is disabled',
      does: ({ connection }) => admin('PATCH', `/v1/connections/${connection.id}`, { enabled: false }),
      dies: { ...signedIn, ...program },
    },
    {
      when: 'their provider is disabled and the runs are stopped',
      does: ({ connection }) => admin('PATCH', `/v1/connections/${connection.id}`, { enabled: false, runs: 'cancel' }),
      dies: { ...signedIn, ...program, ...workOfProvider },
    },
    {
      when: 'their provider is deleted',
      does: ({ connection }) => admin('DELETE', `/v1/connections/${connection.id}`),
      dies: { ...signedIn, ...program },
    },
    {
      when: 'their provider is deleted and the runs are stopped',
      does: ({ connection }) => admin('DELETE', `/v1/connections/${connection.id}?runs=cancel`),
      dies: { ...signedIn, ...program, ...workOfProvider },
    },
    {
      when: 'their provider vouches for them no more',
      does: ({ connection, principal }) => admin('DELETE', `/v1/connections/${connection.id}/identities/${principal}`),
      dies: { ...signedIn, ...program },
    },
    { when: 'they stop the program', does: (holder) => holder.stopProgram(), dies: program },
    {
      when: 'the program is deleted',
      does: ({ client }) => admin('DELETE', `/v1/oauth-clients/${client}`),
      // A refresh under way may have found the program, and then finds no grant.
      dies: {
        ...program,
        'refresh token': expect.stringMatching(/^(401 invalid_client|400 invalid_grant)$/) as unknown as string,
      },
    },
  ];

  it.each(endings)(
    'dies within 5 s, or lives on, when $when',
    async ({ when, does, dies }) => {
      const holder = await Holder.arrive(site, when);
      const tookMs = await holder.loses(dies, () => does(holder));
      report(when, tookMs);
      expect(Math.max(...tookMs.values())).toBeLessThan(WITHIN_MS);
      await holder.stillHas((name) => !(name in dies));
      await other.stillHas(() => true);
      holder.leave();
      if (dies === everything) gone = holder;
    },
    60_000,
  );

  it('is no more when Redis has forgotten everything, and no less', async () => {
    await platform.wipeRedis();
    await other.stillHas(() => true);
    for (const [name, said] of Object.entries(everything))
      if (gone!.asks.has(name)) expect([name, await gone!.asks.get(name)!()]).toEqual([name, said]);
  });

  it('waits for them while their tenant is suspended, and opens nothing meanwhile', async () => {
    const asOperator = (act: string) =>
      other.admin('POST', `/v1/tenants/${platform.tenant}/${act}`, act === 'suspend' ? { reason: 'unpaid' } : {}, {
        key: platform.operatorKey!,
      });
    const opens = Object.keys(everything).filter((name) => !(name in work));
    const dies = Object.fromEntries(
      opens.map((name) => [name, name.startsWith('SSE') ? cut : name.startsWith('Web') ? closed : suspended]),
    );
    const tookMs = await other.loses(dies, () => asOperator('suspend'));
    report('their tenant is suspended', tookMs);
    expect(Math.max(...tookMs.values())).toBeLessThan(WITHIN_MS);
    const me = await fetch(`${site.origin}/v1/me`, { headers: { authorization: `Bearer ${platform.apiKeyB}` } });
    expect(me.status).toBe(200);
    await asOperator('resume');
    await other.hasAgain(opens.filter((name) => other.asks.has(name)));
    await other.finishesItsRuns();
  }, 60_000);

  workCases(() => ({ platform, model }));
});

/** For whoever reads the log: how long each of it took, from when the request began that ended it. */
function report(when: string, tookMs: ReadonlyMap<string, number>): void {
  const said = [...tookMs].map(([name, ms]) => `${name} ${Math.round(ms)}`).join(', ');
  process.stdout.write(`ms until it died when ${when}: ${said}\n`);
}
