import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../paths.js';
import { mustRun } from '../processes/run.js';
import { commandsIn, commandsSpelledIn, pages } from './pages.js';

const CLI = /^npm exec conclave -- (\S+)(.*)$/;

/** What follows `npm exec conclave --` anywhere in our pages. */
const calls = pages().flatMap((page) =>
  [...commandsIn(page), ...commandsSpelledIn(page)].flatMap((command) => {
    const [, name = '', words = ''] = CLI.exec(command) ?? [];
    return name ? [{ page: page.path, name, flags: words.match(/--[\w-]+/g) ?? [] }] : [];
  }),
);

describe('commands of the pages', () => {
  const conclave = (...words: string[]) =>
    mustRun(process.execPath, [join(repositoryRoot, 'libs/cli/bin/conclave.mjs'), ...words]);
  let overview: string;
  beforeAll(async () => {
    overview = await conclave('--help');
  });

  it('show how to review and how to verify', () => {
    expect(calls.map(({ name }) => name)).toEqual(expect.arrayContaining(['review', 'verify', 'init']));
  });

  it.each(calls)('exist: $page, $name $flags', async ({ name, flags }) => {
    expect(overview).toMatch(new RegExp(`^  ${name} `, 'm'));
    const help = await conclave(name, '--help');
    for (const flag of flags) expect(help).toMatch(new RegExp(`^  ${flag}( |$)`, 'm'));
  });

  it('would not pass with a flag that is not there', async () => {
    expect(await conclave('review', '--help')).not.toMatch(/^ {2}--no-such-flag( |$)/m);
  });
});
