/** The owners behind the fake edge, all of them on one made-up world. */
import {
  audit,
  auth,
  ConclaveError,
  consensus,
  delivery,
  marketplace,
  metrics,
  newId,
  runs,
  runtime,
  type Contract,
  type ErrorCode,
  type ReplyOf,
  type RequestOf,
} from '@conclave/contracts';
import { accessHandlers } from './fake-access.js';
import { authorizationHandlers } from './fake-authorization.js';
import { connectionHandlers } from './fake-connections.js';
import { peopleHandlers } from './fake-people.js';
import { iso } from './sample-reviews.js';
import { answered } from './sample-tasks.js';
import { listing, manifest, type World } from './world.js';

type Handler = (request: never) => unknown;
const DAY_MS = 86_400_000;

/** Answers any operation the console uses. */
export function handlersOf(world: World): (contract: Contract, request: unknown) => unknown {
  const handlers = new Map<string, Handler>([
    ...runsOf(world),
    ...decisionsOf(world),
    ...settingsOf(world),
    ...logOf(world),
    ...peopleHandlers(world.people),
    ...connectionHandlers(world.connections),
    ...accessHandlers(world),
    ...authorizationHandlers(),
    handle(auth.getMe, () => world.me),
    handle(auth.changeMe, ({ name = world.me.principal.name, ...preferences }) => {
      world.me.principal.name = name;
      return Object.assign(world.me, { preferences });
    }),
    handle(metrics.getDecisionAnalytics, ({ from, to }) => decisionsPerDay(from!, to!)),
    handle(metrics.getUsageAnalytics, ({ from, to }) => usagePerDay(from!, to!)),
  ]);
  return (contract, request) => {
    const handler = handlers.get(contract.subject);
    if (!handler) throw new Error(`the fake edge has no ${contract.subject}`);
    return handler(request as never);
  };
}

type Reply<C extends Contract> = ReplyOf<C> | Promise<ReplyOf<C>>;
function handle<C extends Contract>(contract: C, handler: (request: RequestOf<C>) => Reply<C>): [string, Handler] {
  return [contract.subject, handler];
}

function found<T>(value: T | undefined, code: ErrorCode): T {
  if (value === undefined) throw new ConclaveError(code);
  return value;
}

/** A page of a list; `after` is the place of the first item of the next one. */
function pageOf<T>(items: readonly T[], { limit, after }: { limit: number; after?: string | undefined }) {
  const start = Number(after ?? 0);
  const next = start + limit < items.length ? { next: String(start + limit) } : {};
  return { items: items.slice(start, start + limit), ...next };
}

const runsOf = (world: World): [string, Handler][] => {
  const run = (id: string) =>
    found(
      world.runs.find((one) => one.id === id),
      'runtime.run.not-found',
    );
  return [
    handle(runtime.listRuns, ({ state, ...page }) =>
      pageOf(
        world.runs.filter((one) => !state || one.state === state),
        page,
      ),
    ),
    handle(runtime.getRun, ({ id }) => run(id)),
    handle(runtime.getRunResult, ({ id }) => found(world.results.get(run(id).id), 'runtime.run.no-result')),
    ...tasksOf(world),
    handle(runtime.getRunDiff, () => world.diff),
    handle(runtime.cancelRun, ({ id }) => {
      if (run(id).state !== 'working') throw new ConclaveError('runtime.run.finished');
      return Object.assign(run(id), { state: 'canceled' as const });
    }),
  ];
};

const tasksOf = (world: World): [string, Handler][] => {
  const { run, tasks, waits } = world.asking;
  return [
    handle(runs.listTasks, (page) => pageOf(tasks, page)),
    handle(runs.listWaits, () => ({ items: waits })),
    handle(runs.pauseRun, () => Object.assign(run, { state: 'paused' as const })),
    handle(runs.resumeRun, () => {
      if (run.state !== 'paused') throw new ConclaveError('runtime.run.not-paused');
      return Object.assign(run, { state: 'input-required' as const });
    }),
    handle(runs.answerRun, ({ task, answer }) => {
      const wait = answered(world.asking, task!, answer);
      if (run.state === 'completed')
        world.results.set(run.id, { result: tasks.find(({ id }) => id === 'root')!.result! });
      return wait;
    }),
  ];
};

const decisionsOf = (world: World): [string, Handler][] => [
  handle(consensus.listDecisions, ({ phase, ...page }) =>
    pageOf(
      world.decisions.filter((one) => !phase || one.phase === phase),
      page,
    ),
  ),
  handle(consensus.getDecision, ({ id }) =>
    found(
      world.decisions.find((one) => one.id === id),
      'consensus.decision.not-found',
    ),
  ),
  handle(consensus.getTerms, () => ({ terms: { question: { sha256: '' } }, questionSalt: 'AAAA' })),
  handle(consensus.listVoterKeys, ({ enrolledBy, ...page }) =>
    pageOf(
      world.voterKeys.filter((key) => key.enrolledBy === enrolledBy),
      page,
    ),
  ),
  handle(consensus.challengeVoterKey, () => ({
    challenge: Buffer.alloc(32, 7).toString('base64'),
    expiresAt: iso(Date.now() + 600_000),
    relyingParty: { rpId: 'conclave.example.com', origins: ['https://conclave.example.com'] },
  })),
  handle(consensus.revokeVoterKey, ({ voterId }) => {
    const key = world.voterKeys.find((one) => one.voterId === voterId);
    return Object.assign(found(key, 'consensus.voter-key.not-found'), { revokedAt: iso(Date.now()) });
  }),
  handle(consensus.getReceipt, ({ id }) => found(world.receipts.get(id), 'consensus.receipt.pending') as never),
];

