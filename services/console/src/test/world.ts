/** A tenant of the fake edge with everything in it: what the pages show and what they may change. */
import {
  auth,
  newId,
  permissions,
  type consensus,
  type Decision,
  type marketplace,
  type delivery,
  type ReplyOf,
  type ReviewResult,
  type Run,
  type RunEvent,
  type TaskResults,
} from '@conclave/contracts';
import { Consensus, type Review } from './deciding.js';
import { connectionsOf } from './fake-connections.js';
import { peopleOf, type People } from './fake-people.js';
import { Log } from './log.js';
import { commit, diff, sha256, type Diff } from './sample-change.js';
import { endedReview, iso, storyOf } from './sample-reviews.js';
import { askingRun, type Asking } from './sample-tasks.js';

type ItemOf<C extends Parameters<typeof Object.keys>[0]> = C extends { items: (infer Item)[] } ? Item : never;
export type ApiKey = ItemOf<ReplyOf<typeof auth.listApiKeys>>;
export type Webhook = ItemOf<ReplyOf<typeof delivery.listWebhooks>>;
export type VoterKey = ItemOf<ReplyOf<typeof consensus.listVoterKeys>>;
export type Installation = ItemOf<ReplyOf<typeof marketplace.listInstallations>>;
export type Receipt = Awaited<ReturnType<Consensus['receiptOf']>>;

export const API_KEY = 'cnk_0123456789abcdefghijklmnopqrstuv';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export interface World {
  readonly me: ReplyOf<typeof auth.getMe>;
  readonly runs: Run[];
  readonly results: Map<string, ReviewResult | TaskResults>;
  readonly decisions: Decision[];
  readonly receipts: Map<string, Receipt>;
  readonly stories: Map<string, RunEvent[]>;
  diff: Diff;
  readonly keys: ApiKey[];
  readonly people: People;
  readonly connections: ReturnType<typeof connectionsOf>;
  readonly webhooks: Webhook[];
  readonly installations: Installation[];
  /** Passkeys of the person who is signed in, and a decision that waits for their ballot. */
  readonly voterKeys: VoterKey[];
  readonly voting: Decision;
  log: Log;
  readonly consensus: Consensus;
  /** The rejected review that most pages are tried with, and one that is still being judged. */
  readonly rejected: Run;
  readonly live: Run;
  /** A run of tasks that asks a person, and what it is made of. */
  readonly asking: Asking;
  /** The events of the live run that are still to come, in order. */
  readonly toCome: RunEvent[];
  /** What the live run comes to. */
  readonly end: Review & { readonly run: Run };
}

/** A tenant that has worked for a while. */
export async function newWorld(now = Date.now()): Promise<World> {
  const workspace = newId('workspace');
  const log = await Log.start('conclave.example.com/log/acme');
  const consensus = await Consensus.start();
  const reviews = history(now, workspace);
  const live = liveReview(now, workspace);
  const failed = failedRun(now, workspace);
  const me = newId('principal');
  const voterKey = passkeyOf(me, now);
  const voting = rankingOf(voterKey, now);
  const person: World['me'] = {
    principal: { id: me, kind: 'user', name: 'Ada Lovelace' },
    tenant: { id: newId('tenant'), name: 'Acme' },
    workspace: { id: workspace, name: 'checkout' },
    role: 'administrator',
    scopes: [...permissions],
  };
  const asking = askingRun(now - 12 * HOUR, workspace);
  const receipts = new Map<string, Receipt>();
  log.append('tenant.created', 'service:auth', iso(now - 90 * HOUR), { name: 'Acme' });
  for (const review of reviews.toReversed()) {
    log.append('run.created', 'prn_ada', review.run.createdAt, { run: review.run.id, kind: 'review' });
    receipts.set(review.decision.id, await consensus.receiptOf(review, log));
    log.append('run.completed', 'service:runtime', review.run.updatedAt, {
      run: review.run.id,
      outcome: review.result.outcome,
    });
  }
  return {
    me: person,
    people: peopleOf(person, now),
    connections: connectionsOf(now),
    runs: [live.run, failed, asking.run, ...reviews.map(({ run }) => run)].sort((a, b) =>
      a.createdAt < b.createdAt ? 1 : -1,
    ),
    results: new Map<string, ReviewResult | TaskResults>(reviews.map(({ run, result }) => [run.id, result])),
    decisions: [live.decision, ...reviews.map(({ decision }) => decision), voting],
    receipts,
    stories: new Map([
      [live.run.id, live.told],
      [failed.id, failedStory(failed)],
      [asking.run.id, asking.story],
      ...reviews.map((review) => [review.run.id, storyOf(review)] as const),
    ]),
    diff,
    keys: keysAt(now, me),
    webhooks: [
      {
        id: newId('webhook'),
        url: 'https://ci.example.com/hooks/conclave',
        events: ['decision.sealed'],
        createdAt: iso(now - 70 * HOUR),
      },
    ],
    installations: [],
    voterKeys: [voterKey],
    voting,
    log,
    consensus,
    rejected: reviews[0]!.run,
    live: live.run,
    asking,
    toCome: live.toCome,
    end: live.end,
  };
}

