/** What lets a change through: the hooks of git, the script of CI, and people's waivers of what rejected it. */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { VERDICTS } from '@conclave/verify';
import { EXIT } from '../exit-codes.js';
import { GitRepository } from '../test/git-repository.js';
import { runConclave, type Ended } from '../test/run-conclave.js';
import { TestPlatform } from '../test/test-platform.js';

const root = new URL('../../../../', import.meta.url).pathname;
const conclave = `${process.execPath} ${join(root, 'libs/cli/bin/conclave.mjs')}`;
const RECEIPTS = 'refs/notes/conclave-receipts';
const WAIVERS = 'refs/notes/conclave-waivers';
const REFUSED = VERDICTS['policy-refused'].exitCode;

const own = new GitRepository();
const server = new GitRepository();
let platform: TestPlatform;
let good: string;
let bad: string;
let badReceipt: string;

/** A change that the checks reject, a good one on top of it, and a server whose hook stands before its branch. */
beforeAll(async () => {
  platform = await TestPlatform.start();
  platform.pending = 0;
  newKey('lead');
  const trust = JSON.parse(platform.court.trust) as object;
  const waivers = { keys: [await listed('lead')], threshold: 1 };
  own.commit({
    'src/total.js': 'export const total = (a, b) => a + b;\n',
    '.conclave/panel.yaml': 'panel: conclave/review\n',
    '.conclave/trust.json': JSON.stringify({ ...trust, waivers }),
  });
  rmSync(join(server.dir, '.git'), { recursive: true });
  server.git('init', '--quiet', '--bare', '--initial-branch=main');
  own.git('remote', 'add', 'origin', server.dir);
  expect((await run('hook', 'install', 'pre-receive', '--repo', server.dir)).code).toBe(0);
  expect(push('main').said).toContain('nobody judges what founds it');
  own.git('fetch', '--quiet', 'origin');

  own.git('checkout', '--quiet', '-b', 'bad');
  bad = own.commit({ 'src/total.js': 'export const total = (a, b) => a + b; // \u202e\n' }, 'feat: reorder');
  badReceipt = await reviewed('bad');
  own.git('checkout', '--quiet', '-b', 'good');
  good = own.commit({ 'README.md': '# Totals\n\nHow sums are made.\n' }, 'docs: what it is');
  await reviewed('good', '--base', 'bad');
}, 120_000);
afterAll(async () => {
  await platform.stop();
  for (const one of [own, server]) one.remove();
});

const run = (...words: string[]): Promise<Ended> => runConclave(words, { cwd: own.dir });
const fileOf = (name: string) => join(own.dir, '.git', name);

async function reviewed(name: string, ...words: string[]): Promise<string> {
  const env = { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key };
  await runConclave(['review', '--receipt', fileOf(`${name}.json`), ...words], { cwd: own.dir, env });
  rmSync(fileOf('conclave'), { recursive: true, force: true });
  return fileOf(`${name}.json`);
}

function newKey(name: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(fileOf(`${name}.pem`), privateKey.export({ format: 'pem', type: 'pkcs8' }));
}

async function listed(keyid: string): Promise<unknown> {
  const { stdout } = await run('waive', '--key', fileOf(`${keyid}.pem`), '--as', keyid, '--json');
  return JSON.parse(stdout) as unknown;
}

interface Pushed {
  readonly accepted: boolean;
  readonly said: string;
}

function push(...words: string[]): Pushed {
  const env = { PATH: process.env['PATH'], HOME: own.dir, GIT_CONFIG_NOSYSTEM: '1' };
  const { status, stderr } = spawnSync('git', ['push', 'origin', ...words], { cwd: own.dir, env, encoding: 'utf8' });
  return { accepted: status === 0, said: stderr };
}

function note(ref: string, commit: string, file: string): void {
  own.git('notes', `--ref=${ref}`, 'add', '--force', '--file', file, commit);
}

