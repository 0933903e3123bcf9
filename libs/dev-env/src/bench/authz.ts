/**
 * What authorization costs: verdicts in process, by how many policies a tenant has, and authenticated reads of a tenant
 * without policies and of one with ten, against a hello of the same edge in the same round.
 */
import { newId, runs } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { PolicyBundles } from '@conclave/nest-kit/policy';
import { createKeys } from './api-keys.js';
import { measure, type Target } from './edge.js';
import { getRequest, load } from './load.js';
import { withPlatform, type Platform } from './platform.js';
import type { Case } from './report.js';
import { medians, percentile } from './statistics.js';

const SECONDS = 2;
const WARM_UP_S = 8;
const TURNS_PER_ROUND = 3;
const COUNTS = [0, 1, 10, 100];
const OVERLAY = 10;

/** One that is looked at and does not apply, as most are. */
const source = (n: number): string =>
  `forbid (principal in Role::"role-${n}", action, resource) unless { context.credential == "api-key" };`;

export async function authz(rounds: number): Promise<Case[]> {
  const cases: Case[] = [];
  for (const count of COUNTS) cases.push(await verdicts(count, rounds, 'asked anew'));
  cases.push(await verdicts(OVERLAY, rounds, 'asked before'));
  return [...cases, ...(await withPlatform((platform) => reads(platform, rounds)))];
}

/** Verdicts on one request after another, by one process; anew: each about another run. */
async function verdicts(count: number, rounds: number, asked: 'asked anew' | 'asked before'): Promise<Case> {
  const policies = Array.from({ length: count }, (_, n) => ({ id: `policy-${n}`, source: source(n) }));
  const bundles = new PolicyBundles({
    load: async () => ({ digest: 'these', policies }),
    record: async () => undefined,
  });
  const ctx = {
    ...{ tenantId: newId('tenant'), workspaceId: newId('workspace'), actor: 'prn', credentialId: newId('apiKey') },
    ...{ principal: { id: 'prn', kind: 'user', name: '' }, role: 'developer', scopes: new Set(), deadlineAt: 0 },
    ...{ verdict: { bundle: '0+0', by: ['role:developer'] } },
    ...(count === 0 ? {} : { policies: 'these' }),
  } as RequestContext;
  let no = 0;
  const ask = () => bundles.judged(runs.steerRun, ctx, { id: asked === 'asked anew' ? `run_${no++}` : 'run' });
  await ask();
  const turns = [];
  for (let round = 0; round < rounds; round++) {
    const micros: number[] = [];
    const end = performance.now() + SECONDS * 1_000;
    let [done, at] = [0, performance.now()];
    while (at < end) {
      await ask();
      const now = performance.now();
      if (done++ % 16 === 0) micros.push((now - at) * 1_000);
      at = now;
    }
    micros.sort((a, b) => a - b);
    turns.push({ verdictsPerS: done / SECONDS, p50Us: percentile(micros, 50), p99Us: percentile(micros, 99) });
  }
  return { bench: 'authz', case: `${count} policies, ${asked}`, figures: medians(turns) };
}

async function reads(platform: Platform, rounds: number): Promise<Case[]> {
  const other = { ...platform, apiKey: platform.apiKeyB };
  const port = Number(new URL(platform.gateway).port);
  const [plain, narrowed] = [await createKeys(platform, 'viewer'), await createKeys(other, 'viewer')];
  for (let n = 0; n < OVERLAY; n++) await put(other, `/v1/policies/policy-${n}`, { source: source(n) });
  const gets = (keys: readonly string[], path: string) =>
    keys.map((key) => getRequest(path, { authorization: `Bearer ${key}` }));
  const targets: readonly Target[] = [
    { name: 'edge hello', port, requests: [getRequest('/healthz')] },
    ...['/v1/me', '/v1/runs'].flatMap((path) => [
      { name: `GET ${path}`, port, requests: gets(plain, path) },
      { name: `GET ${path}, ${OVERLAY} policies`, port, requests: gets(narrowed, path) },
    ]),
  ];
  const pids = platform.pids;
  for (const target of targets) await load({ ...target, connections: 64, seconds: WARM_UP_S });
  const cases: Case[] = [];
  for (const connections of [1, 64]) {
    const measured = new Map<string, Awaited<ReturnType<typeof measure>>[]>(targets.map(({ name }) => [name, []]));
    for (let turn = 0; turn < rounds * TURNS_PER_ROUND; turn++)
      for (const target of targets) measured.get(target.name)?.push(await measure(target, connections, pids));
    for (const [name, turns] of measured)
      cases.push({ bench: 'authz', case: `${name} c=${connections}`, figures: medians(turns) });
  }
  return cases;
}

async function put({ gateway, apiKey }: Platform, path: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const response = await fetch(gateway + path, { method: 'PUT', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`PUT ${path} answered ${response.status}: ${await response.text()}`);
}
