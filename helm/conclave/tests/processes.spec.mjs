import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { serviceNames } from '../../../libs/contracts/dist/index.js';
import { entries } from '../../../deploy/docker/entries.mjs';
import { installations, render, repositoryRoot } from './chart.mjs';
import { podsOf } from './policy.mjs';

/** Runs a file of the image with exactly this environment. */
const start = (file, env, args = []) =>
  new Promise((done) => {
    const child = spawn(process.execPath, [join(repositoryRoot, file), ...args], { env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => done({ code, output }));
  });

describe('what the image can run', () => {
  it('is every service and the jobs, each a file that is built', () => {
    expect(
      Object.keys(entries)
        .filter((name) => serviceNames.includes(name))
        .sort(),
    ).toEqual([...serviceNames].sort());
    expect(Object.values(entries).filter((file) => !existsSync(join(repositoryRoot, file)))).toEqual([]);
  });

  it('is all that the chart asks for', () => {
    const asked = podsOf(render(installations.full)).flatMap(({ spec }) =>
      spec.containers[0].env.filter(({ name }) => name === 'SERVICE'),
    );
    for (const { value } of asked) expect(entries).toHaveProperty(value);
    expect(asked.length).toBe(serviceNames.length + 2);
  });

  it.each(['', 'billing', '__proto__'])('is told when SERVICE is "%s"', async (SERVICE) => {
    const { code, output } = await start('deploy/docker/entry.mjs', { SERVICE });
    expect([code, output]).toEqual([64, expect.stringContaining('SERVICE must be one of gateway, delivery,')]);
  });

  it('names every variable a service lacks', async () => {
    const { code, output } = await start('deploy/docker/entry.mjs', { SERVICE: 'auth' });
    expect(code).not.toBe(0);
    for (const name of ['NATS_URL', 'SERVICE_KEY', 'DATABASE_URL', 'API_KEY_PEPPER']) expect(output).toContain(name);
  });
});

describe('the migration job', () => {
  const url = 'postgres://nobody@127.0.0.1:1/none';
  it.each([
    ['no database', {}, 'ADMIN_DATABASE_URL is not set'],
    ['no passwords', { ADMIN_DATABASE_URL: url }, 'neither ROLE_PASSWORDS nor ROLE_PASSWORDS_FILE is set'],
    [
      'passwords that are no JSON',
      { ADMIN_DATABASE_URL: url, ROLE_PASSWORDS: 'hunter2' },
      'ROLE_PASSWORDS is not a JSON object',
    ],
    ['a database that is away', { ADMIN_DATABASE_URL: url, ROLE_PASSWORDS: '{"auth_app":"hunter2"}' }, 'ECONNREFUSED'],
  ])('fails with %s, and shows no password', async (_what, env, says) => {
    const { code, output } = await start('deploy/docker/migrate.mjs', env);
    expect([code, output]).toEqual([1, expect.stringContaining(says)]);
    expect(output).not.toContain('hunter2');
  });
});

describe('the secrets job', () => {
  it('prints manifests for the stores of an evaluation', async () => {
    const { code, output } = await start('deploy/docker/entry.mjs', { SERVICE: 'secrets' }, ['--eval-stores']);
    const { kind, items } = JSON.parse(output);
    expect([code, kind]).toEqual([0, 'List']);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(
      expect.arrayContaining(['conclave-eval-stores', 'conclave-migrations']),
    );
  });

  it('asks for the stores otherwise', async () => {
    const { code, output } = await start('deploy/secrets/secrets.mjs', {}, ['--redis', 'redis://cache:6379']);
    expect([code, output]).toEqual([64, expect.stringContaining('give --postgres URL and --redis URL')]);
  });
});

describe('helm test', () => {
  const askEdge = async (answers) => {
    const edge = createServer((request, response) => response.writeHead(answers[request.url] ?? 404).end());
    await new Promise((done) => edge.listen(0, '127.0.0.1', done));
    const result = await start('deploy/docker/verify-edge.mjs', {
      EDGE_URL: `http://127.0.0.1:${edge.address().port}`,
    });
    edge.close();
    return result;
  };
  const well = { '/readyz': 200, '/openapi.json': 200, '/v1/me': 401 };

  it('passes on an edge that is well', async () => {
    expect((await askEdge(well)).code).toBe(0);
  });

  it.each([
    ['is not ready', { '/readyz': 503 }],
    ['does not describe itself', { '/openapi.json': 404 }],
    ['lets anybody in', { '/v1/me': 200 }],
    ['cannot ask auth', { '/v1/me': 503 }],
  ])('fails when the edge %s', async (_what, answers) => {
    const { code, output } = await askEdge({ ...well, ...answers });
    expect([code, output]).toEqual([1, expect.stringMatching(/^FAILED {2}.* answered \d+$/m)]);
  });

  it('fails when there is no edge', async () => {
    expect(await start('deploy/docker/verify-edge.mjs', { EDGE_URL: 'http://127.0.0.1:1' })).toMatchObject({ code: 1 });
  });
});
