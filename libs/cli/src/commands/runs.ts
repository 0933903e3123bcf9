/** Runs, sessions and triggers: what is listed and managed, beside the commands that follow one run. */
import { budgets, metrics, runs, runtime, sessions, triggers } from '@conclave/contracts';
import type { Group } from '../command.js';
import * as nouns from '../nouns/work.js';
import { document, named, oneOf, request, word } from '../operations/field.js';
import { tableOf } from '../operations/listing.js';
import { listing, operation, required } from '../operations/operation.js';
import { printableJson } from '../printable.js';

const runId = word('id', '', { name: 'RUN', required: true });
const session = named('id', nouns.talks, '', required(nouns.talks));
const trigger = named('id', nouns.startedBy, '', required(nouns.startedBy));

export const runsGroup: Group = {
  name: 'runs',
  summary: 'list runs, and read what they did',
  description:
    'Runs of the workspace. One is started by `conclave run` or `conclave review`, and seen by `conclave status`.',
  commands: [
    listing(nouns.run, ['runs'], { options: [oneOf('state', runtime.runStates, 'only runs in this state')] }),
    operation(runtime.getRun, { name: 'show', operands: [runId] }),
    operation(runtime.getRunResult, {
      name: 'result',
      operands: [runId],
      shows: (result) => printableJson(result).split('\n'),
    }),
    operation(runtime.getRunDiff, {
      name: 'diff',
      operands: [runId],
      shows: ({ files, truncated }) => [...files.map(({ path }) => path), ...(truncated ? ['… and more'] : [])],
    }),
    listing(nouns.tasks, ['runs'], { name: 'tasks', summary: 'list the tasks of a run', operands: [runId] }),
    operation(runs.sendEvent, {
      name: 'send-event',
      operands: [word('key', '', { name: 'KEY', required: true })],
      options: [document('data', 'what it says')],
    }),
  ],
};

export const sessionsGroup: Group = {
  name: 'sessions',
  summary: 'talk to agents that are always there',
  commands: [
    listing(nouns.talks, ['sessions']),
    operation(sessions.getSession, { name: 'show', operands: [session] }),
    operation(sessions.createSession, {
      name: 'create',
      operands: [word('title', '', { name: 'TITLE', required: true })],
      options: [document('agent', '{agent, input}: who answers (default: a model)')],
      gives: nouns.talks,
    }),
    operation(sessions.sendMessage, {
      name: 'say',
      operands: [session, word('text', '', { name: 'TEXT', required: true })],
      gives: nouns.messages,
    }),
    listing(nouns.messages, ['sessions'], {
      name: 'messages',
      summary: 'list what was said in a session, newest first',
      operands: [session],
    }),
    operation(sessions.archiveSession, { name: 'archive', operands: [session], gives: nouns.talks }),
  ],
};

export const triggersGroup: Group = {
  name: 'triggers',
  summary: 'what starts runs by itself',
  description: [
    'Triggers of the workspace. TRIGGER is an id or a title. FILE holds {title, on, run} in JSON or YAML, such as',
    '  {title: nightly, on: {kind: cron, expression: "0 3 * * *"}, run: {agent: compose, input: {value: 1}}}',
  ].join('\n'),
  commands: [
    listing(nouns.startedBy, ['triggers']),
    operation(triggers.getTrigger, { name: 'show', operands: [trigger] }),
    operation(triggers.createTrigger, { name: 'create', operands: [request('')] }),
    operation(triggers.changeTrigger, { name: 'change', operands: [trigger, request('')], gives: nouns.startedBy }),
    operation(triggers.changeTrigger, {
      name: 'enable',
      summary: 'turn a trigger on',
      operands: [trigger],
      always: { enabled: true },
      gives: nouns.startedBy,
    }),
    operation(triggers.changeTrigger, {
      name: 'disable',
      summary: 'turn a trigger off',
      operands: [trigger],
      always: { enabled: false },
      gives: nouns.startedBy,
    }),
    operation(triggers.fireTrigger, {
      name: 'fire',
      operands: [trigger],
      options: [document('body', 'what a delivery would bring')],
      shows: ({ run }, out) => [
        run === undefined ? 'Skipped: the run it started last goes on.' : `Started: ${out.typed('watch', run)}`,
      ],
    }),
    listing(nouns.misfirings, ['triggers'], {
      name: 'failures',
      summary: 'list firings that were refused, newest first',
      operands: [trigger],
    }),
    operation(triggers.deleteTrigger, { name: 'delete', operands: [trigger], gives: nouns.startedBy }),
  ],
};

const days = [
  word('from', 'the first day, such as 2026-11-01', { value: 'DAY' }),
  word('to', 'the last day', { value: 'DAY' }),
];

export const usage: Group = {
  name: 'usage',
  summary: 'what was used, cost and decided',
  commands: [
    listing(nouns.usage, ['usage'], {
      name: 'calls',
      summary: 'list what model calls used and cost',
      options: [oneOf('by', budgets.usageKeys, 'by what it is summed up'), ...days],
    }),
    operation(metrics.getUsageAnalytics, {
      name: 'runs',
      options: days,
      table: ({ days }, out) => tableOf(nouns.usageDay, days, out),
    }),
    operation(metrics.getDecisionAnalytics, {
      name: 'decisions',
      options: days,
      table: ({ days }, out) => tableOf(nouns.decisionDay, days, out),
    }),
  ],
};
