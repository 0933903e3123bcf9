/** What is done on a platform, and what is kept of it: which list has it, what people call it, and what they are shown of it. */
import {
  audit,
  budgets,
  caps,
  consensus,
  delivery,
  marketplace,
  models,
  records,
  runs,
  runtime,
  sessions,
  triggers,
  type Contract,
  type ReplyOf,
  type metrics,
} from '@conclave/contracts';
import type { Shown } from '../operations/listing.js';
import { noun } from '../operations/noun.js';

const or = (text: string | number | undefined): string => (text === undefined ? '-' : String(text));

export const hooks = noun({
  name: 'webhook',
  list: delivery.listWebhooks,
  id: ({ id }) => id,
  names: ({ url }) => [url],
  columns: {
    webhook: ({ id }) => id,
    state: ({ disabledAt }) => (disabledAt === undefined ? 'enabled' : 'disabled'),
    url: ({ url }) => url,
    events: ({ events, entries }) => [...events, ...(entries ? [`entries as ${entries.format}`] : [])].join(' '),
  },
  first: ['webhooks', 'create', 'URL', '--event', 'decision.sealed'],
});

export const deliveries = noun({
  name: 'delivery',
  list: delivery.listDeliveries,
  id: ({ id }) => id,
  columns: {
    delivery: ({ id }) => id,
    state: ({ state }) => state,
    event: ({ type }) => type,
    at: ({ createdAt }, out) => out.time(createdAt),
    tries: ({ attempts }) => String(attempts),
    last: ({ lastStatus, lastError }) => or(lastError ?? lastStatus),
  },
});

export const packages = noun({
  name: 'package',
  list: marketplace.listPackages,
  id: ({ name }) => name,
  columns: {
    package: ({ name }) => name,
    kind: ({ kind }) => kind,
    latest: ({ latest }) => latest.version,
    publisher: ({ publisher }) => publisher,
    title: ({ title }) => title,
  },
});

export const installations = noun({
  name: 'installation',
  list: marketplace.listInstallations,
  id: ({ id }) => id,
  names: ({ package: name }) => [name],
  columns: {
    installation: ({ id }) => id,
    package: ({ package: name }) => name,
    version: ({ version }) => version,
    since: ({ installedAt }, out) => out.time(installedAt),
    sha256: ({ sha256 }) => sha256,
  },
});

export const run = noun({
  name: 'run',
  list: runtime.listRuns,
  id: ({ id }) => id,
  columns: {
    run: ({ id }) => id,
    state: ({ outcome, state }) => outcome ?? state,
    kind: ({ kind }) => kind,
    created: ({ createdAt }, out) => out.time(createdAt),
    title: ({ title }) => title,
  },
  first: ['run', '--agent', 'compose', '--input', '{"value":"hello"}'],
});

export const tasks = noun({
  name: 'task',
  list: runs.listTasks,
  id: ({ id }) => id,
  columns: {
    task: ({ id }) => id,
    agent: ({ agent }) => agent,
    state: ({ state }) => state,
    turns: ({ turns }) => String(turns),
    after: ({ dependsOn }) => dependsOn.join(' '),
  },
});

export const talks = noun({
  name: 'session',
  list: sessions.listSessions,
  id: ({ id }) => id,
  names: ({ title }) => [title],
  columns: {
    session: ({ id }) => id,
    state: ({ state, archivedAt }) => (archivedAt === undefined ? state : 'archived'),
    agent: ({ agent }) => agent.agent,
    messages: ({ messages }) => String(messages),
    changed: ({ updatedAt }, out) => out.time(updatedAt),
    title: ({ title }) => title,
  },
  first: ['sessions', 'create', 'TITLE'],
});

export const messages = noun({
  name: 'message',
  list: sessions.listMessages,
  id: ({ no }) => String(no),
  columns: {
    no: ({ no }) => String(no),
    at: ({ at }, out) => out.time(at),
    state: ({ state }) => state,
    text: ({ text }) => text,
    reply: ({ reply }) => (reply === undefined ? '-' : typeof reply === 'string' ? reply : JSON.stringify(reply)),
  },
});

export const startedBy = noun({
  name: 'trigger',
  list: triggers.listTriggers,
  id: ({ id }) => id,
  names: ({ title }) => [title],
  columns: {
    trigger: ({ id }) => id,
    state: ({ enabled }) => (enabled ? 'on' : 'off'),
    kind: ({ on }) => on.kind,
    fired: ({ firedAt }, out) => out.time(firedAt),
    next: ({ nextAt }, out) => out.time(nextAt),
    title: ({ title }) => title,
  },
  first: ['triggers', 'create', 'FILE'],
});

export const misfirings = noun({
  name: 'failed firing',
  list: triggers.listTriggerFailures,
  id: ({ id }) => id,
  columns: {
    firing: ({ id }) => id,
    at: ({ at }, out) => out.time(at),
    tries: ({ attempts }) => String(attempts),
    code: ({ code }) => code,
    reason: ({ reason }) => reason,
  },
});

