/** What a voter says, as it is typed. */
import type { Call } from '../command.js';
import { usage } from '../fault.js';

export const saidOptions = {
  vote: { value: 'yes|no', help: 'for approval-gate' },
  choice: { value: 'OPTION', help: 'for plurality' },
  approve: { value: 'A,B', help: 'for approval; "" approves of none' },
  ranking: { value: 'A>B=C', help: 'for rankings: best first, = for equal; what is left out is last' },
  score: { value: 'A=10,B=3', help: 'for score' },
} as const;

type Said = {
  vote?: 'yes' | 'no';
  choice?: string;
  approve?: string[];
  ranking?: string[][];
  score?: Record<string, number>;
};

/** @throws Fault `cli.usage` unless exactly one thing is said */
export function saidIn(call: Call): Said {
  const given = Object.keys(saidOptions).filter((name) => call.text(name) !== undefined);
  const [name] = given;
  if (name === undefined || given.length > 1)
    throw usage(
      `say one of ${Object.keys(saidOptions)
        .map((one) => `--${one}`)
        .join(', ')}`,
    );
  const words = call.text(name)!;
  switch (name as keyof typeof saidOptions) {
    case 'vote':
      if (words !== 'yes' && words !== 'no') throw usage('--vote takes yes or no');
      return { vote: words };
    case 'choice':
      return { choice: words };
    case 'approve':
      return { approve: listed(words, ',') };
    case 'ranking':
      return { ranking: listed(words, '>').map((tier) => listed(tier, '=')) };
    case 'score':
      return { score: Object.fromEntries(listed(words, ',').map(gradeOf)) };
  }
}

function listed(words: string, separator: string): string[] {
  return words
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function gradeOf(words: string): [string, number] {
  const [option = '', grade = ''] = words.split('=');
  if (!/^\d+$/.test(grade.trim())) throw usage(`${JSON.stringify(words)} is not OPTION=GRADE`);
  return [option.trim(), Number(grade)];
}
