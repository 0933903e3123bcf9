/** The wall between tenants beside operations and events: what processes of one service tell each other, caches, listeners. */
import { idPrefixes, peerSubjects, serviceNames, type TokenFrame } from '@conclave/contracts';
import { encodeBody } from '@conclave/nest-kit';
import { Redis } from 'ioredis';
import { services } from '../services.js';
import type { Inside } from './inside.js';
import { least } from './least-request.js';
import { unknown } from './strangers.js';

const id = (prefixes: readonly string[]): string => `(?:${prefixes.join('|')})_[0-7][0-9a-hjkmnp-tv-z]{25}`;

/** Tells on every subject, in the name of a tenant, about what may be another's; every text is this one. */
export async function tellPeers(
  inside: Inside,
  tenant: string,
  theirs: ReadonlyMap<string, string>,
  said: string,
): Promise<void> {
  const idOf = (prefix: string) => (prefix === idPrefixes.tenant ? tenant : (theirs.get(prefix) ?? unknown(prefix)));
  for (const { owner, subject, body } of peerSubjects) {
    const { nats } = await inside.as(owner);
    const told = JSON.stringify(least(body, { idOf, each: 1 }), (member, value: unknown) =>
      member === 'text' || member === 'call' ? said : value,
    );
    nats.publish(subject, encodeBody(body.parse(JSON.parse(told))));
    await nats.flush();
  }
}

/** What each service keeps in the cache, by what follows `conclave:`: of tenants under their ids, of the edge nothing of theirs. */
export const cached: Readonly<Record<string, RegExp>> = {
  runtime: new RegExp(`^runtime:tokens:${id([idPrefixes.tenant])}:${id([idPrefixes.run])}$`),
  gateway: /^edge:free:(?:principal|address|tenant):/,
};

/** Services that are told of a cache. */
export const cachingServices = (inside: Inside): readonly string[] =>
  services.map(({ name }) => name).filter((name) => 'REDIS_URL' in inside.environmentOf(name));

export class Cache {
  private readonly redis: Redis;

  constructor(url: string) {
    this.redis = new Redis(url);
  }

  /** Keeps a text as said in a tenant's run. */
  async keep(tenant: string, run: string, text: string): Promise<void> {
    const frame: TokenFrame = { type: 'token', task: 'x', turn: 1, attempt: 1, call: text, index: 0, text };
    await this.redis.xadd(`conclave:runtime:tokens:${tenant}:${run}`, '*', 'f', JSON.stringify([frame]));
  }

  /** Keys that are in no line of {@link cached}. */
  async unlisted(): Promise<readonly string[]> {
    const known = Object.values(cached);
    const keys = await this.redis.keys('*');
    return keys.filter(
      (key) => !known.some((one) => key.startsWith('conclave:') && one.test(key.slice('conclave:'.length))),
    );
  }

  close(): void {
    this.redis.disconnect();
  }
}

const ANY_ID = new RegExp(`\\b${id(Object.values(idPrefixes))}\\b`, 'g');

/** Ids that the listeners tell anybody who can reach them, with where. */
export async function idsToldToAnybody(inside: Inside): Promise<readonly string[]> {
  const found: string[] = [];
  for (const service of serviceNames)
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      const answer = await fetch(inside.urlOf(service) + path);
      const text = await answer.text();
      if (!answer.ok) found.push(`${service}${path} answers ${answer.status}`);
      found.push(...[...text.matchAll(ANY_ID)].map(([told]) => `${service}${path}: ${told}`));
    }
  return found;
}
