import { existsSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConclaveError, runtime } from '@conclave/contracts';
import { EXIT } from '../exit-codes.js';
import { GitRepository } from '../test/git-repository.js';
import { runConclave, type Ended } from '../test/run-conclave.js';
import { TestPlatform } from '../test/test-platform.js';

let platform: TestPlatform;
let repo: GitRepository;
beforeAll(async () => {
  platform = await TestPlatform.start();
});
afterAll(() => platform.stop());
beforeEach(() => {
  repo = new GitRepository();
  repo.commit({ 'src/total.js': 'export const total = (a, b) => a + b;\n', 'README.md': '# sums\n' }, 'start');
});
afterEach(() => {
  repo.remove();
  platform.seen.length = 0;
  platform.refusals.clear();
  platform.pending = 1;
  platform.failure = undefined;
  platform.cutAfter = undefined;
  platform.tamper = (result) => result;
});

const conclave = (...words: string[]): Promise<Ended> =>
  runConclave(words, { cwd: repo.dir, env: { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key } });

/** A branch that says something else than what it shows: text that is read in another order than it is written. */
function hostileBranch(): string {
  repo.git('checkout', '--quiet', '-b', 'topic');
  return repo.commit({ 'src/total.js': 'export const total = (a, b) => a + b; // \u202e b - a \u2066\n' }, 'reorder');
}

function goodBranch(): string {
  repo.git('checkout', '--quiet', '-b', 'topic');
  return repo.commit({ 'src/total.js': 'export const total = (a, b) => b + a;\n' }, 'swap the operands');
}

const asked = () =>
  platform.seen.find(({ contract }) => contract === runtime.createReview)!.request as Record<string, unknown>;

