import { runs } from '@conclave/contracts';
import { answerOf, questionOf, type Client, type Json, type Question } from '@conclave/sdk';
import { usage } from '../fault.js';
import type { Output } from '../output.js';
import { printable } from '../printable.js';

/** What the run asks people at the moment. */
export async function openQuestions(client: Client, run: string, signal: AbortSignal): Promise<Question[]> {
  const { items } = await client.call(runs.listWaits, { id: run }, { signal });
  return items.flatMap((wait) => questionOf(wait) ?? []);
}

/** A question with what may be answered, numbered. */
export function questionLines(out: Output, { task, text, options, expiresAt }: Question): string[] {
  return [
    `${out.styled('bold', task)} asks, until ${expiresAt.slice(0, 16)}:`,
    ...text.split('\n').map((line) => `  ${printable(line)}`),
    ...options.map(({ id, title }, at) => `  ${String(at + 1).padStart(3)}  ${printable(id)}  ${printable(title)}`),
  ];
}

/** The answer that typed words stand for: an option's number or id, `done` with what an effect gave, or any words. */
export function typedAnswer(question: Question, typed: string): Json {
  const { options, kind } = question;
  const [word = '', ...rest] = typed.split(/\s+/);
  const known = options.some(({ id }) => id === word);
  const chosen = known ? word : (options[Number(word) - 1]?.id ?? word);
  if (kind === 'effect' && rest.length > 0) return answerOf(question, chosen, jsonOf(rest.join(' '), 'what it gave'));
  return answerOf(question, options.length > 0 && rest.length === 0 ? chosen : typed);
}

/** @throws Fault `cli.usage` */
export function jsonOf(text: string, what: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw usage(`${what} is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
}
