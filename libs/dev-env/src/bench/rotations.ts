/**
 * Keys rotated while programs and people work: the key of access tokens by the operator's job, the key-encryption key by
 * the four steps of docs/secrets.md, with replicas of auth that come and go as in a rollout. Nothing may fail.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { secrets } from '@conclave/contracts';
import { baseEnvironment, loadConfig, newRecipient, openKit, type Kit } from '@conclave/nest-kit';
import { serviceEnv, services } from '../services.js';
import { openPage } from '../story/log-in.js';
import { worldOf } from '../supervisor/world.js';
import { AuthReplicas } from './auth-replicas.js';
import { must } from './goals.js';
import type { Platform } from './platform.js';
import type { Case } from './report.js';
import { percentile } from './statistics.js';

const PROGRAMS = 8;
const PROGRAM_EVERY_MS = 1_000;
const SECRETS = 8;
const SECRET_EVERY_MS = 500;
const WARM_UP_MS = 5_000;
const QUIET_MS = 30_000;
/** After a new key of tokens has begun to sign, which is a minute after it was made. */
const NEW_KEY_WITHIN_MS = 90_000;
const CLIENT = 'conclave-cli';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

type Kind = 'a token refreshed' | 'a read by a token' | 'a secret replaced' | 'a secret lent';
const kinds: readonly Kind[] = ['a token refreshed', 'a read by a token', 'a secret replaced', 'a secret lent'];

/** What was asked, how long it took, and what failed, in two times: a quiet one, and while keys rotate. */
class Work {
  time: 'warming up' | 'quiet' | 'rotating' | 'over' = 'warming up';
  readonly failures: string[] = [];
  private readonly latencies = new Map<string, number[]>();

  async ask<T>(kind: Kind, work: () => Promise<T>): Promise<T | undefined> {
    const from = performance.now();
    const key = `${this.time} ${kind}`;
    try {
      const answer = await work();
      this.latencies.set(key, [...(this.latencies.get(key) ?? []), performance.now() - from]);
      return answer;
    } catch (error) {
      this.failures.push(`${kind}, ${this.time}: ${String(error)}`);
      return undefined;
    }
  }

  of(time: 'quiet' | 'rotating', kind: Kind): number[] {
    return (this.latencies.get(`${time} ${kind}`) ?? []).sort((a, b) => a - b);
  }

  /** Does it again and again until the work is over, at its pace. */
  async pace(everyMs: number, step: () => Promise<void>): Promise<void> {
    await sleep(Math.random() * everyMs);
    while (this.time !== 'over') {
      const from = performance.now();
      await step();
      await sleep(Math.max(0, everyMs - (performance.now() - from)));
    }
  }
}

interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

export async function rotations(platform: Platform): Promise<Case[]> {
  const replicas = new AuthReplicas(platform);
  const kit = await runtimeKit(platform);
  const work = new Work();
  try {
    const programs = await Promise.all(Array.from({ length: PROGRAMS }, () => logIn(platform)));
    const signedBy = programs.map(({ access }) => keyOf(access));
    const all = Promise.all([
      ...programs.map((tokens, no) => program(platform, work, tokens, (key) => (signedBy[no] = key))),
      ...Array.from({ length: SECRETS }, (_, no) => secret(platform, work, kit, `ROTATED_${no}`)),
    ]);
    const times = await course(work, replicas, signedBy);
    work.time = 'over';
    await all;
    return kinds.map((kind) => caseOf(work, kind, times));
  } finally {
    work.time = 'over';
    await replicas.stop();
    await kit.close();
  }
}

/** @returns how long each time was, in seconds */
async function course(work: Work, replicas: AuthReplicas, signedBy: readonly string[]): Promise<Times> {
  const { old, next } = replicas.keys;
  await sleep(WARM_UP_MS);
  work.time = 'quiet';
  await sleep(QUIET_MS);
  work.time = 'rotating';
  const from = performance.now();
  const { id } = await replicas.job(old, 'rotate-signing-key');
  await replicas.roll(`${old},${next}`);
  await replicas.roll(`${next},${old}`);
  const { rewrapped } = await replicas.job(`${next},${old}`, 'rewrap');
  if (!(Number(rewrapped) > 0)) throw new Error('nothing was wrapped under the new key');
  await replicas.roll(next);
  const until = performance.now() + NEW_KEY_WITHIN_MS;
  while (!signedBy.every((key) => key === id)) {
    if (performance.now() > until) throw new Error('not every token is signed under the new key');
    await sleep(100);
  }
  await sleep(PROGRAM_EVERY_MS * 2); // some more under the new one
  return { quiet: QUIET_MS / 1_000, rotating: (performance.now() - from) / 1_000 };
}