const settingsOf = (world: World): [string, Handler][] => [
  handle(auth.listApiKeys, (page) => pageOf(world.keys, page)),
  handle(auth.createApiKey, ({ name, scopes = [], expiresAt, allowedAddresses, principal = world.me.principal.id }) => {
    const key = {
      id: newId('apiKey'),
      name,
      scopes,
      principal,
      createdAt: iso(Date.now()),
      ...(expiresAt ? { expiresAt } : {}),
      ...(allowedAddresses ? { allowedAddresses } : {}),
    };
    world.keys.unshift(key);
    return { ...key, key: 'cnk_a-key-that-is-shown-once' };
  }),
  handle(auth.revokeApiKey, ({ id }) =>
    Object.assign(
      found(
        world.keys.find((key) => key.id === id),
        'auth.api-key.not-found',
      ),
      { revokedAt: iso(Date.now()) },
    ),
  ),
  handle(delivery.listWebhooks, (page) => pageOf(world.webhooks, page)),
  handle(delivery.createWebhook, ({ url, events }) => {
    if (url.includes('169.254')) throw new ConclaveError('delivery.webhook.address');
    const webhook = { id: newId('webhook'), url, events, createdAt: iso(Date.now()) };
    world.webhooks.unshift(webhook);
    return { ...webhook, secret: 'whsec_c2hvd24gb25jZQ==' };
  }),
  handle(delivery.deleteWebhook, ({ id }) => {
    const at = world.webhooks.findIndex((one) => one.id === id);
    return found(world.webhooks.splice(at, 1)[0], 'delivery.webhook.not-found');
  }),
  handle(delivery.listDeliveries, (page) => pageOf(deliveries(world), page)),
  handle(marketplace.listPackages, ({ search = '', ...page }) =>
    pageOf(
      [listing].filter(({ name }) => name.includes(search)),
      page,
    ),
  ),
  handle(marketplace.getPackage, () => ({ ...listing, releases: [listing.latest], manifest })),
  handle(marketplace.listInstallations, (page) => pageOf(world.installations, page)),
  handle(marketplace.installPackage, ({ package: name }) => {
    const { version, sha256 } = listing.latest;
    const one = {
      id: newId('installation'),
      package: name,
      kind: 'panel' as const,
      version,
      sha256,
      installedAt: iso(Date.now()),
    };
    world.installations.push(one);
    return one;
  }),
  handle(marketplace.uninstallPackage, () => found(world.installations.pop(), 'marketplace.installation.not-found')),
];

const deliveries = ({ decisions, webhooks }: World) =>
  decisions
    .filter(({ sealedAt }) => sealedAt)
    .slice(0, 4)
    .map((decision, at) => ({
      ...{
        id: newId('delivery'),
        event: decision.id,
        type: 'decision.sealed',
        attempts: at === 0 ? 3 : 1,
        createdAt: decision.sealedAt!,
      },
      ...(at === 0
        ? { state: 'pending' as const, lastError: 'connect ECONNREFUSED', nextAttemptAt: iso(Date.now() + 60_000) }
        : { state: 'delivered' as const, lastStatus: webhooks.length > 0 ? 204 : 410 }),
    }));

const logOf = (world: World): [string, Handler][] => [
  handle(audit.getLog, () => ({ origin: world.log.origin, vkey: world.log.vkey, size: world.log.entries.length })),
  handle(audit.getCheckpoint, () => world.log.checkpoint()),
  handle(audit.listAuditEntries, ({ type, ...page }) =>
    pageOf(
      world.log.entries.toReversed().filter((entry) => !type || entry.type === type),
      page,
    ),
  ),
  handle(audit.getInclusionProof, async ({ index, size }) => {
    const { hashes, ...proof } = await world.log.inclusion(index, size);
    return { ...proof, leafHash: base64OfHex(world.log.entries[index]!.leafHash), hashes: hashes.map(base64Of) };
  }),
  handle(audit.getConsistencyProof, async ({ from, to }) => {
    const { hashes, ...proof } = await world.log.consistency(from, to);
    return { ...proof, hashes: hashes.map(base64Of) };
  }),
];

const base64Of = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const base64OfHex = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

const daysBetween = (from: string, to: string): string[] =>
  Array.from({ length: (Date.parse(to) - Date.parse(from)) / DAY_MS + 1 }, (_, at) =>
    iso(Date.parse(from) + at * DAY_MS).slice(0, 10),
  );
/** A figure that looks like a week's work: weekends are quiet. */
const figure = (day: string, most: number): number => {
  const at = Date.parse(day) / DAY_MS;
  return (at + 4) % 7 < 2
    ? Math.round(most / 8)
    : Math.round((most * (3 + (Math.imul(at, 2_654_435_761) >>> 29))) / 10);
};

function decisionsPerDay(from: string, to: string): ReplyOf<typeof metrics.getDecisionAnalytics> {
  const days = daysBetween(from, to).map((day) => ({
    ...{ day, approved: figure(day, 24), rejected: figure(day, 9), undecided: figure(`${day}T12:00Z`, 2), other: 0 },
  }));
  const total = days.reduce((sum, { approved, rejected, undecided }) => sum + approved + rejected + undecided, 0);
  return { days, total, medianMs: 6_240 };
}

function usagePerDay(from: string, to: string): ReplyOf<typeof metrics.getUsageAnalytics> {
  return {
    days: daysBetween(from, to).map((day) => ({
      ...{ day, runs: figure(day, 34), failed: figure(day, 2) },
      ...{ inputTokens: figure(day, 48_000), outputTokens: figure(day, 9_000), costMicros: figure(day, 410_000) },
    })),
  };
}
