import { describe, expect, it } from '@jest/globals';
import { ballotOf, CHECKS } from '@conclave/checks';
import { type ReadLimits, readChange } from '../git/read-change.js';
import { type Files, ScratchRepository } from '../scratch/scratch-repository.js';

/** Votes by check, of the checks that do not abstain by themselves. */
async function votes(before: Files, after: Files, limits: Partial<ReadLimits>): Promise<Record<string, string>> {
  using repo = new ScratchRepository();
  const [base = '', head = ''] = repo.grow([{ files: { 'README.md': '# Sample\n', ...before } }, { files: after }]);
  const change = await readChange(repo.dir, { base, head, limits });
  return Object.fromEntries(
    CHECKS.map((check) => [check.id, ballotOf(check.run(change))] as const).map(([id, ballot]) => [
      id,
      ballot.vote === 'abstain' ? ballot.reason : ballot.vote,
    ]),
  );
}

const filler = (count: number): Files =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`a/${`${i}`.padStart(2, '0')}.ts`, `run(${i});\n`]));
/** Credentials are joined here, so that no scanner takes this file for a leak. */
const hidden: Files = {
  'z/cart.spec.ts': ["it.only('adds', () => {", '  expect(1).toBe(one());', '});'],
  'z/key.ts': [`export const key = '${['AKIA', 'QYLPMN5HHHFPZAM2'].join('')}';`],
  'z/blind.ts': ['// @ts-nocheck', 'run();'],
};

describe('a change of which only a part was read', () => {
  it('gets a no for what it hides when all of it is read', async () => {
    const all = await votes({}, { ...filler(33), ...hidden }, {});
    expect(all).toMatchObject({ 'tests-weakened': 'no', secrets: 'no', suppressions: 'no', bidi: 'yes' });
  });

  it.each<[string, Partial<ReadLimits>]>([
    ['changed files', { files: 33 }],
    ['changed bytes', { totalBytes: 300 }],
  ])('gets no yes from any check beyond the limit of %s', async (what, limits) => {
    const said = await votes({}, { ...filler(33), ...hidden }, limits);
    expect(Object.values(said)).not.toContain('yes');
    expect(said).toMatchObject({ secrets: expect.stringMatching(`^only \\d+ of the \\d+ ${what} were read$`) });
  });

  it('gets no yes from the checks that judge the surroundings beyond the limit of the context', async () => {
    const before = { 'package.json': '{}\n', 'src/a.spec.ts': 'run();\n' };
    const after = { 'package.json': '{ "name": "a" }\n', 'src/a.spec.ts': 'go();\n' };
    const said = await votes(before, after, { contextBytes: 2 });
    const reason = expect.stringMatching('^only 2 of the \\d+ bytes of manifests');
    expect(said).toMatchObject({ 'supply-chain': reason, 'tests-weakened': reason, secrets: 'yes' });
  });
});

describe('a file above the limit', () => {
  const large = `${'run();\n'.repeat(200)}`;
  const limits = { fileBytes: 1_000 };

  it('gets no yes from the checks that judge such a file, and leaves the others alone', async () => {
    const said = await votes({}, { 'src/a.ts': 'a();\n', 'src/large.ts': `// @ts-nocheck\n${large}` }, limits);
    const reason = 'the text of src/large.ts was not read';
    expect(said).toMatchObject({ suppressions: reason, secrets: reason, bidi: reason, complexity: reason });
    expect(said).toMatchObject({ 'agent-config': 'yes' });
    const test = await votes({}, { 'src/a.ts': 'a();\n', 'src/large.spec.ts': large }, limits);
    expect(test).toMatchObject({ 'tests-weakened': 'the text of src/large.spec.ts was not read' });
    const script = await votes({}, { Makefile: `a:\n\ttrue\n`, 'ci/large.sh': large }, limits);
    expect(script).toMatchObject({ 'supply-chain': 'the text of ci/large.sh was not read' });
  });

  it('is nothing to a check that judges no such file', async () => {
    const lock = JSON.stringify({ packages: {}, filler: large });
    const image = Buffer.concat([Buffer.from([137, 80, 0]), Buffer.alloc(2_000, 65)]);
    const after = { 'src/a.ts': 'a();\n', 'package-lock.json': lock, 'logo.png': image, 'src/gone.ts': null };
    const said = await votes({ 'src/gone.ts': large }, after, limits);
    for (const id of ['secrets', 'bidi', 'suppressions', 'supply-chain', 'complexity', 'agent-config']) {
      expect([id, said[id]]).toEqual([id, 'yes']);
    }
  });

  it('hides nothing behind a NUL, which most languages read past', async () => {
    const said = await votes({}, { 'src/a.ts': 'a();\n', 'src/nul.js': `// \0\n/* eslint-disable */\n` }, limits);
    expect(said).toMatchObject({ suppressions: 'the text of src/nul.js was not read' });
  });
});