/** Cents at least, and whatever there is below them. */
export const dollars = (micros: number): string => `$${(micros / 1_000_000).toFixed(6).replace(/0{1,4}$/, '')}`;

export const budget = noun({
  name: 'budget',
  list: budgets.listBudgets,
  id: ({ id }) => id,
  columns: {
    budget: ({ id }) => id,
    scope: ({ scope }) => scope,
    period: ({ period }) => period,
    used: ({ percent }) => `${percent}%`,
    spent: ({ spentMicros }) => dollars(spentMicros),
    held: ({ reservedMicros }) => dollars(reservedMicros),
    limit: ({ limitMicros }) => dollars(limitMicros),
    then: ({ action }) => action,
    of: ({ scopeId }) => scopeId,
  },
  first: ['budgets', 'set', '--scope', 'tenant', '--limit', '25'],
});

export const cap = noun({
  name: 'cap',
  list: caps.listCaps,
  id: ({ kind, name }) => `${kind} ${name}`,
  columns: {
    cap: ({ name }) => name,
    of: ({ kind }) => kind,
    running: ({ running }) => String(running),
    slots: ({ slots }) => (slots === null ? 'any' : String(slots)),
  },
  whole: true,
  first: ['caps', 'set', 'agent', 'model', '4'],
});

export const model = noun({
  name: 'model',
  list: models.listModels,
  id: ({ model }) => model,
  columns: {
    model: ({ model }) => model,
    family: ({ family }) => family,
    fallbacks: ({ fallbacks }) => fallbacks.join(', '),
  },
  whole: true,
});

export const usage = noun({
  name: 'model call',
  list: budgets.getUsage,
  id: ({ key }) => key,
  columns: {
    key: ({ key }) => key,
    calls: ({ calls }) => String(calls),
    input: ({ inputTokens }) => String(inputTokens),
    cached: ({ cachedTokens }) => String(cachedTokens),
    output: ({ outputTokens }) => String(outputTokens),
    cost: ({ costMicros }) => dollars(costMicros),
  },
});

export const decisions = noun({
  name: 'decision',
  list: consensus.listDecisions,
  id: ({ id }) => id,
  columns: {
    decision: ({ id }) => id,
    state: ({ outcome, phase }) => outcome?.status ?? phase,
    opened: ({ openedAt }, out) => out.time(openedAt),
    question: ({ question }) => question,
  },
  first: ['review'],
});

export const voterKeys = noun({
  name: 'voter key',
  list: consensus.listVoterKeys,
  id: ({ voterId }) => voterId,
  names: ({ name, revokedAt }) => [revokedAt === undefined ? name : undefined],
  columns: {
    voter: ({ voterId }) => voterId,
    custody: ({ custody }) => custody,
    state: ({ revokedAt, pending }) => (revokedAt !== undefined ? 'revoked' : pending ? 'pending' : 'good'),
    name: ({ name }) => name,
    since: ({ enrolledAt }, out) => out.time(enrolledAt),
  },
  first: ['decide', 'enrol', '--key', 'FILE'],
});

export const entries = noun({
  name: 'entry',
  list: audit.listAuditEntries,
  id: ({ index }) => String(index),
  columns: {
    index: ({ index }) => String(index),
    at: ({ at }, out) => out.time(at),
    type: ({ type }) => type,
    actor: ({ actor }) => actor,
  },
});

export const holds = noun({
  name: 'legal hold',
  list: records.listHolds,
  id: ({ id }) => id,
  columns: {
    hold: ({ id }) => id,
    placed: ({ placedAt }, out) => out.time(placedAt),
    of: ({ subject }) => subject ?? 'everything',
    by: ({ placedBy }) => placedBy,
    reason: ({ reason }) => reason,
  },
});

export const erasures = noun({
  name: 'erasure',
  list: records.listErasures,
  id: ({ id }) => id,
  columns: {
    erasure: ({ id }) => id,
    at: ({ at }, out) => out.time(at),
    of: ({ subject }) => subject,
    entries: ({ entries }) => String(entries),
    by: ({ requestedBy }) => requestedBy,
  },
});

type DayOf<C extends Contract> = ReplyOf<C> extends { readonly days: readonly (infer Day)[] } ? Day : never;

export const usageDay: Shown<DayOf<typeof metrics.getUsageAnalytics>> = {
  columns: {
    day: ({ day }) => day,
    runs: ({ runs }) => String(runs),
    failed: ({ failed }) => String(failed),
    input: ({ inputTokens }) => String(inputTokens),
    output: ({ outputTokens }) => String(outputTokens),
    cost: ({ costMicros }) => dollars(costMicros),
  },
};

export const decisionDay: Shown<DayOf<typeof metrics.getDecisionAnalytics>> = {
  columns: {
    day: ({ day }) => day,
    approved: ({ approved }) => String(approved),
    rejected: ({ rejected }) => String(rejected),
    undecided: ({ undecided }) => String(undecided),
    other: ({ other }) => String(other),
  },
};
