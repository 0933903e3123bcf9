/** The Big List of Naughty Strings at every place of every request. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { testIdp } from '../testing/test-idp.js';
import { send } from './edge-strangers.js';
import { openSignIn } from './log-in.js';
import { askingPlaces } from './naughty-askings.js';
import { at, naughty, requestWith, textsIn, textsOf, withText } from './naughty-strings.js';
import { closeOf, readHeaders, statusOf } from './naughty-wire.js';
import { Api } from './program-voter.js';
import { ask, furnish, routeOf, routes, type Answer, type Routed } from './strangers.js';

const AT_ONCE = 16;
const CORE = 'urn:ietf:params:scim:schemas:core:2.0';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const person = {
  ...{ schemas: [`${CORE}:User`, ENTERPRISE], userName: 'ada@example.com', externalId: 'x', displayName: 'x' },
  ...{ nickName: 'x', title: 'x', userType: 'x', locale: 'en', preferredLanguage: 'en', timezone: 'UTC' },
  profileUrl: 'https://example.com/ada',
  name: {
    formatted: 'x',
    givenName: 'x',
    familyName: 'x',
    middleName: 'x',
    honorificPrefix: 'x',
    honorificSuffix: 'x',
  },
  emails: [{ value: 'ada@example.com', display: 'x', type: 'work' }],
  phoneNumbers: [{ value: 'x', display: 'x', type: 'work' }],
  addresses: [{ formatted: 'x', streetAddress: 'x', locality: 'x', region: 'x', postalCode: 'x', country: 'x' }],
  entitlements: [{ value: 'x', display: 'x' }],
  [ENTERPRISE]: { employeeNumber: 'x', costCenter: 'x', organization: 'x', division: 'x', department: 'x' },
};
const team = { schemas: [`${CORE}:Group`], displayName: 'x', externalId: 'x' };

let platform: Constellation;
let ids: ReadonlyMap<string, string>;
const nobody = (prefix: string): string => `${prefix}_01jc8xq3v9e601s0m7t4n2k5r9`;
const idOf = (prefix: string): string => ids.get(prefix) ?? nobody(prefix);
const jsonOf = ({ text }: Answer): unknown => (text.startsWith('{') ? JSON.parse(text) : undefined);

beforeAll(async () => {
  const unlimited = String(100_000_000);
  platform = await startConstellation({ env: { RATE_LIMIT_PRINCIPAL: unlimited, RATE_LIMIT_ADDRESS: unlimited } });
  ids = await furnish(platform.gateway, platform.apiKey);
}, 240_000);
afterAll(() => platform.stop(), 60_000);

/** Tries every string at every place, some at once; each attempt says what is wrong with what came of it. */
async function everyString<Place>(
  places: readonly Place[],
  attempt: (place: Place, text: string, worker: number) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const queue = places.flatMap((place) => naughty.map((text) => ({ place, text })));
  const faults: string[] = [];
  const worker = async (n: number): Promise<void> => {
    for (let one = queue.pop(); one; one = queue.pop()) faults.push(...(await attempt(one.place, one.text, n)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => worker(n)));
  return faults;
}

/** What an answer has at a place where it is another text than was sent. */
function changed(answer: Answer, path: Parameters<typeof at>[1], text: string): string[] {
  const given = answer.status < 300 ? at(jsonOf(answer), path) : undefined;
  return typeof given === 'string' && given !== text ? [`came back as ${JSON.stringify(given)}`] : [];
}

it('the public API takes naughty strings at every place, or says why not, and gives back what it took', async () => {
  const asked = routes.filter(({ transport }) => transport !== 'stream');
  const places = asked.flatMap((route) => textsOf(route).map((path) => ({ route, path })));
  expect(places.length).toBeGreaterThan(200);
  const tell = (route: Routed, request: object) =>
    ask(platform.gateway, platform.apiKey, route, request as Parameters<typeof ask>[3]);
  /** What is made is read and then removed, so that it is never one too many. */
  const madeBy = ({ http: { method, path } }: Routed, answer: Answer) => {
    const id = (jsonOf(answer) as { id?: string } | undefined)?.id;
    const of = (verb: string) => routes.find(({ http }) => http.method === verb && http.path === `${path}/{id}`);
    return method === 'POST' && answer.status === 201 && id !== undefined
      ? { id, reader: of('GET'), remover: of('DELETE') }
      : undefined;
  };
  const faults = await everyString(places, async ({ route, path }, text) => {
    // What the others are asked with stays: nothing that is there is deleted.
    const request = requestWith(route, path, text, route.http.method === 'DELETE' ? nobody : idOf);
    const answer = await tell(route, request);
    const made = madeBy(route, answer);
    const read = made?.reader && (await tell(made.reader, { id: made.id }));
    const removed = made?.remover && (await tell(made.remover, { id: made.id }));
    const wrong = [answer, read, removed].filter((one) => one !== undefined && one.status >= 500);
    const said = [...wrong.map((one) => String(one!.status)), ...changed(answer, path, text)];
    return [...said, ...(read ? changed(read, path, text) : [])].map(
      (fault) => `${routeOf(route)} ${path.join('/')} ${JSON.stringify(text)} ${fault}`,
    );
  });
  expect(faults).toEqual([]);
}, 3_600_000);

describe('the edge, at routes of its own,', () => {
  it('takes naughty strings at every place of sign-ins, OAuth, SAML, SCIM and deliveries, or says why not', async () => {
    const { gateway, apiKey } = platform;
    const page = openSignIn(gateway, apiKey);
    const caller = { gateway, apiKey, browser: () => page, own: ids };
    const settings = { kind: 'saml', metadata: testIdp().metadata };
    const api = new Api(gateway, apiKey);
    const saml = await api.call<{ id: string }>('POST', '/v1/connections', { name: 'naughty', settings });
    const places = askingPlaces(idOf, saml.id);
    expect(places.length).toBeGreaterThan(150);
    const faults = await everyString(places, async ({ route, name, asking }, text) => {
      const answer = await send(caller, route, asking(text));
      const isRun = /<!doctype html/i.test(answer.text) && text.includes('<') && answer.text.includes(text);
      return answer.status >= 500 || isRun ? [`${answer.status} ${name} ${JSON.stringify(asking(text))}`] : [];
    });
    expect(faults).toEqual([]);
  }, 1_800_000);

  it('keeps what a directory says of people and groups, to the letter and at any depth (SCIM)', async () => {
    const scim = async (method: string, path: string, body?: object): Promise<Answer> => {
      const headers = { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/scim+json' };
      const sent = { method, headers, ...(body && { body: JSON.stringify(body) }) };
      const response = await fetch(`${platform.gateway}/scim/v2/${path}`, sent);
      return { status: response.status, text: await response.text() };
    };
    for (const [kind, resource] of Object.entries({ Users: person, Groups: team })) {
      // What there can be one of alone is each worker's own.
      const mine = (n: number) => (kind === 'Users' ? { ...resource, userName: `worker ${n}` } : resource);
      const made = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => scim('POST', kind, mine(n))));
      const own = made.map((answer) => (jsonOf(answer) as { id: string }).id);
      const places = [...textsIn(resource)].filter(([name]) => name !== 'schemas');
      const kept = new Set<string>();
      const faults = await everyString(places, async (path, text, worker) => {
        const place = `${kind}/${own[worker]!}`;
        const put = await scim('PUT', place, withText(mine(worker), path, text) as object);
        const read = put.status < 300 ? await scim('GET', place) : put;
        if (at(jsonOf(read), path) === text) kept.add(path.join('/'));
        const wrong = [put, read].filter(({ status }) => status >= 500).map(({ status }) => String(status));
        return [...wrong, ...changed(put, path, text), ...changed(read, path, text)].map(
          (fault) => `${kind} ${path.join('/')} ${JSON.stringify(text)} ${fault}`,
        );
      });
      expect(faults).toEqual([]);
      const neverKept = places.map((path) => path.join('/')).filter((place) => !kept.has(place));
      // Where only an address may stand.
      expect(neverKept.filter((place) => place !== 'profileUrl')).toEqual([]);
    }
  }, 900_000);

  it('keeps what a delivery brings, to the letter', async () => {
    const api = new Api(platform.gateway, platform.apiKey);
    const echo = { agent: 'compose', input: { value: { $from: 'trigger', path: '/body' } } };
    const wanted = { title: 'naughty', on: { kind: 'webhook' }, run: echo };
    const { id, secret } = await api.call<{ id: string; secret: string }>('POST', '/v1/triggers', wanted);
    const body = JSON.stringify({ naughty });
    const [message, timestamp] = ['msg_naughty', String(Math.floor(Date.now() / 1_000))];
    const signature = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
      .update(`${message}.${timestamp}.${body}`)
      .digest('base64');
    const signed = { 'webhook-id': message, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
    const headers = { 'content-type': 'application/json', ...signed };
    const answer = await fetch(`${platform.gateway}/v1/hooks/${id}`, { method: 'POST', headers, body });
    expect(answer.status).toBe(202);
    const { run } = (await answer.json()) as { run: string };
    const end = { headers: { authorization: `Bearer ${platform.apiKey}` }, signal: AbortSignal.timeout(30_000) };
    await (await fetch(`${platform.gateway}/v1/runs/${run}/events`, end)).text();
    expect(await api.call('GET', `/v1/runs/${run}/result`)).toEqual({ result: { naughty } });
  }, 60_000);

  it('reads every header there is, whatever bytes it holds', async () => {
    const page = { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' };
    const faults = await everyString(Object.entries(readHeaders), async ([name, request], text) => {
      const asked = request.replaceAll(/\{(\w+)\}/g, (_, prefix: string) => idOf(prefix));
      const status = await statusOf(platform.gateway, asked, { ...page, [name]: text });
      // Whoever says that their time is over is told so.
      const isLate = name === 'conclave-deadline' && Number(text) < Date.now() && status === 504;
      return (status >= 100 && status < 500) || isLate ? [] : [`${status} ${request} ${name}: ${JSON.stringify(text)}`];
    });
    expect(faults).toEqual([]);
  }, 600_000);

  it('hangs up on whoever says naughty strings over a WebSocket', async () => {
    const asked = { agent: 'human', input: { question: 'Are you there?' } };
    const run = await new Api(platform.gateway, platform.apiKey).call<{ id: string }>('POST', '/v1/runs', asked);
    const url = `${platform.gateway}/v1/runs/${run.id}/events`;
    const headers = { authorization: `Bearer ${platform.apiKey}` };
    const codes = new Set<number>();
    await everyString([url], async (place, text) => {
      codes.add(await closeOf(place, headers, text));
      return [];
    });
    expect([...codes]).toEqual([1008]);
  }, 600_000);
});