const waive = (keyid: string, out: string, ...words: string[]): Promise<Ended> => {
  const [key, reason] = [fileOf(`${keyid}.pem`), 'The mark is in a comment of a test.'];
  return run('waive', badReceipt, '--key', key, '--as', keyid, '--reason', reason, '--out', fileOf(out), ...words);
};
const verified = (...words: string[]): Promise<Ended> =>
  run('verify', badReceipt, '--commit', 'bad', '--policy', fileOf('approved.json'), ...words);

describe('a waiver', () => {
  beforeAll(async () => {
    writeFileSync(fileOf('approved.json'), '{"version":1,"outcome":"approved"}');
    expect((await waive('lead', 'lead.jsonl')).code).toBe(0);
  });
  it('lets a rejected change through, and is told loudly', async () => {
    expect((await verified()).stdout).toMatch(/outcome is rejected, but must be approved/);
    const { code, stdout } = await verified('--waivers', fileOf('lead.jsonl'));
    expect([code, stdout]).toEqual([0, expect.stringMatching(/ok +waiver +lead until .*: The mark is in a comment/)]);
    expect(stdout).toMatch(/WAIVED: the panel rejected this change/);
    const { stdout: json } = await verified('--waivers', fileOf('lead.jsonl'), '--json');
    expect(JSON.parse(json)).toMatchObject({ waived: true, status: 'trusted', exitCode: 0 });
  });

  it('that lies in .conclave/waivers is found there, and counts for nothing once it is changed', async () => {
    const folder = join(own.dir, '.conclave/waivers');
    mkdirSync(folder);
    writeFileSync(join(folder, 'it.jsonl'), readFileSync(fileOf('lead.jsonl')));
    expect((await verified()).code).toBe(0);
    const waiver = JSON.parse(readFileSync(fileOf('lead.jsonl'), 'utf8')) as { payload: string };
    const text = Buffer.from(waiver.payload, 'base64').toString().replace('a comment', 'a string');
    const forged = { ...waiver, payload: Buffer.from(text).toString('base64') };
    writeFileSync(join(folder, 'it.jsonl'), JSON.stringify(forged));
    const refused = await verified();
    expect([refused.code, refused.stdout]).toEqual([
      9,
      expect.stringMatching(/failed +waiver .*signature of lead does not hold/),
    ]);
    rmSync(folder, { recursive: true });
  });

  it('is read from files alone, and from no more of them than anybody needs', async () => {
    const folder = join(own.dir, '.conclave/waivers');
    const refused = async () => {
      const { code, stderr } = await verified();
      rmSync(folder, { recursive: true });
      return [code, stderr];
    };
    symlinkSync(join(own.dir, '.git'), folder);
    expect(await refused()).toEqual([EXIT.usage, expect.stringContaining('waivers is a symbolic link')]);
    mkdirSync(folder);
    for (let n = 0; n <= 1_000; n++) writeFileSync(join(folder, `${n}.jsonl`), '');
    expect(await refused()).toEqual([EXIT.usage, expect.stringContaining('at most 1000 files')]);
  });

  it('cannot be signed of nothing, or by a key that is none', async () => {
    const words = ['--reason', 'x', '--as', 'lead', '--key', fileOf('lead.pem'), '--out', fileOf('x.jsonl')];
    const nothing = await run('waive', fileOf('good.json'), ...words);
    expect([nothing.code, nothing.stderr]).toEqual([
      EXIT.local,
      expect.stringContaining('nothing in this receipt can be waived'),
    ]);
    expect((await waive('lead', 'x.jsonl', '--voter', 'nobody')).stderr).toMatch(/what can be waived: the no of bidi/);
    expect((await run('waive', badReceipt, '--as', 'lead', '--reason', 'x', '--key', badReceipt)).code).toBe(
      EXIT.usage,
    );
    expect((await waive('lead', 'x.jsonl', '--days', '0')).code).toBe(EXIT.usage);
  });
});

