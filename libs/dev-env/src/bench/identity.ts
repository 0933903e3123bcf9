/**
 * What people and directories cost: sign-ins by a key, a passkey and a provider; a directory that provisions five thousand
 * people, reads them all and takes some of them away; how long their keys outlive them; and keys that rotate meanwhile.
 */
import { asker, AT_ONCE, timer } from './asking.js';
import { withPlatform, type Platform } from './platform.js';
import type { Case } from './report.js';
import { rotations } from './rotations.js';
import { signIns } from './sign-ins.js';
import { percentile } from './statistics.js';

const PEOPLE = 5_000;
/** Of these, how many have a key and leave. */
const LEAVERS = 200;
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
