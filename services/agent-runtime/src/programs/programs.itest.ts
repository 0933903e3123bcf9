import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readChange } from '@conclave/connectors';
import { Sandbox } from '../sandbox/sandbox.js';
import { hunkAblation } from './hunk-ablation.js';
import type { ProgramRequest } from './program.js';
import { testsGate } from './tests-gate.js';

type Files = Record<string, string>;

/** A product in shell with two functions, and tests that know only one of them. */
const lib = (add: string, greet: string): string =>
  `add() {\n  echo $(( ${add} ))\n}\n\n# spacing\n#\n#\n\ngreet() {\n  echo "${greet}"\n}\n`;
const tests = '. ./lib.sh\n[ "$(add 2 3)" = 5 ] || { echo "add is broken"; exit 1; }\n';
const before: Files = { 'lib.sh': lib('$1 + $2', 'hi'), 'test/run.sh': tests };

describe('programs', () => {
  let dir: string;
  const sandbox = new Sandbox();
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      cwd: join(dir, 'repository'),
      encoding: 'utf8',
    }).trim();

  beforeAll(async () => {
    expect(await sandbox.probe()).toEqual({ available: true });
    dir = mkdtempSync(join(tmpdir(), 'programs-'));
    chmodSync(dir, 0o711);
    mkdirSync(join(dir, 'repository'));
    git('init', '--quiet');
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const commit = (files: Files): string => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, 'repository', path)), { recursive: true });
      writeFileSync(join(dir, 'repository', path), text);
    }
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '--message=x');
    return git('rev-parse', 'HEAD');
  };
  const request = async (base: Files, head: Files, more: Partial<ProgramRequest> = {}): Promise<ProgramRequest> => {
    const repository = join(dir, 'repository');
    const ends = { base: commit(base), head: commit(head) };
    return {
      repository,
      change: await readChange(repository, ends),
      command: 'sh test/run.sh',
      timeoutMs: 20_000,
      endsAt: Date.now() + 600_000,
      dependencies: [],
      sandbox,
      workRoot: join(dir, 'work'),
      signal: new AbortController().signal,
      ...more,
    };
  };

  describe('the tests gate', () => {
    it('is green where the tests pass on base and head', async () => {
      const gate = await testsGate(await request(before, { 'lib.sh': lib('$2 + $1', 'hi') }));
      expect(gate).toMatchObject({ status: 'green', reason: 'the tests pass on base and head' });
    });

    it('is red, with what the tests said, where only head fails them', async () => {
      const gate = await testsGate(await request(before, { 'lib.sh': lib('$1 - $2', 'hi') }));
      expect(gate).toMatchObject({ status: 'red', output: 'add is broken\n' });
      expect(gate.reason).toContain('fail on the head: exit code 1');
    });

    it('abstains where base is red already, or the command cannot run there', async () => {
      const broken = { ...before, 'lib.sh': lib('$1 - $2', 'hi') };
      expect(await testsGate(await request(broken, before))).toMatchObject({
        status: 'abstained',
        reason: 'the tests do not pass on the base: exit code 1: add is broken',
      });
      const missing = await request(before, { 'lib.sh': lib('1', 'x') }, { command: 'no-such-program' });
      expect((await testsGate(missing)).reason).toMatch(
        /^the tests do not pass on the base: exit code 127 \(the command cannot be run; outside .* it takes its whole path\): .*no-such-program: not found$/,
      );
    });

    it('is red where head hangs', async () => {
      const hangs = await request(before, { 'lib.sh': `sleep 60\n${lib('$1 + $2', 'hi')}` }, { timeoutMs: 3_000 });
      expect(await testsGate(hangs)).toMatchObject({
        status: 'red',
        reason: 'the tests pass on the base and fail on the head: ran out of time',
      });
    });

    it('abstains, and does not reject, where no sandbox could be made', async () => {
      const gate = await testsGate(
        await request(before, { 'lib.sh': lib('2', 'hi') }, { dependencies: ['/no/such/folder'] }),
      );
      expect(gate).toMatchObject({
        status: 'abstained',
        reason: expect.stringMatching(/on the base: could not be started in a sandbox: bwrap: .*\/no\/such\/folder/),
      });
    });

    it('gives the same evidence each time, and other evidence for another command or tree', async () => {
      const one = await request(before, { 'lib.sh': lib('$2 + $1', 'hi') });
      const { sha256 } = await testsGate(one);
      expect((await testsGate(one)).sha256).toBe(sha256);
      expect((await testsGate({ ...one, command: 'date; sh test/run.sh' })).sha256).not.toBe(sha256);
      expect((await testsGate(await request(before, { 'lib.sh': lib('$2 + $1 ', 'hi') }))).sha256).not.toBe(sha256);
    });

    it('leaves nothing of one run to the next', async () => {
      const litters = { 'test/run.sh': 'if [ -e left ]; then exit 1; fi; touch left; mkdir -p a/b; chmod 000 a\n' };
      const gate = await testsGate(await request({ ...before, ...litters }, { 'lib.sh': lib('3', 'hi') }));
      expect(gate.status).toBe('green');
    });
  });

  describe('the hunk ablation', () => {
    it('tells the hunks that no test notices, and only those', async () => {
      const result = await hunkAblation(
        await request({ ...before, 'lib.sh': lib('$1 + $2 + 1', 'hi') }, { 'lib.sh': lib('$1 + $2', 'hello') }),
        60_000,
      );
      expect(result).toEqual({
        applies: true,
        findings: [
          {
            path: 'lib.sh',
            line: 10,
            rule: 'untested-hunk',
            severity: 'warning',
            message: 'the tests pass without line 10: nobody tests this hunk',
          },
        ],
      });
    });

    it('takes an added file back whole, and leaves tests and comments alone', async () => {
      const head = {
        'lib.sh': before['lib.sh']!.replace('# spacing', '# more spacing'),
        'extra.sh': 'extra() {\n  echo 1\n}\n',
        'test/more.sh': 'true\n',
      };
      const result = await hunkAblation(await request(before, head), 60_000);
      expect(result).toMatchObject({ applies: true, findings: [{ path: 'extra.sh', line: 1, rule: 'untested-hunk' }] });
    });

    it('lists what it had no time for, and draws the same sample for the same tree', async () => {
      const many = (word: string): Files =>
        Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`m${i}.sh`, `${word}${i}() {\n  echo ${word}\n}\n`]));
      const one = await request({ ...before, ...many('a') }, many('b'));
      const result = await hunkAblation(one, 600_000);
      const findings = result.applies ? result.findings : [];
      expect(Map.groupBy(findings, ({ rule }) => rule).get('untried-hunk')).toHaveLength(4);
      expect(Map.groupBy(findings, ({ rule }) => rule).get('untested-hunk')).toHaveLength(10);
      expect(await hunkAblation(one, 600_000)).toEqual(result);
      expect(await hunkAblation(one, 1)).toEqual({
        applies: false,
        reason: 'the tests do not pass on the head: ran out of time',
      });
    });

    it('waits for a run without a hunk a few times as long as with it, and takes hanging for noticing', async () => {
      const hangs = '[ -e ready.sh ] || sleep 600\n';
      const head = { 'ready.sh': 'ready() {\n  true\n}\n', 'test/run.sh': `${hangs}${tests}` };
      const one = await request({ ...before, 'test/run.sh': 'true\n' }, head, { timeoutMs: 300_000 });
      expect(await hunkAblation(one, 120_000)).toEqual({ applies: true, findings: [] });
      const cut = await hunkAblation(one, 5_000);
      expect(cut).toMatchObject({ applies: true, findings: [{ path: 'ready.sh', rule: 'untried-hunk' }] });
    });

    it('ends with the decision, however long a run may take', async () => {
      const hangs = await request(before, { 'lib.sh': `sleep 600\n${lib('$1 + $2', 'hi')}` }, { timeoutMs: 300_000 });
      const result = await hunkAblation({ ...hangs, endsAt: Date.now() + 1_000 }, 120_000);
      expect(result).toEqual({ applies: false, reason: 'the tests do not pass on the head: ran out of time' });
    });

    it('abstains where there is nothing to take back, or head is red', async () => {
      expect(await hunkAblation(await request(before, { 'README.md': 'x\n' }), 60_000)).toMatchObject({
        applies: false,
      });
      expect(await hunkAblation(await request(before, { 'lib.sh': lib('$1 - $2', 'x') }), 60_000)).toEqual({
        applies: false,
        reason: 'the tests do not pass on the head: exit code 1',
      });
    });
  });
});