interface Times {
  readonly quiet: number;
  readonly rotating: number;
}

function caseOf(work: Work, kind: Kind, times: Times): Case {
  const [quiet, rotating] = [work.of('quiet', kind), work.of('rotating', kind)];
  const failures = work.failures.filter((failure) => failure.startsWith(kind));
  for (const failure of new Set(failures)) process.stderr.write(`failed: ${failure}\n`);
  return {
    bench: 'identity',
    case: `keys rotate: ${kind}`,
    figures: {
      ...{ perS: rotating.length / times.rotating, failed: failures.length },
      ...{ p50Ms: percentile(rotating, 50), p99Ms: percentile(rotating, 99) },
      ...{ quietP50Ms: percentile(quiet, 50), quietP99Ms: percentile(quiet, 99) },
    },
    goals: [must('failed', { atMost: 0 })],
  };
}

/** Lives on its refresh tokens: reads by each new access token, and by the very first as long as that is good. */
async function program(platform: Platform, work: Work, first: Tokens, signed: (key: string) => void): Promise<void> {
  const firstUntil = performance.now() + 240_000;
  let tokens = first;
  const read = (token: string) => work.ask('a read by a token', () => ask(platform, 'GET', '/v1/me', token));
  await work.pace(PROGRAM_EVERY_MS, async () => {
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh };
    tokens = (await work.ask('a token refreshed', () => tokensFor(platform, form))) ?? tokens;
    signed(keyOf(tokens.access));
    await read(tokens.access);
    if (performance.now() < firstUntil) await read(first.access);
  });
}

/** A secret that is replaced, and lent to the runtime as for a run: what comes is what was put. */
async function secret(platform: Platform, work: Work, kit: Kit, name: string): Promise<void> {
  const { apiKey, tenant: tenantId, workspace } = platform;
  const { id } = (await ask(platform, 'POST', '/v1/secrets', apiKey, { name, value: 'first' })) as { id: string };
  const { principal } = (await ask(platform, 'GET', '/v1/me', apiKey)) as { principal: { id: string } };
  let no = 0;
  await work.pace(SECRET_EVERY_MS, async () => {
    const value = `value ${++no}`;
    const put = await work.ask('a secret replaced', () => ask(platform, 'PUT', `/v1/secrets/${id}`, apiKey, { value }));
    await work.ask('a secret lent', async () => {
      const recipient = await newRecipient();
      const request = { workspace, name, publicKey: recipient.publicKey };
      const claims = { tenantId, onBehalfOf: principal.id };
      const lent = await kit.rpc.callAsService(secrets.leaseSecret, claims, request);
      const opened = await recipient.open(lent.sealed, secrets.leasePurpose({ ...lent, tenantId, workspace, name }));
      if (put && opened !== value) throw new Error(`it is ${opened} and should be ${value}`);
    });
  });
}

/** The bus as the runtime is on it. */
function runtimeKit(platform: Platform): Promise<Kit> {
  const entry = services.find(({ name }) => name === 'runtime')!;
  const env = { ...serviceEnv(entry, worldOf(platform.dir, platform)), LOG_LEVEL: 'fatal' };
  return openKit('runtime', loadConfig('runtime', baseEnvironment, env));
}

/** A program that a person lets in by the code it shows. */
async function logIn(platform: Platform): Promise<Tokens> {
  const device = await post(platform, '/oauth/device_authorization', { scope: 'self:read' });
  const page = await openPage(platform.gateway, platform.apiKey);
  const userCode = device['user_code'];
  const { shown } = (await page('POST', '/v1/device-codes/open', { userCode })).body;
  await page('POST', '/v1/device-codes/decide', { userCode, allow: true, shown });
  return tokensFor(platform, { grant_type: DEVICE_GRANT, device_code: String(device['device_code']) });
}

async function tokensFor(platform: Platform, form: Readonly<Record<string, string>>): Promise<Tokens> {
  const { access_token: access, refresh_token: refresh } = await post(platform, '/oauth/token', form);
  return { access: String(access), refresh: String(refresh) };
}

/** Which key signed it. */
const keyOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;

type Json = Readonly<Record<string, unknown>>;

async function post({ gateway }: Platform, path: string, form: Readonly<Record<string, string>>): Promise<Json> {
  const body = new URLSearchParams({ ...form, client_id: CLIENT });
  return answerOf(await fetch(gateway + path, { method: 'POST', body }));
}

async function ask({ gateway }: Platform, method: string, path: string, token: string, body?: object): Promise<Json> {
  const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
  return answerOf(await fetch(gateway + path, { method, headers, ...(body && { body: JSON.stringify(body) }) }));
}

async function answerOf(response: Response): Promise<Json> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as Json;
}
