/**
 * Second half of smoke.sh: `node deploy/docker/smoke.mjs IMAGE`. What runs is what the chart renders (profile eval): its
 * environment, its bounds, its jobs, with secrets made by the image itself; only addresses are those of this machine.
 */
import { execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { environmentOf, installations, render } from '../../helm/conclave/tests/chart.mjs';
import { startStores } from '../../libs/dev-env/dist/index.js';

const run = promisify(execFile);
const image = process.argv[2] ?? 'conclave:smoke';
const READY_MS = 120_000;
const REVIEW_MS = 120_000;
const work = mkdtempSync(join(tmpdir(), 'conclave-smoke-'));
chmodSync(work, 0o711); // Postgres runs as another user, below it
const tag = work.split('-').at(-1).toLowerCase();
const undo = [];

const docker = async (...args) => (await run('docker', args, { maxBuffer: 16 << 20 })).stdout.trim();
const since = (start) => ((performance.now() - start) / 1000).toFixed(2);

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** The bounds of a restricted pod, in docker's words. */
const restricted = ({ resources }) => [
  ...[
    '--network',
    'host',
    '--read-only',
    '--cap-drop',
    'ALL',
    '--security-opt',
    'no-new-privileges',
    '--user',
    '10001:10001',
  ],
  ...[
    '--pids-limit',
    '512',
    '--memory',
    `${Number.parseInt(resources.limits.memory)}${resources.limits.memory.at(-2).toLowerCase()}`,
  ],
  ...['--cpus', '2', '--tmpfs', '/tmp:size=256m'],
];

/** Environment as a file: values may hold anything but line ends, and do not show in the process list. */
function envFile(name, env) {
  const file = join(work, `${name}.env`);
  writeFileSync(
    file,
    Object.entries(env)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
    { mode: 0o600 },
  );
  return ['--env-file', file];
}

/** Postgres and Redis as dev-env finds them; a nats-server with the users that the image printed. */
async function startAll() {
  const stores = await startStores({
    dataDir: work,
    logDir: join(work, 'logs'),
    passwords: { postgres: 'smoke', redis: 'smoke' },
    quickInit: true,
    env: { PATH: process.env.PATH },
  });
  undo.push(() => stores.stop());
  const urls = ['--postgres', stores.urls.postgres, '--redis', stores.urls.redis];
  const secrets = JSON.parse(await docker('run', '--rm', '-e', 'SERVICE=secrets', image, ...urls)).items;
  const port = await freePort();
  const users = secrets.find(({ metadata }) => metadata.name === 'conclave-nats-users').data['authorization.conf'];
  const config = join(work, 'nats.conf');
  writeFileSync(config, `listen: "127.0.0.1:${port}"\nmax_payload: 8MB\n${users}`);
  const nats = spawn('nats-server', ['-c', config], { stdio: 'ignore' });
  undo.push(() => nats.kill());
  return { secrets, natsUrl: `nats://127.0.0.1:${port}` };
}

async function job(name, container, { secrets }) {
  const start = performance.now();
  const env = envFile(name, environmentOf(container, secrets));
  const output = await docker('run', '--rm', ...restricted(container), ...env, image, ...(container.args ?? []));
  console.log(
    `${name.padEnd(14)} done in ${since(start)} s   ${output
      .split('\n')
      .at(-1)
      .replace(/"apiKey":"[^"]+"/, '"apiKey":"…"')}`,
  );
  return output;
}

async function startService({ name, container, port, overrides }, { secrets }) {
  const env = { ...environmentOf(container, secrets), HTTP_HOST: '127.0.0.1', HTTP_PORT: String(port), ...overrides };
  const data = env.DATA_DIR ? ['--tmpfs', `${env.DATA_DIR}:size=1g,uid=10001,gid=10001`] : [];
  const id = `smoke-${tag}-${name}`;
  undo.push(() => docker('rm', '-f', id).catch(() => undefined));
  const start = performance.now();
  await docker('run', '-d', '--name', id, ...restricted(container), ...data, ...envFile(name, env), image);
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 1; !(await isReady(url)); tries++) {
    const running = tries % 50 > 0 || (await docker('inspect', '-f', '{{.State.Running}}', id)) === 'true';
    if (!running || performance.now() - start > READY_MS)
      throw new Error(`${name} did not become ready:\n${await logsOf(id)}`);
    await sleep(100);
  }
  return { name, id, url, readySeconds: since(start) };
}

const isReady = (url) =>
  fetch(`${url}/readyz`).then(
    (answer) => answer.ok,
    () => false,
  );
const logsOf = (id) => run('docker', ['logs', '--tail', '30', id]).then(({ stdout, stderr }) => stdout + stderr);

/** SIGTERM, as a kubelet sends it; killed after the grace, which shows in the exit code. */
async function stopService(service, graceSeconds) {
  const memory = await docker('stats', '--no-stream', '--format', '{{.MemUsage}}', service.id);
  const written = (await docker('diff', service.id)).replace(/^A \/data$/m, '');
  const start = performance.now();
  await docker('stop', '-t', String(graceSeconds), service.id);
  const exitCode = Number(await docker('inspect', '-f', '{{.State.ExitCode}}', service.id));
  return { ...service, memory: memory.split(' ')[0], stopSeconds: since(start), exitCode, written };
}

/** Whether bubblewrap starts in a container of the runtime's bounds, with the given security options besides. */
const sandboxStarts = (container, ...options) =>
  docker(
    'run',
    '--rm',
    ...restricted(container),
    ...options.flatMap((option) => ['--security-opt', option]),
    '--entrypoint',
    'bwrap',
    image,
    '--unshare-all',
    '--ro-bind',
    '/',
    '/',
    '--proc',
    '/proc',
    'true',
  ).then(
    () => 'start',
    () => 'are refused',
  );

