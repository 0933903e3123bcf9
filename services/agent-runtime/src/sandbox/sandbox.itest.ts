import { execFile } from 'node:child_process';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seccompFilter } from './seccomp.js';
import { SANDBOX_UID, Sandbox, type SandboxRequest } from './sandbox.js';

const containing = (text: string): unknown => expect.stringContaining(text);

describe('sandbox', () => {
  const sandbox = new Sandbox();
  let worktree: string;
  const run = (command: string, options: Partial<SandboxRequest> = {}) =>
    sandbox.run({ worktree, command, wallMs: 10_000, ...options });

  beforeAll(async () => {
    expect(await sandbox.probe()).toEqual({ available: true });
    worktree = await mkdtemp(join(tmpdir(), 'sandbox-test-'));
    if (process.getuid?.() === 0) await chown(worktree, SANDBOX_UID, SANDBOX_UID);
  });
  afterAll(() => rm(worktree, { recursive: true, force: true }));

  it('tells how a command ended and what it printed', async () => {
    expect(await run('echo out; echo err >&2; exit 3')).toMatchObject({
      status: 'exited',
      exitCode: 3,
      output: 'out\nerr\n',
    });
    expect(await run('kill -9 $$')).toMatchObject({ status: 'exited', exitCode: 137 });
    expect(await run('no-such-program')).toMatchObject({ status: 'exited', exitCode: 127 });
  });

  it('lets a command write to its worktree and to nothing else that lasts', async () => {
    const result = await run(
      'echo kept > kept; for f in /usr/x /etc/x /x /lib/x; do echo bad > $f && echo "wrote $f"; done; echo end',
    );
    expect(result.output).not.toContain('wrote');
    expect(result.output).toContain('end');
    expect(await readFile(join(worktree, 'kept'), 'utf8')).toBe('kept\n');
  });

  it('shows no host files, users, environment or processes', async () => {
    process.env['SANDBOX_TEST_SECRET'] = 'not-for-you';
    const result = await run(
      'ls /root /home /var /etc/shadow; cat /etc/passwd; env; ls /proc | grep -c "^[0-9]"; id -u',
    );
    const first = await run('tr "\\0" "\\n" < /proc/1/environ; ls /proc/1/root/root /proc/1/fd');
    delete process.env['SANDBOX_TEST_SECRET'];
    expect(first.output).not.toContain('not-for-you');
    expect(result.output).not.toMatch(/not-for-you|DATABASE_URL/);
    expect(result.output.match(/No such file/g)).toHaveLength(4);
    expect(result.output.match(/^\w+:x:.*$/gm)).toEqual([
      'root:x:0:0:root:/:/bin/sh',
      'sandbox:x:65534:65534:sandbox:/tmp:/bin/sh',
    ]);
    const [processes, uid] = result.output.trim().split('\n').slice(-2).map(Number);
    expect(processes).toBeLessThan(8);
    expect(uid).toBe(SANDBOX_UID);
  });

  it('knows itself and its own host by name, as tests do', async () => {
    const script = `const { userInfo } = require('os');
      const server = require('net').createServer((one) => one.end('hello')).listen(0, 'localhost', () => {
        require('net').connect(server.address().port, 'localhost').on('data', (told) => {
          console.log(userInfo().username, String(told));
          server.close();
        });
      });`;
    const here = new Sandbox([dirname(process.execPath)]);
    await writeFile(join(worktree, 'names.js'), script);
    const result = await here.run({
      worktree,
      command: 'node names.js; getent group; echo x > /etc/hosts',
      wallMs: 20_000,
    });
    expect(result.output).toContain('sandbox hello\nroot:x:0:\nsandbox:x:65534:');
    expect(result.output).toMatch(/hosts: (Read-only|Permission)/);
  });

  it('leaves a command no capability and no way to get one', async () => {
    const status = (await run('cat /proc/self/status')).output;
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) expect(status).toMatch(new RegExp(`${set}:\\s+0+\\n`));
    expect(status).toMatch(/NoNewPrivs:\s+1/);
    const result = await run(
      'mount -t tmpfs none /mnt; chroot / true; kill -0 1 && echo signalled; dmesg; chown 0 kept; mknod x b 8 0',
    );
    expect(result.output).not.toContain('signalled\nsignalled');
    expect(result.exitCode).not.toBe(0);
  });

  it('has no network, not even the host’s loopback', async () => {
    const server = createServer((socket) => socket.end('reached'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const probe = `const s=require('net').connect(${port},'127.0.0.1');s.on('data',d=>console.log(String(d)));s.on('error',e=>console.log(e.code))`;
    const result = await run(`node -e "${probe}"`);
    await new Promise((resolve) => server.close(resolve));
    expect(result.output.trim()).toBe('ECONNREFUSED');
  });

  it('ends what runs too long, with everything it started', async () => {
    const result = await run('(setsid sleep 47114711 &); sleep 47114711', { wallMs: 400 });
    expect(result).toMatchObject({ status: 'timeout' });
    expect(result.durationMs).toBeLessThan(5_000);
    await expectNoProcess('47114711');
  });

  it('ends children that outlive the command', async () => {
    expect(await run('(setsid sleep 47114712 >/dev/null 2>&1 &); exit 0')).toMatchObject({
      status: 'exited',
      exitCode: 0,
    });
    await expectNoProcess('47114712');
  });

  it('bounds processes, memory and output', async () => {
    const bomb = await run('i=0; while [ $i -lt 400 ]; do sleep 5 & i=$((i+1)); done; echo all', {
      processes: 50,
      wallMs: 5_000,
    });
    expect(bomb.output).toMatch(/fork|Resource temporarily unavailable/i);
    const hog = await run(`node -e "const a=[];for(;;)a.push(Buffer.alloc(1e7,1))"`, { memoryBytes: 512 * 1024 ** 2 });
    expect(hog.exitCode).not.toBe(0);
    expect(await run('yes', { outputBytes: 100_000 })).toMatchObject({ status: 'output-limit' });
  });

  it('lets no process make a user namespace or a keyring', async () => {
    expect(seccompFilter()).toBeDefined();
    expect((await run('unshare --user true')).output).toMatch(/Operation not permitted/);
    expect((await run('unshare --user --map-root-user --net true')).exitCode).not.toBe(0);
    expect(await run('cat /proc/self/status')).toMatchObject({
      output: containing('Seccomp:\t2'),
    });
    expect(seccompFilter('s390x')).toBeUndefined();
  });

  it('gives scratch space of bounded size, and nothing else to write to', async () => {
    const result = await run(
      'for d in / /dev /usr /proc /work/..; do touch $d/x && echo "wrote $d"; done; echo a > /dev/shm/a && echo b > /tmp/b && echo ok',
    );
    expect(result.output).not.toContain('wrote');
    expect(result.output).toContain('ok');
    const full = await run(
      'dd if=/dev/zero of=/dev/shm/big bs=1M count=900 2>&1 | tail -1; dd if=/dev/zero of=/tmp/big bs=1M count=900 2>&1 | tail -1; ls -s /dev/shm /tmp',
    );
    expect(full.output).not.toMatch(/943718400 bytes/);
  });

  it('bounds the memory of all processes together', async () => {
    const hog = `node -e "const a=Buffer.alloc(2e8,1);setTimeout(()=>console.log(a.length),8e3)"`;
    const result = await run(`${hog} & ${hog} & ${hog} & wait`, { memoryBytes: 450 * 1024 ** 2, wallMs: 20_000 });
    expect(result).toMatchObject({
      status: 'resource-limit',
      output: containing('together used more than'),
    });
  });

  it('bounds what a command adds to its folder, in bytes and in files', async () => {
    const big = await run(
      'sleep 1; for i in 1 2 3 4 5 6 7 8; do dd if=/dev/zero of=big$i bs=1M count=20 2>/dev/null; done; sleep 40',
      {
        diskBytes: 60 * 1024 ** 2,
        wallMs: 30_000,
      },
    );
    await Promise.all(Array.from({ length: 8 }, (_, i) => rm(join(worktree, `big${i + 1}`), { force: true })));
    expect(big).toMatchObject({ status: 'resource-limit', output: containing('it wrote more than 62914560 bytes') });
    const many = await run('sleep 1; mkdir many; i=0; while :; do i=$((i+1)); : > many/$i; done', {
      diskFiles: 2_000,
      wallMs: 30_000,
    });
    await rm(join(worktree, 'many'), { recursive: true, force: true });
    expect(many).toMatchObject({ status: 'resource-limit', output: containing('2000 files') });
  });

  it('tells a kill from outside from what the command did', async () => {
    const running = run('sleep 47114716', { wallMs: 30_000 });
    const list = promisify(execFile);
    /** Our child, once the command runs in it. */
    const find = async (): Promise<number> => {
      const { stdout } = await list('ps', ['ax', '-o', 'pid=,ppid=,args=']);
      const lines = stdout.split('\n').map((line) => line.trim().split(/\s+/));
      const begun = lines.some(([, , ...args]) => args.join(' ') === 'sleep 47114716');
      const own = lines.find(([, parent, ...args]) => Number(parent) === process.pid && args.includes('47114716'));
      return begun ? Number(own?.[0] ?? 0) : 0;
    };
    let ended = false;
    void running.finally(() => (ended = true));
    let pid = 0;
    while (!pid && !ended) pid = await find();
    expect(pid).toBeGreaterThan(0);
    process.kill(pid, 'SIGKILL');
    expect(await running).toMatchObject({ status: 'killed' });
    await expectNoProcess('47114716');
  });

  it('bounds memory as it was made to when a request says nothing of it', async () => {
    const small = new Sandbox([], { memoryBytes: 300 * 1024 ** 2 });
    const hog = `node -e "const a=[];for(;;)a.push(Buffer.alloc(1e7,1))"`;
    const result = await small.run({ worktree, command: `${hog}; ulimit -d`, wallMs: 10_000 });
    expect(result.output).toContain(`${300 * 1024}`);
  });

  it('does not take what it could not start for a verdict', async () => {
    expect(await run('true', { readOnlyPaths: ['/no/such/folder'] })).toMatchObject({
      status: 'not-started',
      output: containing('/no/such/folder'),
    });
  });

  it('abstains with the reason where sandboxes do not work, and runs nothing there', async () => {
    const missing = new Sandbox([], { bubblewrap: '/no/such/bwrap' });
    expect(await missing.probe()).toEqual({ available: false, reason: containing('no bwrap') });
    const refusing = join(worktree, 'refusing');
    await writeFile(refusing, '#!/bin/sh\necho "bwrap: No permissions to create a new namespace" >&2\nexit 1\n', {
      mode: 0o755,
    });
    const sandbox = new Sandbox([], { bubblewrap: refusing });
    expect(await sandbox.probe()).toEqual({
      available: false,
      reason: containing('No permissions to create'),
    });
    expect(await sandbox.run({ worktree, command: 'touch ran', wallMs: 1_000 })).toMatchObject({
      status: 'not-started',
    });
    await expect(readFile(join(worktree, 'ran'))).rejects.toThrow('ENOENT');
  });

  it('stops when its caller gives up', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 200);
    expect(await run('sleep 30', { signal: abort.signal })).toMatchObject({ status: 'killed' });
    expect(await run('echo never', { signal: AbortSignal.abort() })).toMatchObject({ status: 'killed', output: '' });
  });
});

async function expectNoProcess(marker: string): Promise<void> {
  const { execFileSync } = await import('node:child_process');
  for (let i = 0; i < 20; i++) {
    const list = execFileSync('ps', ['ax', '-o', 'args'], { encoding: 'utf8' });
    if (!list.includes(`sleep ${marker}`)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`a process ${marker} is still there`);
}
