import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Sandbox, type SandboxResult } from './sandbox.js';

const ordinary = 1_999_999;
const isRoot = process.getuid?.() === 0;

/** What an ordinary user gets is tried by one: as root, in a process of its own with the compiled module copied within its reach. */
describe('sandbox of an ordinary user', () => {
  let dir: string;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'sandbox-user-'));
    chmodSync(dir, 0o755);
    mkdirSync(join(dir, 'work'));
    if (isRoot) chownSync(join(dir, 'work'), ordinary, ordinary);
    const here = dirname(fileURLToPath(import.meta.url));
    for (const name of readdirSync(here))
      if (/^[\w-]+\.js$/.test(name)) copyFileSync(join(here, name), join(dir, name));
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
    copyFileSync(process.execPath, join(dir, 'node'));
    writeFileSync(
      join(dir, 'main.js'),
      `import { Sandbox } from './sandbox.js';
       const [command, options] = process.argv.slice(2);
       const result = await new Sandbox().run({ worktree: '${dir}/work', command, wallMs: 10_000, ...JSON.parse(options) });
       console.log(JSON.stringify(result));`,
    );
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const run = (command: string, options: object = {}): SandboxResult => {
    const as = isRoot ? { uid: ordinary, gid: ordinary } : {};
    const node = spawnSync(join(dir, 'node'), [join(dir, 'main.js'), command, JSON.stringify(options)], {
      ...as,
      cwd: '/',
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], SECRET: 'not-for-you' },
    });
    return JSON.parse(node.stdout || JSON.stringify({ output: node.stderr })) as SandboxResult;
  };

  it('has the same walls', () => {
    expect(run('id -u; echo kept > kept; cat kept; exit 4')).toMatchObject({
      status: 'exited',
      exitCode: 4,
      output: '65534\nkept\n',
    });
    const tried = run(
      'cat /proc/1/environ; ls /root /home; for d in / /usr /dev; do touch $d/x && echo wrote; done; unshare --user true; cat /proc/net/route',
    );
    expect(tried.output).not.toMatch(/not-for-you|wrote/);
    expect(tried.output).toMatch(/Operation not permitted/);
    expect(run('cat /proc/self/status').output).toMatch(/CapEff:\s+0+\n[^]*NoNewPrivs:\s+1/);
  });

  it('has the same bounds', () => {
    const bomb = run('i=0; while [ $i -lt 200 ]; do sleep 5 & i=$((i+1)); done; echo all', {
      processes: 50,
      wallMs: 5_000,
    });
    expect(bomb.output).toMatch(/fork|Resource temporarily unavailable/i);
    expect(run('sleep 47114713 & sleep 60', { wallMs: 400 })).toMatchObject({ status: 'timeout' });
    expect(run('yes', { outputBytes: 100_000 })).toMatchObject({ status: 'output-limit' });
  });

  it('is refused to root over a folder that is root’s', async () => {
    if (!isRoot) return;
    const own = join(dir, 'own');
    mkdirSync(own);
    expect(await new Sandbox().run({ worktree: own, command: 'true', wallMs: 1_000 })).toMatchObject({
      status: 'not-started',
    });
  });
});