function history(now: number, workspace: string): (Review & { readonly run: Run })[] {
  const told: readonly (readonly [title: string, outcome: 'approved' | 'rejected', ago: number, took: number])[] = [
    ['Add discount codes to the checkout', 'rejected', 4 * MINUTE, 6_400],
    ['Round discounts, test them, restore the tests', 'approved', 38 * MINUTE, 5_900],
    ['Upgrade the tax table for 2027', 'approved', 2 * HOUR, 8_200],
    ['Retry payment webhooks with backoff', 'approved', 5 * HOUR, 11_700],
    ['Silence flaky currency tests', 'rejected', 7 * HOUR, 4_300],
    ['Split the basket from the order', 'approved', 26 * HOUR, 14_100],
    ['Let agents run npm without asking', 'rejected', 29 * HOUR, 3_800],
    ['Cache exchange rates for an hour', 'approved', 52 * HOUR, 7_600],
  ];
  return told.map(([title, outcome, ago, tookMs]) =>
    endedReview({ title, outcome, startedAt: now - ago, tookMs, workspace }),
  );
}

/** A run whose panel is seated, with three seats heard, and how it will end. */
function liveReview(now: number, workspace: string) {
  const terms = {
    title: 'Export invoices as PDF',
    outcome: 'approved',
    startedAt: now - 9_000,
    tookMs: 9_000,
    workspace,
  } as const;
  const { run, decision, result } = endedReview(terms);
  const { outcome: _, ...running } = run;
  const { outcome: __, sealedAt: ___, ...open } = decision;
  const ballots = decision.ballots.map(({ vote: _vote, reason: _reason, ...ballot }) => ({
    ...ballot,
    status: 'pending' as const,
  }));
  const story = storyOf({ run, result });
  return {
    run: { ...running, state: 'working' as const } as Run,
    decision: { ...open, phase: 'ballots' as const, ballots, evidence: [], receiptReady: false } as Decision,
    told: story.slice(0, 7),
    toCome: story.slice(7),
    end: { run, decision, result },
  };
}

function failedRun(now: number, workspace: string): Run {
  return {
    ...{ id: newId('run', now - 3 * HOUR), kind: 'review', title: 'Vendor the fonts', state: 'failed', workspace },
    ...{ createdAt: iso(now - 3 * HOUR), updatedAt: iso(now - 3 * HOUR + 1_200) },
    failure: {
      code: 'review.jury-malformed',
      message: '.conclave/panel.json on the target branch is not valid JSON (line 4).',
    },
  };
}

function failedStory({ id: run, title, createdAt, updatedAt, failure }: Run): RunEvent[] {
  return [
    { run, seq: 1, type: 'run.created', at: createdAt, data: { title } },
    { run, seq: 2, type: 'run.started', at: createdAt, data: {} },
    { run, seq: 3, type: 'run.failed', at: updatedAt, data: { run, ...failure } },
  ];
}

function passkeyOf(enrolledBy: string, now: number): VoterKey {
  return {
    ...{ voterId: newId('voter'), name: 'laptop', algorithm: 'webauthn-es256', custody: 'passkey', enrolledBy },
    publicKey: Buffer.alloc(65, 4).toString('base64'),
    passkey: { credentialId: 'AAAA', rpId: 'conclave.example.com', origin: 'https://conclave.example.com' },
    enrolledAt: iso(now - 70 * HOUR),
  };
}

function rankingOf({ voterId }: VoterKey, now: number): Decision {
  const ballot = { kind: 'human', family: 'people', weight: 1, status: 'pending', custody: 'passkey' } as const;
  return {
    ...{ id: newId('decision', now - HOUR), question: 'Which database shall we use?', termsSha256: sha256('terms') },
    ...{ phase: 'commit', secrecy: 'sealed', rule: { method: 'schulze' }, notices: [], evidence: [] },
    options: ['Postgres', 'SQLite', 'Files'].map((title) => ({ id: title.toLowerCase(), title })),
    ballots: [
      { ...ballot, voterId, name: 'lead' },
      { ...ballot, voterId: newId('voter'), name: 'operations' },
    ],
    openedAt: iso(now - HOUR),
    receiptReady: false,
  };
}

function keysAt(now: number, principal: string): ApiKey[] {
  return [
    {
      id: newId('apiKey'),
      name: 'console of Ada',
      scopes: [...permissions],
      principal,
      createdAt: iso(now - 80 * HOUR),
      lastUsedAt: iso(now),
    },
    {
      ...{ id: newId('apiKey'), name: 'ci', scopes: ['run:create', 'run:read', 'decision:read'], principal },
      ...{ createdAt: iso(now - 60 * HOUR), expiresAt: iso(now + 2_000 * HOUR), lastUsedAt: iso(now - 4 * MINUTE) },
      allowedAddresses: ['10.1.0.0/16'],
    },
    {
      ...{ id: newId('apiKey'), name: 'laptop (lost)', scopes: ['self:read'], principal },
      ...{ createdAt: iso(now - 79 * HOUR), revokedAt: iso(now - 20 * HOUR) },
    },
  ];
}

/** The package on offer. */
export const listing = {
  name: 'conclave/review',
  kind: 'panel' as const,
  title: 'Review panel',
  description:
    'Judges what a change introduces: tests, secrets, suppressions, supply chain, agent configuration, scope.',
  publisher: 'conclave',
  builtIn: true,
  latest: { version: '1.0.0', sha256: sha256('panel'), publishedAt: '2026-11-01T00:00:00Z' },
};

export const manifest = {
  name: listing.name,
  version: '1.0.0',
  rule: { method: 'approval-gate', variant: 'unanimous' },
  secrecy: 'open',
  seats: ['tests', 'tests-weakened', 'secrets', 'bidi', 'supply-chain'].map((seat, at) => ({
    ...{
      seat,
      kind: at === 0 ? 'gate' : 'juror',
      agent: at === 0 ? 'tests-gate' : 'check',
      version: '1',
      family: 'conclave',
    },
  })),
  bundle: commit('bundle'),
};
