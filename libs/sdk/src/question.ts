import { runs, type Wait } from '@conclave/contracts';

/** Any JSON value. */
export type Json = NonNullable<Wait['answer']> | null;

/** What a run asks a person. */
export interface Question {
  readonly task: string;
  readonly kind: 'human' | 'effect';
  readonly text: string;
  /** What may be answered; nothing here means anything. */
  readonly options: readonly { readonly id: string; readonly title: string }[];
  /** Until when; what comes later is refused. */
  readonly expiresAt: string;
}

const resolutions = [
  { id: 'done', title: 'It happened' },
  { id: 'retry', title: 'It did not happen: do it' },
  { id: 'fail', title: 'Give it up' },
] as const;

/** The question of a wait that is open and waits for a person. */
export function questionOf({ task, kind, state, about, expiresAt }: Wait): Question | undefined {
  if (state !== 'open' || (kind !== 'human' && kind !== 'effect')) return undefined;
  if (kind === 'human') {
    const { question = 'It waits for an answer.', options = [] } = runs.humanAbout.safeParse(about).data ?? {};
    return { task, kind, text: question, options, expiresAt };
  }
  const known = runs.effectAbout.safeParse(about).data;
  const text = known
    ? `Nobody knows whether ${known.effect} happened. It was begun at ${known.begunAt} under the key ${known.key}.`
    : 'Nobody knows whether an effect happened.';
  return { task, kind, text, options: resolutions, expiresAt };
}

/** What is sent for the option or the words a person chose; `result` is what an effect gave that did happen. */
export function answerOf({ kind }: Pick<Question, 'kind'>, words: string, result: Json = null): Json {
  if (kind === 'human') return words;
  return words === 'done' ? { resolution: words, result } : { resolution: words };
}
