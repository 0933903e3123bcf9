import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { contracts } from '@conclave/contracts';
import { repositoryRoot } from '../paths.js';
import { commandsIn, commandsSpelledIn, filesNamedIn, pageAt, pages, subjectsNamedIn } from './pages.js';

const exists = (path: string) => existsSync(join(repositoryRoot, path));

describe('what pages name', () => {
  it.each(pages().map((page) => [page.path, page] as const))('is there: %s', (_, page) => {
    expect(filesNamedIn(page).filter((path) => !exists(path))).toEqual([]);
  });

  it('is found in links and in code type, and a missing file is noticed', () => {
    const page = { path: 'docs/x.md', text: '[a](../libs/gone.ts#l) [b](https://c.d) [e](#f) `libs/g/h.ts` `npm i`' };
    expect(filesNamedIn(page)).toEqual(['libs/gone.ts', 'libs/g/h.ts']);
    expect(exists('libs/gone.ts')).toBe(false);
  });

  it('includes the page of every service, in the tour', () => {
    const services = readdirSync(join(repositoryRoot, 'services')).map((name) => `services/${name}/README.md`);
    expect(filesNamedIn(pageAt('docs/tour.md'))).toEqual(expect.arrayContaining(services.filter(exists)));
  });

  it('includes every page that a reader of the README should find', () => {
    const named = filesNamedIn(pageAt('README.md'));
    for (const page of readdirSync(join(repositoryRoot, 'docs')).filter((name) => name.endsWith('.md')))
      expect(named).toContain(`docs/${page}`);
  });
});

describe('the subjects of a service', () => {
  const own = (owner: string) => contracts.filter((one) => one.owner === owner).map(({ subject }) => subject);
  const nounOf = (subject: string) => subject.slice(0, subject.lastIndexOf('.'));

  it.each(['auth', 'marketplace'])('are all on its page, and no others: %s', (owner) => {
    const named = subjectsNamedIn(pageAt(`services/${owner}/README.md`));
    const isNamed = (subject: string) => named.has(subject) || named.has(`${nounOf(subject)}.*`);
    expect(own(owner).filter((subject) => !isNamed(subject))).toEqual([]);
    const known = new Set(own(owner).flatMap((subject) => [subject, `${nounOf(subject)}.*`]));
    expect([...named].filter((subject) => !known.has(subject))).toEqual([]);
  });
});

describe('the tour', () => {
  it('leads to the line that decides a vote in four jumps, each an import', () => {
    const core = 'libs/consensus-core/src';
    const way = [
      ['services/consensus/src/decisions/advance.ts', 'admitClose'],
      [`${core}/decision/admit-lifecycle.ts`, './conclusion.js'],
      [`${core}/decision/conclusion.ts`, '../tally.js'],
      [`${core}/tally.ts`, './rules/approval-gate.js'],
      [`${core}/rules/approval-gate.ts`, "variant === 'unanimous' ? no === 0"],
    ] as const;
    expect(way.length - 1).toBeLessThanOrEqual(4);
    for (const [path, next] of way) expect(readFileSync(join(repositoryRoot, path), 'utf8')).toContain(next);
    expect(filesNamedIn(pageAt('docs/tour.md'))).toEqual(expect.arrayContaining(way.map(([path]) => path)));
  });
});

describe('the glossary', () => {
  it('says of each word once what it means, in alphabetical order', () => {
    const words = [...pageAt('docs/glossary.md').text.matchAll(/^\|(.+?)\|/gm)].slice(2).map(([, word = '']) => word);
    const sorted = [...new Set(words)].toSorted((a, b) => (a.trim() < b.trim() ? -1 : 1));
    expect(words).toEqual(sorted);
  });
});

describe('the script of the night', () => {
  it('has a part for every test that a program by others is needed for', () => {
    const [config, script] = ['jest.config.mjs', 'deploy/verify/nightly.sh'].map((path) => pageAt(path).text);
    const tests = [...config!.matchAll(/'\/([a-z0-9-]+)\.nightly'/g)].map(([, name]) => name);
    const run = [...script!.matchAll(/^(?:part_.*\{ | {2})nightly ([a-z0-9-]+)/gm)].map(([, name]) => name);
    expect(run.toSorted()).toEqual(tests.toSorted());
  });
});

describe('the README', () => {
  const readme = pageAt('README.md');

  it('fits on one screen', () => {
    expect(readme.text.split('\n').length).toBeLessThanOrEqual(60);
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const commands = [...commandsIn(readme), ...pages().flatMap(commandsSpelledIn)];
    const unknown = commands.filter((command) => {
      const [, script] = /^npm (?:run (?:-s )?)?(\S+)/.exec(command) ?? [];
      return !(script === 'exec' || (script !== undefined && script in scripts));
    });
    expect(commands).toEqual(expect.arrayContaining(['npm run up', 'npm test']));
    expect(unknown).toEqual([]);
  });
});
