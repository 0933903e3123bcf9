/**
 * Panels of real models beside one of them: every model this environment has a key for is asked each question once by each
 * seat, and every rule counts the same answers, so rules differ by nothing but themselves.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseEnv } from 'node:util';
import type { Method } from '@conclave/consensus-core';
import { repositoryRoot } from '../paths.js';
import { count, VERDICTS, type Answer, type Answered } from './panel-count.js';
import { ownQuestions, questionsOf, type PanelQuestion } from './panel-questions.js';
import type { Case } from './report.js';

const CONTESTANT = 'services/agent-runtime/dist/bench/model-contestant.js';
const LEAST_SEATS = 5;
/** Of each kind, for each round. */
const QUESTIONS = 10;
/** So many questions are asked at once, each of all seats. */
const ABREAST = 4;
const RULES: readonly Method[] = ['plurality', 'approval', 'borda', 'irv', 'schulze', 'ranked-pairs', 'score'];

interface Model {
  /** `provider/model`. */
  readonly id: string;
  readonly priced: boolean;
  readonly ask: (system: string, prompt: string) => Promise<{ readonly text?: string; readonly costMicros: number }>;
}

interface ContestantModule {
  readonly open: (env: NodeJS.ProcessEnv) => { readonly priceVersion: string; readonly models: readonly Model[] };
}

export interface ModelPanelOptions {
  readonly rounds: number;
  /** Questions of one's own, as lines of JSON. */
  readonly questions?: string | undefined;
  /** A file of `NAME=value` lines over the environment. */
  readonly env?: string | undefined;
}

/** What its user has to mend, such as a key that is not there: told without a stack. */
export class Unasked extends Error {}

function mended<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Unasked((error as Error).message, { cause: error });
  }
}

const SYSTEM = [
  'You are one juror on a panel. You answer alone and do not see other answers. Work the answer out; do not guess.',
  'The last line of your answer is all that counts: names of options from the most to the least likely, with > between',
  'them, and nothing else, such as: B > D > A. One name is enough when you are sure.',
].join('\n');

/** @throws Unasked without a key, with a file that is none, and when a provider refuses */
export async function modelPanels({ rounds, questions: file, env: envFile }: ModelPanelOptions): Promise<Case[]> {
  const env = { ...process.env, ...(envFile !== undefined && mended(() => parseEnv(readFileSync(envFile, 'utf8')))) };
  const { open } = (await import(pathToFileURL(join(repositoryRoot, CONTESTANT)).href)) as ContestantModule;
  const { models, priceVersion } = mended(() => open(env));
  if (models.length === 0)
    throw new Unasked(
      'There is no model to ask: set OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY or OPENAI_COMPATIBLE_BASE_URL, here or in a file named by --env.',
    );
  const questions = file === undefined ? ownQuestions(rounds * QUESTIONS) : mended(() => questionsOf(file));
  const seats = Array.from(
    { length: Math.max(LEAST_SEATS, models.length) },
    (_, seat) => models[seat % models.length]!,
  );
  process.stderr.write(`${questions.length * seats.length} calls; prices ${priceVersion}\n`);
  const answered: Asked[] = [];
  for (let at = 0; at < questions.length; at += ABREAST)
    answered.push(...(await Promise.all(questions.slice(at, at + ABREAST).map((one) => put(one, seats)))));
  const [verdicts, choices] = [true, false].map((wanted) => answered.filter(({ verdict }) => verdict === wanted));
  return [
    ...casesOf('yes or no', verdicts!, ['approval-gate'], models, seats.length),
    ...casesOf('options', choices!, RULES, models, seats.length),
  ];
}

interface Asked extends Answered {
  readonly verdict: boolean;
}

/** Each model alone, then the panel of all seats under each rule. */
function casesOf(
  kind: string,
  questions: readonly Asked[],
  rules: readonly Method[],
  models: readonly Model[],
  seats: number,
): Case[] {
  if (questions.length === 0) return [];
  const alone = (seat: number) => questions.map((one) => ({ ...one, answers: [one.answers[seat]!] }));
  const named = (name: string, figures: Case['figures']): Case => ({
    bench: 'panels',
    case: `${name}, ${kind}`,
    figures,
  });
  return [
    ...models.map(({ id }, seat) => named(`one juror, ${id}`, count(rules[0]!, alone(seat)))),
    ...rules.map((method) => named(`${method}, ${seats} jurors`, count(method, questions))),
  ];
}

/** Puts a question to every seat. Options have letters, and the two verdicts their names. */
async function put({ text, options, truth }: PanelQuestion, seats: readonly Model[]): Promise<Asked> {
  const verdict = options.length === 2 && VERDICTS.every((one) => options.includes(one));
  const nameOf = (option: string) => (verdict ? option : String.fromCharCode(65 + options.indexOf(option)));
  const names = options.map(nameOf);
  const list = verdict ? names.join('\n') : options.map((option) => `${nameOf(option)}: ${option}`).join('\n');
  const answers = await Promise.all(
    seats.map(async ({ id, priced, ask }): Promise<Answer> => {
      const { text: said = '', costMicros } = await ask(SYSTEM, `${text}\n\nOptions:\n${list}`).catch(
        (error: Error) => {
          throw new Unasked(`${id}: ${error.message}`, { cause: error });
        },
      );
      return { ranking: rankingIn(said, names), weight: 1, costMicros: priced ? costMicros : undefined };
    }),
  );
  return { verdict, options: names, truth: nameOf(truth), answers };
}

/** The ranking on an answer's last line; a line that is anything else is no answer, whatever was meant. */
function rankingIn(said: string, names: readonly string[]): string[] {
  const last = said.trimEnd().split('\n').at(-1) ?? '';
  const ranking = last.split('>').map((name) => name.trim());
  const usable = ranking.every((name) => names.includes(name)) && new Set(ranking).size === ranking.length;
  return usable ? ranking : [];
}
