/** What a sign-in costs, by what it is opened with: an API key, a passkey, or what a SAML provider said. */
import { Jar, answerOf, type Connection } from '../story/jar.js';
import { SoftAuthenticator } from '../testing/soft-authenticator.js';
import { testIdp } from '../testing/test-idp.js';
import { createKeys } from './api-keys.js';
import { asker, AT_ONCE, timer } from './asking.js';
import { load, postRequest } from './load.js';
import type { Platform } from './platform.js';
import type { Case } from './report.js';
import { medians, percentile } from './statistics.js';

const SECONDS = 5;
const WARM_UP_S = 5;
/** Who sign in in turn, so that nobody has much more than anybody has. */
const PEOPLE = 32;
const WARM_UP = 100;
/** By connections. */
const SIGN_INS = new Map([
  [1, 100],
  [AT_ONCE, 400],
]);

type Figures = Record<string, number>;

/** Somebody who was invited and made a passkey. */
interface Person {
  readonly principal: string;
  readonly passkey: SoftAuthenticator;
}

export async function signIns(platform: Platform, rounds: number): Promise<Case[]> {
  const byKeys = await byKey(platform, rounds);
  const people = await peopleOf(platform);
  return [...byKeys, ...(await byPasskey(platform, people, rounds)), ...(await bySaml(platform, people, rounds))];
}

const caseOf = (how: string, connections: number, turns: readonly Figures[]): Case => ({
  bench: 'identity',
  case: `sign-in by ${how} c=${connections}`,
  figures: medians(turns),
});

async function byKey(platform: Platform, rounds: number): Promise<Case[]> {
  const port = Number(new URL(platform.gateway).port);
  const keys = await createKeys(platform, 'viewer');
  const requests = keys.map((apiKey) => postRequest('/v1/sign-ins', { apiKey }));
  const answer = { status: 201, text: 'csrf' };
  await load({ port, requests, answer, connections: AT_ONCE, seconds: WARM_UP_S });
  const cases: Case[] = [];
  for (const connections of SIGN_INS.keys()) {
    const turns: Figures[] = [];
    for (let round = 0; round < rounds; round++) {
      const { answers, seconds, latenciesMs } = await load({ port, requests, answer, connections, seconds: SECONDS });
      const [p50Ms, p99Ms] = [percentile(latenciesMs, 50), percentile(latenciesMs, 99)];
      turns.push({ perS: answers / seconds, p50Ms, p99Ms });
    }
    cases.push(caseOf('API key', connections, turns));
  }
  return cases;
}

/** Two requests: what the passkey is asked, and its answer. */
async function byPasskey(platform: Platform, people: readonly Person[], rounds: number): Promise<Case[]> {
  const timed = timer(platform);
  // One at a time, for an authenticator counts.
  const free = people.map(({ passkey }) => passkey);
  const signIn = async () => {
    const passkey = free.shift()!;
    const { options } = await postAt<{ options: object }>(platform, '/v1/sign-ins/challenges', {});
    await postAt(platform, '/v1/sign-ins', { passkey: passkey.sign(options) });
    free.push(passkey);
  };
  await timed(timesOf(WARM_UP), signIn);
  const cases: Case[] = [];
  for (const [connections, count] of SIGN_INS) {
    const turns: Figures[] = [];
    for (let round = 0; round < rounds; round++) turns.push(await timed(timesOf(count), signIn, connections));
    cases.push(caseOf('passkey', connections, turns));
  }
  return cases;
}

async function peopleOf(platform: Platform): Promise<Person[]> {
  const ask = asker(platform);
  const people: Person[] = [];
  for (let no = 0; no < PEOPLE; no++) {
    const asked = await ask('POST', '/v1/invitations', { name: `bench person ${no}`, role: 'viewer' });
    const invited = asked as { readonly principal: string; readonly link: string };
    const link = invited.link.split('#')[1]!;
    const { options } = await postAt<{ options: object }>(platform, '/v1/links/open', { link });
    const passkey = new SoftAuthenticator(new URL(platform.console).origin);
    await postAt(platform, '/v1/sign-ins', { link, registration: passkey.make(options), name: 'bench' });
    people.push({ principal: invited.principal, passkey });
  }
  return people;
}

/** The way to the provider, and what comes back from it; what the provider does in between is not counted. */
async function bySaml(platform: Platform, people: readonly Person[], rounds: number): Promise<Case[]> {
  const ask = asker(platform);
  const timed = timer(platform);
  const idp = testIdp();
  const settings = { kind: 'saml', metadata: idp.metadata };
  const connection = (await ask('POST', '/v1/connections', { name: 'bench', settings })) as Connection;
  for (const { principal } of people)
    await ask('POST', `/v1/connections/${connection.id}/identities`, { principal, subject: principal });
  const turn = async (count: number, connections: number): Promise<[Figures, Figures]> => {
    const browsers = timesOf(count).map((no) => ({
      jar: new Jar(platform.gateway),
      nameId: people[no % people.length]!.principal,
      ...{ requestId: '', response: '' },
    }));
    const beginAt = async (one: (typeof browsers)[number]): Promise<void> => {
      one.requestId = (await one.jar.begin(connection)).requestId;
    };
    const finishAt = async ({ jar, response }: (typeof browsers)[number]): Promise<void> => {
      const { status } = await jar.post(connection, response, true);
      if (status !== 303) throw new Error(`a good response was answered ${status}`);
    };
    const begun = await timed(browsers, beginAt, connections);
    for (const one of browsers) one.response = await answerOf(idp, connection, one.requestId, { nameId: one.nameId });
    return [begun, await timed(browsers, finishAt, connections)];
  };
  await turn(WARM_UP, AT_ONCE);
  const cases: Case[] = [];
  for (const [connections, count] of SIGN_INS) {
    const turns: [Figures, Figures][] = [];
    for (let round = 0; round < rounds; round++) turns.push(await turn(count, connections));
    const [begins, finishes] = [turns.map(([begin]) => begin), turns.map(([, finish]) => finish)];
    cases.push(caseOf('SAML, begun', connections, begins), caseOf('SAML, at the ACS', connections, finishes));
  }
  return cases;
}

const timesOf = (count: number): number[] => Array.from({ length: count }, (_, no) => no);

/** As a browser that nobody is signed in at. */
async function postAt<T>({ gateway }: Platform, path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(gateway + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}
