/**
 * Questions whose answers are known, for panels of real models: what a small program prints, worked out here while the
 * program is written. The wrong options are what the likely misreadings of that program print, so that jurors who err err
 * alike. Others' questions come from a file.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { pick, randomOf } from '../chaos/random.js';
import { VERDICTS } from './panel-count.js';

type Random = () => number;

export interface PanelQuestion {
  readonly text: string;
  /** What can be answered. */
  readonly options: readonly string[];
  readonly truth: string;
}

interface Program {
  readonly start: number;
  readonly times: number;
  readonly factor: number;
  readonly less: number;
  readonly modulus: number;
  readonly even: boolean;
}

const between = (low: number, high: number, random: Random): number => low + Math.floor(random() * (high - low + 1));

function sourceOf({ start, times, factor, less, modulus, even }: Program): string {
  return [
    `let x = ${start};`,
    `for (let i = 0; i < ${times}; i++) {`,
    `  if (i % 2 === ${even ? 0 : 1}) x = x * ${factor} - ${less};`,
    `  else x -= x % ${modulus};`,
    `}`,
    `console.log(x);`,
  ].join('\n');
}

function printedBy({ start, times, factor, less, modulus, even }: Program): number {
  let x = start;
  for (let i = 0; i < times; i++) x = (i % 2 === 0) === even ? x * factor - less : x - (x % modulus);
  return x;
}

/** What somebody takes the program for who counts wrong, mixes up the branches, or loses a step. */
const misreadings = (program: Program): Program[] => [
  { ...program, times: program.times - 1 },
  { ...program, times: program.times + 1 },
  { ...program, even: !program.even },
  { ...program, less: 0 },
  { ...program, modulus: program.modulus + 1 },
  { ...program, start: program.start + 1 },
];

/** A program's output, and three others that it might be taken for. */
function puzzle(random: Random): { source: string; printed: string; wrong: string[] } {
  for (;;) {
    const program: Program = {
      ...{ start: between(3, 40, random), times: between(4, 7, random), factor: between(2, 4, random) },
      ...{ less: between(1, 9, random), modulus: between(3, 9, random), even: random() < 0.5 },
    };
    const printed = String(printedBy(program));
    const wrong = new Set(misreadings(program).map((other) => String(printedBy(other))));
    wrong.delete(printed);
    if (wrong.size >= 3) return { source: sourceOf(program), printed, wrong: [...wrong].slice(0, 3) };
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const keyed = items.map((item) => ({ item, key: random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

/** So many questions with four options, and as many claims to approve or reject. */
export function ownQuestions(many: number, seed = 1979): PanelQuestion[] {
  const random = randomOf(seed);
  return Array.from({ length: many }, (): PanelQuestion[] => {
    const open = puzzle(random);
    const claimed = puzzle(random);
    const truth = pick(VERDICTS, random);
    const claim = truth === 'approved' ? claimed.printed : claimed.wrong[0]!;
    return [
      {
        text: `What does this program print?\n\n${open.source}`,
        options: shuffled([open.printed, ...open.wrong], random),
        truth: open.printed,
      },
      {
        text: `Somebody says that this program prints ${claim}. Approve that if it is true, else reject it.\n\n${claimed.source}`,
        options: VERDICTS,
        truth,
      },
    ];
  }).flat();
}

const line = z
  .strictObject({
    question: z.string().min(1),
    options: z
      .array(z.string().min(1))
      .min(2)
      .max(26)
      .default([...VERDICTS]),
    answer: z.string(),
  })
  .refine(({ options, answer }) => options.includes(answer), { error: 'the answer is none of the options' })
  .refine(({ options }) => new Set(options).size === options.length, { error: 'an option is there twice' });

/** Questions of a file: lines of `{question, options?, answer}`. @throws Error that names the line that is none */
export function questionsOf(file: string): PanelQuestion[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((text, at): PanelQuestion[] => {
    if (text.trim() === '') return [];
    try {
      const { question, options, answer } = line.parse(JSON.parse(text));
      return [{ text: question, options, truth: answer }];
    } catch (error) {
      const why = error instanceof z.ZodError ? error.issues.map(({ message }) => message).join('; ') : String(error);
      throw new Error(`${file}, line ${at + 1} is no question: ${why}`, { cause: error });
    }
  });
}