describe('a pre-receive hook', () => {
  it('refuses a push that no receipt speaks for', () => {
    const { accepted, said } = push('good:main');
    expect([accepted, said]).toEqual([
      false,
      expect.stringMatching(/no receipt is at hand for [0-9a-f]{12}, pushed to refs\/heads\/main/),
    ]);
  });

  it('refuses a change that was rejected, until it is waived', () => {
    note(RECEIPTS, bad, badReceipt);
    const refused = push('bad:main', RECEIPTS);
    expect(refused).toEqual({
      accepted: false,
      said: expect.stringContaining('outcome is rejected, but must be approved'),
    });
    note(WAIVERS, bad, fileOf('lead.jsonl'));
    const waived = push('bad:main', RECEIPTS, WAIVERS);
    expect(waived).toEqual({ accepted: true, said: expect.stringContaining('WAIVED') });
  });

  it('accepts what a receipt in the same push speaks for', () => {
    note(RECEIPTS, good, fileOf('good.json'));
    const { accepted, said } = push('good:main', RECEIPTS);
    expect([accepted, said]).toEqual([true, expect.stringContaining('trusted  everything holds')]);
    expect(server.git('rev-parse', 'main')).toBe(good);
  });

  it('does not let the branch be deleted or rewound, and leaves other branches alone', () => {
    server.git('config', 'receive.denyDeleteCurrent', 'ignore');
    expect(push(':main').said).toContain('refs/heads/main may not be deleted');
    expect(push('--force', 'bad:main', RECEIPTS, WAIVERS).said).toContain('refs/heads/main may not be rewound');
    expect(push('bad:topic').accepted).toBe(true);
  });

  it('is not passed by naming the branch twice, or as a new one', () => {
    const [none, main] = ['0'.repeat(40), server.git('rev-parse', 'main')];
    const hook = (...lines: string[]) => {
      const input = lines.map((line) => `${line} refs/heads/main\n`).join('');
      const { status, stderr } = spawnSync(join(server.dir, 'hooks/pre-receive'), {
        cwd: server.dir,
        input,
        encoding: 'utf8',
      });
      return [status, stderr];
    };
    const twice = [REFUSED, expect.stringContaining('refs/heads/main is updated twice in one push')];
    expect(hook(`${none} ${bad}`, `${main} ${bad}`)).toEqual(twice);
    expect(hook(`${none} ${bad}`)).toEqual([REFUSED, expect.stringContaining('refs/heads/main is there already')]);
  });
});

describe('a pre-push hook', () => {
  it('refuses before anything is sent, and is not written over another one', async () => {
    expect((await run('hook', 'install', 'pre-push')).code).toBe(0);
    expect((await run('hook', 'install', 'pre-push')).stderr).toContain('is there already');
    own.git('checkout', '--quiet', '-B', 'unjudged', 'good');
    own.commit({ 'src/more.js': 'export const more = 1;\n' }, 'feat: more');
    const { accepted, said } = push('unjudged:main');
    expect([accepted, said]).toEqual([false, expect.stringMatching(/^conclave: no receipt is at hand/)]);
    expect(push('unjudged:elsewhere').accepted).toBe(true);
  });
});

/** In a clone of the server's repository that has the commit as a pull request. */
function inClone(commit: string, run: string[], more: NodeJS.ProcessEnv) {
  const clone = new GitRepository();
  clone.git('remote', 'add', 'origin', server.dir);
  clone.git('fetch', '--quiet', own.dir, `${commit}:refs/pull/7/head`);
  const env = { PATH: process.env['PATH'], HOME: clone.dir, ...more };
  const { status, stdout, stderr } = spawnSync(run[0]!, run.slice(1), { cwd: clone.dir, env, encoding: 'utf8' });
  clone.remove();
  return { status, said: stdout + stderr };
}

