/**
 * The main job on the sample repository, told with the commands a user would type: a change with green tests is
 * rejected, the same change done well is approved, and a receipt with one byte flipped is found out.
 */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { repositoryRoot } from '../paths.js';
import { branches, createSample, intent, testCommand } from './sample.js';

export interface StoryOptions {
  /** Where the sample and its receipts go. */
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (text: string) => void;
  /** Where the commands speak, as a file descriptor; the terminal unless told. */
  readonly output?: number;
}

interface Scene {
  readonly title: string;
  /** What follows `npm exec conclave --`. */
  readonly words: readonly string[];
  /** How the command ends when the platform works. */
  readonly ends: 'with 0' | 'with 1' | 'otherwise';
}

/** @throws Error when a command ends differently from what the story tells */
export async function playStory({ dataDir, env, say, output }: StoryOptions): Promise<void> {
  const sample = join(dataDir, 'sample');
  const receipt = (name: string) => join(dataDir, 'receipts', `${name}.receipt.json`);
  rmSync(join(dataDir, 'receipts'), { recursive: true, force: true });
  const show = async ({ title, words, ends }: Scene) => {
    say(`\n  ${title}\n\n  $ ${typed(words)}\n\n`);
    const code = await conclave(words, env, output ?? 'inherit');
    if (ends === 'otherwise' ? code <= 1 : `with ${code}` !== ends)
      throw new Error(`The sample story went wrong: ${typed(words)} ended with code ${code}.`);
  };
  const review = (title: string, head: string, name: string, ends: Scene['ends']) =>
    show({ title, words: ['review', ...change(sample, head), '--receipt', receipt(name)], ends });

  const addJury = () =>
    show({
      title: 'A repository is given its jury.',
      words: ['init', '--repo', sample, '--test', testCommand],
      ends: 'with 0',
    });
  await createSample(sample, addJury, env);
  await review('A change to it, whose tests are green, is judged.', branches.rejected, 'rejected', 'with 1');
  await review('The same change done well is judged.', branches.approved, 'approved', 'with 0');
  const verify = (title: string, file: string, ends: Scene['ends']) =>
    show({ title, words: ['verify', file, '--repo', sample], ends });
  await verify('The receipt is checked, without the platform.', receipt('approved'), 'with 0');
  writeFileSync(receipt('tampered'), flipOneByte(readFileSync(receipt('approved'), 'utf8')));
  await verify('The same receipt after one byte of it was flipped.', receipt('tampered'), 'otherwise');
}

/** The command's entry, which `npm exec conclave` finds by the root manifest. */
export const program = join(repositoryRoot, 'libs/cli/bin/conclave.mjs');

const change = (sample: string, head: string) => [
  '--repo',
  sample,
  '--base',
  branches.target,
  '--head',
  head,
  '--intent',
  intent,
];

/**
 * Flips the lowest bit of one hexadecimal digit of a digest in the signed payload: still well-formed to the last letter,
 * and one byte away from what was signed.
 */
export function flipOneByte(receipt: string): string {
  const payload = /(?<="payload": ?")[A-Za-z0-9+/=]+/.exec(receipt)?.[0] ?? '';
  const signed = Buffer.from(payload, 'base64');
  const digest = /[0-9a-f]{64}/.exec(signed.toString('latin1'));
  if (!digest) throw new Error('The receipt has no signed digest.');
  const at = digest.index + digest[0].search(/[0-9bcde]/);
  signed.writeUInt8(signed.readUInt8(at) ^ 1, at);
  return receipt.replace(payload, signed.toString('base64'));
}

function typed(words: readonly string[]): string {
  const shown = words.map((word) => (word.startsWith(repositoryRoot) ? relative(repositoryRoot, word) : word));
  return ['npm exec conclave --', ...shown.map((word) => (/^[\w./@:=-]+$/.test(word) ? word : `'${word}'`))].join(' ');
}

/** Runs the command as `npm exec` would. */
function conclave(words: readonly string[], env: NodeJS.ProcessEnv, output: 'inherit' | number): Promise<number> {
  const { CONCLAVE_URL: _, CONCLAVE_API_KEY: __, ...rest } = env;
  const stdio = ['ignore', output, output] as const;
  const child = spawn(process.execPath, [program, ...words], { cwd: repositoryRoot, env: rest, stdio: [...stdio] });
  return new Promise((done) => child.on('close', (code) => done(code ?? 255)));
}