describe('the verdict', () => {
  it('of a bad change names file, line and reason, and ends with 1', async () => {
    const head = hostileBranch();
    const { code, stdout, stderr } = await conclave('review', '--intent', 'say what it does');
    expect([code, stderr]).toEqual([EXIT.rejected, expect.stringMatching(/9 seats judge[\s\S]*bidi +no /)]);
    expect(stdout).toMatch(/^\nREJECTED/);
    expect(stdout).toMatch(/src\/total\.js\n +1 {2}error +.*bidi\//);
    expect(stdout).toMatch(/Seats\n[\s\S]* bidi +no/);
    expect(asked()).toMatchObject({
      base: repo.git('rev-parse', 'main'),
      head,
      target: repo.git('rev-parse', 'main'),
      intent: 'say what it does',
      title: 'reorder',
      shallow: [],
    });
  });

  it('of a good change ends with 0 and leaves the receipt in the git folder', async () => {
    goodBranch();
    const { code, stdout } = await conclave('review');
    expect([code, stdout]).toEqual([EXIT.approved, expect.stringContaining('APPROVED')]);
    const [file] = readdirSync(join(repo.dir, '.git/conclave'));
    expect(stdout).toContain(`.git/conclave/${file}`);
    expect(file).toMatch(/^dec_.*\.receipt\.json$/);
    expect(repo.git('status', '--porcelain')).toBe('');
  });

  it('is one JSON document with --json, and nothing else is on stdout', async () => {
    hostileBranch();
    const { code, stdout } = await conclave('review', '--json');
    const result = JSON.parse(stdout) as { outcome: string; run: string; receipt: string; findings: object[] };
    expect(code).toBe(EXIT.rejected);
    expect(result).toMatchObject({
      outcome: 'rejected',
      run: expect.stringMatching(/^run_/),
      receipt: expect.stringContaining('.receipt.json'),
    });
    expect(result.findings[0]).toEqual({
      path: 'src/total.js',
      line: 1,
      rule: expect.any(String),
      severity: 'error',
      message: expect.any(String),
      juror: 'bidi',
    });
  });

  it('that nobody reached ends with 2', async () => {
    goodBranch();
    platform.tamper = (result) => ({ ...result, outcome: 'undecided' });
    expect((await conclave('review')).code).toBe(EXIT.undecided);
  });

  it('is written as SARIF that points at the lines', async () => {
    hostileBranch();
    await conclave('review', '--sarif', 'out.sarif');
    const sarif = JSON.parse(readFileSync(join(repo.dir, 'out.sarif'), 'utf8')) as {
      version: string;
      runs: [{ results: object[]; tool: { driver: { rules: { id: string }[] } } }];
    };
    expect(sarif.version).toBe('2.1.0');
    const [run] = sarif.runs;
    expect(run.tool.driver.rules.map(({ id }) => id)).toContain((run.results[0] as { ruleId: string }).ruleId);
    expect(run.results[0]).toMatchObject({
      ruleId: expect.stringMatching(/^bidi\//),
      level: 'error',
      locations: [{ physicalLocation: { artifactLocation: { uri: 'src/total.js' }, region: { startLine: 1 } } }],
    });
  });

  it('cannot move the cursor, colour the terminal or reorder the words, whatever the findings and names say', async () => {
    goodBranch();
    const evil = 'a\u001b[2J\u001b]0;x\u0007\r\u009b31m\u202eb\n\u200b';
    platform.tamper = (result) => ({
      ...result,
      outcome: 'rejected',
      reason: evil,
      notices: [evil],
      seats: result.seats.map((seat) => ({ ...seat, reason: evil, seat: evil })),
      findings: [{ path: evil, line: 1, rule: evil, severity: 'error', message: evil, juror: evil }],
    });
    for (const words of [['review'], ['review', '--json']]) {
      const { code, stdout, stderr } = await conclave(...words);
      expect(code).toBe(EXIT.rejected);
      expect(stdout + stderr).not.toMatch(
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/,
      );
      if (words.includes('--json')) expect((JSON.parse(stdout) as { reason: string }).reason).toBe(evil);
    }
  });

  it('colours only where it is wanted', async () => {
    goodBranch();
    const env = { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key };
    const coloured = await runConclave(['review'], { cwd: repo.dir, env: { ...env, FORCE_COLOR: '1' } });
    const plain = await runConclave(['review'], { cwd: repo.dir, env: { ...env, FORCE_COLOR: '1', NO_COLOR: '1' } });
    expect(coloured.stdout).toContain('\u001b[1m');
    expect(plain.stdout + plain.stderr).not.toContain('\u001b');
  });
});

describe('what is judged', () => {
  it('is what parted from the default branch, not what happened there since', async () => {
    const head = goodBranch();
    const parted = repo.git('rev-parse', 'main');
    repo.git('checkout', '--quiet', 'main');
    const target = repo.commit({ 'other.txt': 'x\n' }, 'meanwhile');
    repo.git('checkout', '--quiet', 'topic');
    await conclave('review');
    expect(asked()).toMatchObject({ base: parted, head, target });
  });

  it('is the last commit when nothing is ahead of the branch', async () => {
    const base = repo.git('rev-parse', 'HEAD');
    const head = repo.commit({ 'src/total.js': 'export const total = (a, b) => b + a;\n' }, 'on main');
    const { code, stderr } = await conclave('review');
    expect([code, stderr]).toEqual([
      EXIT.approved,
      expect.stringContaining('nothing is ahead of main: its last commit is judged'),
    ]);
    expect(asked()).toMatchObject({ base, head, target: base });
  });

  it('is what --base and --head name', async () => {
    const base = repo.git('rev-parse', 'HEAD');
    const head = goodBranch();
    repo.commit({ 'later.txt': 'x\n' }, 'later');
    await conclave('review', '--base', base, '--head', 'HEAD~1');
    expect(asked()).toMatchObject({ base, head, target: base });
  });

  it('is not what is not committed, and says so', async () => {
    goodBranch();
    utimesSync(join(repo.dir, 'src/total.js'), 1, 1); // touched, and the same
    repo.write({ 'README.md': '# other\n', 'new.txt': 'x\n' });
    const { stderr } = await conclave('review');
    expect(stderr).toContain('2 paths are changed but not committed, and are not judged: README.md, new.txt');
    expect((await conclave('review', '--head', 'topic')).stderr).not.toContain('not committed');
  });

  it('is a diff from a file or from stdin, without moving a branch', async () => {
    const diff = '--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-# sums\n+# totals\n';
    const base = repo.git('rev-parse', 'HEAD');
    repo.write({ 'my.diff': diff });
    expect((await conclave('review', '--diff', 'my.diff')).code).toBe(EXIT.approved);
    const { head } = asked() as { head: string };
    expect(repo.git('show', `${head}:README.md`)).toBe('# totals');
    expect([repo.git('rev-parse', 'HEAD'), repo.git('branch', '--list')]).toEqual([base, '* main']);
    const piped = await runConclave(['review', '--diff', '-'], {
      cwd: repo.dir,
      stdin: diff,
      env: { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key },
    });
    expect(piped.code).toBe(EXIT.approved);
  });

  it('is the whole diff, also from a folder below', async () => {
    const [above, below] = ['README.md', 'src/total.js'];
    repo.write({ [above]: '# totals\n', [below]: 'export const total = (a, b) => b + a;\n' });
    repo.write({ 'my.diff': `${repo.git('diff')}\n` });
    repo.git('checkout', '--quiet', '--', above, below);
    const env = { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key };
    const words = ['review', '--diff', '../my.diff'];
    expect((await runConclave(words, { cwd: join(repo.dir, 'src'), env })).code).toBe(EXIT.approved);
    const { base, head } = asked() as { base: string; head: string };
    expect(repo.git('diff', '--name-only', base, head)).toBe(`${above}\n${below}`);
  });

  it('is a diff in its own bytes, also where no branch has a customary name', async () => {
    const latin1 = (text: string) => Buffer.from(text, 'latin1');
    writeFileSync(join(repo.dir, 'names.txt'), latin1('Ren\u00e9\n'));
    repo.commit({}, 'names');
    repo.git('branch', '--move', 'main', 'work');
    const base = repo.git('rev-parse', 'HEAD');
    const diff = latin1('--- a/names.txt\n+++ b/names.txt\n@@ -1 +1,2 @@\n Ren\u00e9\n+Zo\u00eb\n');
    const { code } = await runConclave(['review', '--diff', '-', '--base', 'work'], {
      cwd: repo.dir,
      stdin: diff,
      env: { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key },
    });
    expect([code, asked()]).toEqual([EXIT.approved, expect.objectContaining({ base, target: base })]);
  });

  it('is found from a folder below and from elsewhere with --repo', async () => {
    goodBranch();
    const env = { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key };
    expect((await runConclave(['review'], { cwd: join(repo.dir, 'src'), env })).code).toBe(EXIT.approved);
    expect((await runConclave(['review', '--repo', repo.dir], { cwd: '/', env })).code).toBe(EXIT.approved);
  });

  it('has the name of its origin, without the credentials in it', async () => {
    goodBranch();
    repo.git('remote', 'add', 'origin', 'https://ada:hunter2@git.example.com/acme/app.git?token=x');
    await conclave('review');
    expect(asked()['repository']).toBe('https://git.example.com/acme/app.git');
  });

  it('runs nothing that the repository brings along', async () => {
    goodBranch();
    const trap = join(repo.dir, '.git/trapped');
    const script = join(repo.dir, '.git/trap.sh');
    writeFileSync(script, `#!/bin/sh\ntouch ${trap}\ncat\n`, { mode: 0o755 });
    for (const [key, value] of [
      ['core.fsmonitor', script],
      ['core.pager', script],
      ['core.hooksPath', join(repo.dir, '.git')],
      ['filter.evil.clean', script],
      ['diff.external', script],
      ['core.sshCommand', script],
      ['gpg.program', script],
      ['log.showSignature', 'true'],
    ])
      repo.git('config', key!, value!);
    repo.write({ '.gitattributes': '* filter=evil\n', 'README.md': '# touched\n' });
    expect((await conclave('review')).code).toBe(EXIT.approved);
    expect(existsSync(trap)).toBe(false);
  });
});

describe('on the way', () => {
  it('a lost connection is made again and no seat is told twice', async () => {
    goodBranch();
    platform.cutAfter = 4;
    const { code, stderr } = await conclave('review');
    expect(code).toBe(EXIT.approved);
    expect(stderr.match(/^ {2}secrets /gm)).toHaveLength(1);
    expect(stderr.match(/^ {2}bidi /gm)).toHaveLength(1);
  });

  it('a receipt that is not ready is waited for, and one that cannot be stored does not change the verdict', async () => {
    goodBranch();
    platform.pending = 3;
    const { code, stderr } = await conclave('review', '--receipt', 'README.md/x/r.json');
    expect([code, stderr]).toEqual([EXIT.approved, expect.stringContaining('The receipt was not stored')]);
    expect(platform.pending).toBe(-1);
  });

  it('the request carries a key that makes it one review however often it is sent', async () => {
    goodBranch();
    await conclave('review');
    const { headers } = platform.seen.find(({ contract }) => contract === runtime.createReview)!;
    expect(headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('--no-wait leaves at once, and watch tells the verdict later', async () => {
    goodBranch();
    const { code, stdout } = await conclave('review', '--no-wait', '--json');
    const { id } = JSON.parse(stdout) as { id: string };
    expect(code).toBe(0);
    const watched = await conclave('watch', id, '--receipt', 'kept.receipt.json');
    expect([watched.code, watched.stdout]).toEqual([EXIT.approved, expect.stringContaining('APPROVED')]);
    expect(existsSync(join(repo.dir, 'kept.receipt.json'))).toBe(true);
    expect((await conclave('status', id)).stdout).toContain('completed, approved');
  });

  it('whoever stops listening is not told that the change was approved', async () => {
    goodBranch();
    const env = { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key };
    expect((await runConclave(['review'], { cwd: repo.dir, env, deaf: true })).code).toBe(EXIT.local);
  });

  it('an interrupted wait says how to go on', async () => {
    goodBranch();
    platform.cutAfter = 3;
    platform.refusals.set(runtime.getRun, new ConclaveError('service.unavailable'));
    let interrupted = false; // a second signal could reach a process that no longer listens
    const { code, stderr } = await runConclave(['review'], {
      cwd: repo.dir,
      env: { CONCLAVE_URL: platform.url, CONCLAVE_API_KEY: platform.key },
      onStderr: (text, kill) => {
        if (!interrupted && /seats judge/.test(text)) {
          interrupted = true;
          platform.refusals.set(runtime.streamRunEvents, new ConclaveError('service.unavailable'));
          setTimeout(() => kill('SIGINT'), 100);
        }
      },
    });
    expect([code, stderr]).toEqual([EXIT.interrupted, expect.stringMatching(/The run goes on: conclave watch run_/)]);
  });
});

describe('what cannot be judged ends with its own code and says what to do', () => {
  const told = async (code: number, pattern: RegExp, ended: Promise<Ended>) => {
    const { stderr, ...rest } = await ended;
    expect([rest.code, stderr]).toEqual([code, expect.stringMatching(pattern)]);
  };

  it.each<[string, number, RegExp, string[]]>([
    ['an unknown option', EXIT.usage, /Unknown option '--bse'[\s\S]*Did you mean: --base/, ['review', '--bse', 'x']],
    ['an unexpected word', EXIT.usage, /unexpected argument "main"/, ['review', 'main']],
    ['an empty intent', EXIT.usage, /--intent is empty/, ['review', '--intent', ' ']],
    ['an unknown command', EXIT.usage, /no command "revew"[\s\S]*Did you mean: conclave review/, ['revew']],
    ['an address that is none', EXIT.usage, /not an http\(s\) address/, ['review', '--url', 'localhost:80']],
    [
      'a diff that is not there',
      EXIT.usage,
      /nothing\.diff cannot be read \(ENOENT\)/,
      ['review', '--diff', 'nothing.diff'],
    ],
    ['a diff and a head', EXIT.usage, /leave --head out/, ['review', '--diff', 'x.diff', '--head', 'HEAD']],
    [
      'an unknown ref',
      EXIT.repository,
      /no commit is named "nowhere"[\s\S]*--base and --head/,
      ['review', '--base', 'nowhere'],
    ],
    ['a ref that looks like an option', EXIT.repository, /no commit is named "--all"/, ['review', '--base=--all']],
    ['one commit only', EXIT.repository, /one commit only/, ['review']],
    [
      'a folder that is no repository',
      EXIT.repository,
      /not a git repository[\s\S]*--repo DIR/,
      ['review', '--repo', '/tmp'],
    ],
    ['a folder that is not there', EXIT.repository, /not a git repository/, ['review', '--repo', 'nowhere']],
    ['an empty change', EXIT.repository, /hold the same files/, ['review', '--base', 'HEAD']],
    [
      'a platform that is not there',
      EXIT.unreachable,
      /cannot be reached \(ECONNREFUSED\)[\s\S]*npm run up/,
      ['status', '--url', 'http://127.0.0.1:2'],
    ],
    [
      'a key that is not known',
      EXIT.refused,
      /does not know this credential[\s\S]*conclave login/,
      ['status', '--api-key', 'ck_guess'],
    ],
    [
      'a run that is not known',
      EXIT.refused,
      /No such run[\s\S]*conclave runs list/,
      ['watch', 'run_01h455vb4pex5vsknk084sn02q'],
    ],
    ['an id that is none', EXIT.refused, /id: expected an id like run_…/, ['watch', 'x']],
    ['a missing operand', EXIT.usage, /RUN is missing/, ['watch']],
  ])('%s', (_, code, pattern, words) => told(code, pattern, conclave(...words)));

  it('a change that is empty', async () => {
    repo.git('checkout', '--quiet', '-b', 'topic');
    repo.git('commit', '--quiet', '--allow-empty', '-m', 'nothing');
    await told(EXIT.repository, /hold the same files/, conclave('review'));
  });

  it('a diff that does not apply', async () => {
    repo.write({ 'my.diff': '--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-# products\n+# totals\n' });
    await told(EXIT.repository, /does not apply[\s\S]*against --base/, conclave('review', '--diff', 'my.diff'));
  });

  it('an upload that is too large, and a run that fails', async () => {
    goodBranch();
    platform.refusals.set(runtime.createUpload, new ConclaveError('runtime.upload.too-large', { limitBytes: 7 }));
    await told(EXIT.tooLarge, /larger than allowed\.\n {2}limitBytes: 7/, conclave('review'));
    platform.refusals.clear();
    platform.failure = { code: 'jury.unusable', message: 'panel.yaml is not usable\u001b[2J' };
    await told(EXIT.runFailed, /panel\.yaml is not usable\\u\{1b\}/, conclave('review'));
  });

  it('no platform at all', async () => {
    await told(
      EXIT.usage,
      /CONCLAVE_URL and CONCLAVE_API_KEY missing[\s\S]*npm run up/,
      runConclave(['status'], { cwd: repo.dir }),
    );
  });

  it('and says so in JSON, too', async () => {
    const { code, stdout } = await conclave('review', '--base', 'nowhere', '--json');
    expect([code, JSON.parse(stdout)]).toEqual([
      EXIT.repository,
      {
        error: expect.objectContaining({
          code: 'git.unknown-ref',
          exitCode: EXIT.repository,
          advice: expect.any(String),
        }),
      },
    ]);
  });
});

describe('the platform that is asked', () => {
  const dev = (gateway: string) => JSON.stringify({ gateway, apiKey: platform.key });

  it('is the one `npm run up` wrote down, above where the person stands', async () => {
    repo.write({ '.conclave/dev.json': dev(platform.url), 'deep/er/x': '' });
    const { code, stdout } = await runConclave(['status', '--json'], { cwd: join(repo.dir, 'deep/er') });
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ url: platform.url })]);
  });

  it('is never one that a cloned repository names elsewhere', async () => {
    repo.write({ '.conclave/dev.json': dev('https://evil.example.com') });
    const { code } = await runConclave(['status'], { cwd: repo.dir, env: { CONCLAVE_API_KEY: platform.key } });
    expect(code).toBe(EXIT.usage);
  });

  it('can be asked with another key, and a key is not sent to another address', async () => {
    repo.write({ '.conclave/dev.json': dev(platform.url) });
    const ask = (env: NodeJS.ProcessEnv) => runConclave(['status'], { cwd: repo.dir, env });
    expect((await ask({ CONCLAVE_API_KEY: 'ck_other' })).code).toBe(EXIT.refused);
    expect((await ask({ CONCLAVE_URL: 'http://127.0.0.1:2' })).code).toBe(EXIT.usage);
    expect((await ask({ CONCLAVE_URL: platform.url })).code).toBe(0);
  });
});