describe('the action of CI', () => {
  interface Action {
    readonly inputs: Readonly<Record<string, { readonly default: string }>>;
    readonly runs: {
      readonly using: string;
      readonly steps: readonly { shell: string; run: string; env: Readonly<Record<string, string>> }[];
    };
  }
  const folder = join(root, 'deploy/ci');
  const action = parse(readFileSync(join(folder, 'action.yml'), 'utf8')) as Action;
  const [step] = action.runs.steps;

  /** What GitHub makes of `${{ a.b || c }}`: the first that is not empty. */
  const evaluated = (text: string, contexts: Readonly<Record<string, string>>): string =>
    text.replace(/\$\{\{\s*(.+?)\s*\}\}/g, (_, said: string) => {
      const names = said.split(' || ');
      expect(names.filter((name) => !(name in contexts))).toEqual([]);
      return names.map((name) => contexts[name]!).find((value) => value !== '') ?? '';
    });

  /** Runs the action as GitHub does, with what is given and the rest by its defaults. */
  function acted(github: Readonly<Record<string, string>>, given: Readonly<Record<string, string>>, commit: string) {
    const inputs = Object.fromEntries(
      Object.entries(action.inputs).map(([name, input]) => [
        `inputs.${name}`,
        given[name] ?? evaluated(input.default, github),
      ]),
    );
    const env = Object.fromEntries(Object.entries(step!.env).map(([name, text]) => [name, evaluated(text, inputs)]));
    return inClone(commit, [step!.shell, '-e', '-c', step!.run], { ...env, GITHUB_ACTION_PATH: folder });
  }
  const pull = (head: string) => ({
    ...{ 'github.base_ref': 'main', 'github.event.repository.default_branch': 'trunk' },
    ...{ 'github.event.pull_request.head.sha': head, 'github.sha': '0'.repeat(40) },
  });

  it('gives the script every variable it reads but the name of the remote', () => {
    expect(action.runs).toMatchObject({ using: 'composite', steps: [{ shell: 'sh' }] });
    const read = readFileSync(join(folder, 'gate.sh'), 'utf8').matchAll(/^#\s+([A-Z]+)\s/gm);
    const names = [...read].map(([, name]) => name!).filter((name) => name !== 'REMOTE');
    expect(Object.keys(step!.env).toSorted()).toEqual(names.toSorted());
  });

  it('passes by its defaults the head of a pull request that was judged, and no other', () => {
    expect(acted(pull(good), { conclave }, good)).toMatchObject({ status: 0 });
    const unjudged = own.git('rev-parse', 'unjudged').trim();
    expect(acted(pull(unjudged), { conclave }, 'unjudged')).toMatchObject({ status: EXIT.usage });
    expect(acted(pull(unjudged), { conclave, receipt: fileOf('good.json') }, 'unjudged')).toMatchObject({ status: 9 });
  });

  it('takes branch and commit of a push where there is no pull request', () => {
    const push = {
      ...{ 'github.base_ref': '', 'github.event.repository.default_branch': 'main' },
      ...{ 'github.event.pull_request.head.sha': '', 'github.sha': good },
    };
    expect(acted(push, { conclave }, good)).toMatchObject({ status: 0 });
  });
});

describe('the script of CI', () => {
  const gate = (commit: string, more: NodeJS.ProcessEnv = {}) =>
    inClone(commit, [join(root, 'deploy/ci/gate.sh')], { COMMIT: 'refs/pull/7/head', CONCLAVE: conclave, ...more });

  it('finds receipt, trust root and policy on the side of the branch', () => {
    expect(gate(good)).toEqual({
      status: 0,
      said: expect.stringMatching(/trust\.json of origin\/main[\s\S]*trusted/),
    });
    expect(gate('unjudged')).toEqual({
      status: EXIT.usage,
      said: expect.stringContaining('no receipt is at hand'),
    });
    expect(gate('unjudged', { RECEIPT: fileOf('good.json') })).toEqual({
      status: 9,
      said: expect.stringMatching(/holds tree [0-9a-f]{12}, which was not judged/),
    });
  });
});