/** A change that takes an assertion out of a test, judged through the public edge. @returns the exit code of `conclave review` */
async function review(edge, apiKey) {
  const cwd = join(work, 'repository');
  const git = (...args) =>
    run('git', ['-c', 'user.name=smoke', '-c', 'user.email=smoke@example.com', ...args], { cwd });
  const commit = async (test, message) => {
    writeFileSync(
      join(cwd, 'sum.test.mjs'),
      `import assert from 'node:assert';\nimport { test } from 'node:test';\ntest('sums', () => {\n${test}});\n`,
    );
    await git('add', '.');
    await git('commit', '--quiet', '--message', message);
  };
  mkdirSync(cwd);
  await git('init', '--quiet', '--initial-branch', 'main');
  await commit('  assert.equal(1 + 1, 2);\n  assert.equal(2 + 2, 4);\n', 'test: sums');
  await git('checkout', '--quiet', '-b', 'change');
  await commit('  assert.ok(true);\n', 'test: simpler');
  const cli = fileURLToPath(new URL('../../libs/cli/bin/conclave.mjs', import.meta.url));
  const env = { PATH: process.env.PATH, HOME: cwd, CONCLAVE_URL: edge, CONCLAVE_API_KEY: apiKey };
  return run(process.execPath, [cli, 'review', '--base', 'main', '--head', 'change'], {
    cwd,
    env,
    timeout: REVIEW_MS,
  }).then(
    () => 0,
    ({ code, stderr }) => {
      if (!(code >= 1 && code < 10)) throw new Error(`conclave review ended with ${code}: ${stderr}`);
      return code;
    },
  );
}

async function main() {
  const values = { ...installations.eval.values, tenant: { name: 'Smoke', administrator: 'Ada' } };
  const manifests = render({ ...installations.eval, values });
  const containersOf = (kind) =>
    manifests.filter((it) => it.kind === kind).map(({ spec }) => spec.template.spec.containers[0]);
  const jobs = Object.fromEntries(containersOf('Job').map((container) => [container.name, container]));
  const world = await startAll();
  await job('migrate', jobs.migrate, world);
  const { apiKey } = JSON.parse(await job('create-tenant', jobs['create-tenant'], world));

  const services = await Promise.all(
    containersOf('Deployment').map(async (container) => ({ name: container.name, container, port: await freePort() })),
  );
  const urlOf = Object.fromEntries(services.map(({ name, port }) => [name, `http://127.0.0.1:${port}`]));
  const overrides = (name) => ({
    NATS_URL: world.natsUrl,
    ...(name === 'gateway' ? { INTERNAL_URLS: JSON.stringify({ runtime: urlOf.runtime, audit: urlOf.audit }) } : {}),
  });
  const started = await Promise.all(
    services.map((it) => startService({ ...it, overrides: overrides(it.name) }, world)),
  );

  const edge = ['-e', 'SERVICE=verify', '-e', `EDGE_URL=${urlOf.gateway}`];
  console.log(await docker('run', '--rm', '--network', 'host', ...edge, image));
  const me = await fetch(`${urlOf.gateway}/v1/me`, { headers: { authorization: `Bearer ${apiKey}` } });
  if (!me.ok) throw new Error(`the tenant's key was answered with ${me.status}`);

  const reviewed = performance.now();
  const verdict = ['approved', 'rejected', 'undecided'][await review(urlOf.gateway, apiKey)];
  console.log(`a review took ${since(reviewed)} s: ${verdict}`);
  if (verdict !== 'rejected') throw new Error('a change that weakens its tests was not rejected');

  const grace = manifests.find(({ kind }) => kind === 'Deployment').spec.template.spec.terminationGracePeriodSeconds;
  const ended = await Promise.all(started.map((service) => stopService(service, grace)));
  console.log(`\n${'service'.padEnd(14)}ready s  memory      stop s  exit code`);
  for (const { name, readySeconds, memory, stopSeconds, exitCode } of ended)
    console.log(
      `${name.padEnd(14)}${readySeconds.padStart(7)}  ${memory.padEnd(10)}${stopSeconds.padStart(8)}  ${exitCode}`,
    );
  const size = Number(await docker('image', 'inspect', '-f', '{{.Size}}', image));
  const app = await docker('run', '--rm', '--entrypoint', 'du', image, '-sm', '/app');
  console.log(`\nimage ${(size / 1e6).toFixed(0)} MB, of which /app ${app.split('\t')[0]} MB`);
  const { container: runtime } = services.find(({ name }) => name === 'runtime');
  const profile = `seccomp=${fileURLToPath(new URL('../seccomp/sandbox.json', import.meta.url))}`;
  console.log(
    `sandboxes ${await sandboxStarts(runtime)} by default, ${await sandboxStarts(runtime, profile, 'systempaths=unconfined')} with profile and /proc`,
  );
  const failures = ended.filter(({ exitCode, written }) => exitCode !== 0 || written !== '');
  if (failures.length > 0) throw new Error(`did not stop cleanly: ${failures.map(({ name }) => name).join(', ')}`);
}

let finished;
/** Undoes what was started, once, however the run ends. */
function finish() {
  finished ??= (async () => {
    for (const step of undo.reverse()) await step();
    rmSync(work, { recursive: true, force: true });
  })();
  return finished;
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => finish().finally(() => process.exit(130)));
try {
  await main();
  console.log('smoke passed');
} catch (error) {
  console.error(`smoke FAILED: ${error.stderr || error.message}`);
  process.exitCode = 1;
} finally {
  await finish();
}
