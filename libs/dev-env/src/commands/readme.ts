/**
 * Does what the README says, word for word, on a fresh clone: every command of its shell blocks, in order. It takes as
 * long as a newcomer's first minutes, too long for `npm test`; it is run by `node libs/dev-env/bin/readme.mjs`.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withFreshClone, type FreshClone } from '../bench/fresh-clone.js';
import { commandsIn, pageAt } from '../docs/pages.js';
import { mustRun } from '../processes/run.js';
import { branches, createSample, testCommand } from '../story/sample.js';

process.exitCode = await withFreshClone(async (clone) => {
  const project = join(dirname(clone.dir), 'my-project');
  const show = (text: string) => void process.stdout.write(text);
  for (const command of commandsIn(pageAt('README.md'))) {
    if (command.includes('../my-project') && !existsSync(project)) await createProject(project, clone);
    show(`\n$ ${command}\n`);
    const code = await clone.type(command, show);
    if (code === 0) continue;
    process.stderr.write(`\n${command} ended with ${code}\n`);
    return 1;
  }
  return 0;
});

/** The repository of one's own that the README speaks of: a good change on a branch, a jury on the default branch. */
async function createProject(project: string, clone: FreshClone): Promise<void> {
  await createSample(project, async () => {
    const code = await clone.type(
      `npm exec conclave -- init --repo ../my-project --test '${testCommand}'`,
      () => undefined,
    );
    if (code !== 0) throw new Error(`init ended with ${code}`);
  });
  await mustRun('git', ['checkout', '--quiet', branches.approved], { cwd: project });
}
