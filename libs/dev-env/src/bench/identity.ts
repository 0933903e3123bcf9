/**
 * What people and directories cost: sign-ins by one credential after another; a directory that provisions five thousand
 * people, reads them all and takes some of them away; how long their keys outlive them; and keys that rotate meanwhile.
 */
import { postRequest, load } from './load.js';
import { createKeys } from './api-keys.js';
import { withPlatform, type Platform } from './platform.js';
import type { Case } from './report.js';
import { rotations } from './rotations.js';
import { cpuByProcess } from './processes.js';
import { medians, percentile } from './statistics.js';

const SECONDS = 5;
const WARM_UP_S = 5;
const PEOPLE = 5_000;
/** Of these, how many have a key and leave. */
const LEAVERS = 200;
const AT_ONCE = 16;
const UNLIMITED = String(100_000_000);
const SCIM = 'application/scim+json';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const parts: Readonly<Record<string, (platform: Platform, rounds: number) => Promise<Case[]>>> = {
  'sign-ins': signIns,
  directory,
  // Last: it leaves the installation without an auth of its own.
  rotations,
};
export const identityCases = Object.keys(parts);

export async function identity(rounds: number, chosen: readonly string[]): Promise<Case[]> {
  // One address and one directory ask for all of it.
  const env = { RATE_LIMIT_PRINCIPAL: UNLIMITED, RATE_LIMIT_ADDRESS: UNLIMITED };
  return withPlatform(async (platform) => {
    const cases: Case[] = [];
    for (const [name, part] of Object.entries(parts))
      if (chosen.length === 0 || chosen.includes(name)) cases.push(...(await part(platform, rounds)));
    return cases;
  }, env);
}

async function signIns(platform: Platform, rounds: number): Promise<Case[]> {
  const port = Number(new URL(platform.gateway).port);
  const keys = await createKeys(platform, 'viewer');
  const requests = keys.map((apiKey) => postRequest('/v1/sign-ins', { apiKey }));
  const answer = { status: 201, text: 'csrf' };
  await load({ port, requests, answer, connections: AT_ONCE, seconds: WARM_UP_S });
  const cases: Case[] = [];
  for (const connections of [1, AT_ONCE]) {
    const turns = [];
    for (let round = 0; round < rounds; round++) {
      const { answers, seconds, latenciesMs } = await load({ port, requests, answer, connections, seconds: SECONDS });
      turns.push({
        signInsPerS: answers / seconds,
        ...{ p50Ms: percentile(latenciesMs, 50), p99Ms: percentile(latenciesMs, 99) },
      });
    }
    cases.push({ bench: 'identity', case: `POST /v1/sign-ins c=${connections}`, figures: medians(turns) });
  }
  return cases;
}

async function directory(platform: Platform): Promise<Case[]> {
  const ask = asker(platform);
  const timed = timer(platform);
  const { key } = (await ask('POST', '/v1/api-keys', { name: 'directory', scopes: ['scim:provision'] })) as {
    key: string;
  };
  const scim = (method: string, path: string, body?: object) => ask(method, `/scim/v2/${path}`, body, key, SCIM);
  const people = Array.from({ length: PEOPLE }, (_, n) => `person-${n}@example.com`);
  const ids: string[] = [];
  const create = await timed(people, async (userName) => {
    const externalId = userName;
    const made = (await scim('POST', 'Users', { schemas: [USER], userName, externalId })) as { id: string };
    ids.push(made.id);
  });
  const pages = Array.from({ length: PEOPLE / 100 }, (_, page) => page * 100 + 1);
  const readPage = async (from: number) => void (await scim('GET', `Users?startIndex=${from}&count=100`));
  // A directory asks for one page behind the other.
  const read = await timed(pages, readPage, 1);
  const readAtOnce = await timed(pages, readPage);
  const find = await timed(
    people.slice(0, LEAVERS),
    async (name) => void (await scim('GET', `Users?filter=${encodeURIComponent(`userName eq "${name}"`)}`)),
  );
  return [
    { bench: 'identity', case: `${PEOPLE} people provisioned`, figures: create },
    { bench: 'identity', case: `${PEOPLE} people read by pages of 100`, figures: read },
    { bench: 'identity', case: `the same, ${AT_ONCE} pages at once`, figures: readAtOnce },
    { bench: 'identity', case: 'a person found by name among them', figures: find },
    { bench: 'identity', case: `${LEAVERS} people leave: their keys die`, figures: await leave(platform, scim, ids) },
  ];
}

/** From when the directory is answered until the edge refuses the person's key. */
async function leave(
  platform: Platform,
  scim: (method: string, path: string, body?: object) => Promise<unknown>,
  ids: readonly string[],
): Promise<Record<string, number>> {
  const ask = asker(platform);
  const timed = timer(platform);
  const leaving: { id: string; key: string }[] = [];
  await timed(ids.slice(0, LEAVERS), async (id) => {
    const { key } = (await ask('POST', '/v1/api-keys', { name: 'x', principal: id })) as { key: string };
    await ask('GET', '/v1/me', undefined, key);
    leaving.push({ id, key });
  });
  const deaths: number[] = [];
  await timed(leaving, async ({ id, key }) => {
    const Operations = [{ op: 'replace', path: 'active', value: false }];
    await scim('PATCH', `Users/${id}`, { schemas: [PATCH], Operations });
    const from = performance.now();
    const headers = { authorization: `Bearer ${key}` };
    while ((await fetch(`${platform.gateway}/v1/me`, { headers })).status !== 401);
    deaths.push(performance.now() - from);
  });
  deaths.sort((a, b) => a - b);
  return { p50Ms: percentile(deaths, 50), p99Ms: percentile(deaths, 99) };
}

/** Does all of them, some at once, and tells what one cost: auth and the database share the CPU with who asks. */
const timer =
  ({ pids }: Platform) =>
  async <T>(all: readonly T[], work: (one: T) => Promise<void>, atOnce = AT_ONCE): Promise<Record<string, number>> => {
    const queue = [...all].reverse();
    const latencies: number[] = [];
    const cpu = cpuByProcess(pids);
    const started = performance.now();
    const worker = async (): Promise<void> => {
      for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
        const from = performance.now();
        await work(one);
        latencies.push(performance.now() - from);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    const seconds = (performance.now() - started) / 1_000;
    const after = cpuByProcess(pids);
    const cpuMs = (name: string) => (((after[name] ?? 0) - (cpu[name] ?? 0)) / all.length) * 1_000;
    latencies.sort((a, b) => a - b);
    return {
      ...{ seconds, perS: all.length / seconds, p50Ms: percentile(latencies, 50), p99Ms: percentile(latencies, 99) },
      ...{ authCpuMs: cpuMs('auth'), postgresCpuMs: cpuMs('postgres') },
    };
  };

const asker =
  ({ gateway, apiKey }: Platform) =>
  async (method: string, path: string, body?: object, key = apiKey, type = 'application/json'): Promise<unknown> => {
    const headers = { authorization: `Bearer ${key}`, ...(body && { 'content-type': type }) };
    const response = await fetch(gateway + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
