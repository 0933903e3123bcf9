import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { serviceNames } from '../../../libs/contracts/dist/index.js';
import { apiKeyIdOf } from '../../../services/auth/dist/api-keys/api-key-format.js';
import { entries } from '../../../deploy/docker/entries.mjs';
import { installations, render, repositoryRoot } from './chart.mjs';
import { podsOf } from './policy.mjs';

/** Runs a file, of this checkout unless its path is whole, with exactly this environment. */
const start = (file, env, args = [], input = '') =>
  new Promise((done) => {
    const child = spawn(process.execPath, [resolve(repositoryRoot, file), ...args], { env });
    child.stdin.on('error', () => undefined).end(input);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => done({ code, output }));
  });

/** The image's /app, made where no node_modules is above it. */
let app;
beforeAll(async () => {
  app = mkdtempSync(join(tmpdir(), 'image-'));
  const { code, output } = await start('deploy/docker/assemble.mjs', {}, [app]);
  if (code !== 0) throw new Error(output);
}, 120_000);
afterAll(() => rmSync(app, { recursive: true }));
const startEntry = (env, args, input) => start(join(app, 'entry.mjs'), env, args, input);

describe('what the image can run', () => {
  it('is every service and the jobs, each an entry of the bundle', () => {
    expect(
      Object.keys(entries)
        .filter((name) => serviceNames.includes(name))
        .sort(),
    ).toEqual([...serviceNames].sort());
    expect(Object.keys(entries).filter((name) => !existsSync(join(app, 'bundle', `${name}.js`)))).toEqual([]);
  });

  it('is all that the chart asks for', () => {
    const asked = podsOf(render(installations.full)).flatMap(({ spec }) =>
      spec.containers[0].env.filter(({ name }) => name === 'SERVICE'),
    );
    for (const { value } of asked) expect(entries).toHaveProperty(value);
    expect(asked.length).toBe(serviceNames.length + 4);
  });

  it.each(['', 'billing', '__proto__'])('is told when SERVICE is "%s"', async (SERVICE) => {
    const { code, output } = await startEntry({ SERVICE });
    expect([code, output]).toEqual([64, expect.stringContaining('SERVICE must be one of gateway, delivery,')]);
  });

  it.each(serviceNames)('loads %s from the bundle alone, which then names every variable it lacks', async (SERVICE) => {
    const { code, output } = await startEntry({ SERVICE });
    expect(code).not.toBe(0);
    for (const name of ['NATS_URL', 'SERVICE_KEY']) expect(output).toContain(name);
  });

  it('keeps the licence of every package in the bundle', () => {
    const kept = readFileSync(join(app, 'THIRD-PARTY-LICENSES'), 'utf8');
    for (const name of ['@nestjs/core', 'pg', 'zod']) expect(kept).toMatch(new RegExp(`^${name} \\S+ \\(MIT\\)$`, 'm'));
    expect(kept).toContain('Permission is hereby granted, free of charge');
    expect(kept).not.toContain('@conclave/');
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
    const { code, output } = await startEntry({ SERVICE: 'migrate', ...env });
    expect([code, output]).toEqual([1, expect.stringContaining(says)]);
    expect(output).not.toContain('hunter2');
  });
});

describe('the job that creates a tenant', () => {
  it('comes as far as the database with nothing but the bundle', async () => {
    const DATABASE_URL = 'postgres://nobody@127.0.0.1:1/none';
    const env = {
      DATABASE_URL,
      DATABASE_SYSTEM_URL: DATABASE_URL,
      API_KEY_PEPPER: Buffer.alloc(32).toString('base64'),
    };
    const { code, output } = await startEntry({ SERVICE: 'create-tenant', ...env }, ['--name', 'Acme']);
    expect([code, output]).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
  });
});

describe('the secrets job', () => {
  it('prints manifests for the stores of an evaluation', async () => {
    const { code, output } = await startEntry({ SERVICE: 'secrets' }, ['--eval-stores']);
    const { kind, items } = JSON.parse(output);
    expect([code, kind]).toEqual([0, 'List']);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(
      expect.arrayContaining(['conclave-eval-stores', 'conclave-migrations']),
    );
  });

  it('asks for the stores otherwise', async () => {
    const { code, output } = await startEntry({ SERVICE: 'secrets' }, ['--redis', 'redis://cache:6379']);
    expect([code, output]).toEqual([64, expect.stringContaining('give --postgres URL and --redis URL')]);
  });
});

describe('the secrets job on what exists', () => {
  const again = (list) => startEntry({ SERVICE: 'secrets' }, ['--from-existing'], JSON.stringify(list));
  const printed = async () => JSON.parse((await startEntry({ SERVICE: 'secrets' }, ['--eval-stores'])).output);
  const named = ({ items }, name) => items.find(({ metadata }) => metadata.name === name);
  /** As a cluster keeps it: in base64, among others' Secrets, the ConfigMaps not asked for. */
  const asKept = ({ items }) => ({
    kind: 'List',
    items: [
      { kind: 'Secret', metadata: { name: 'sh.helm.release.v1.conclave.v1' }, data: { release: 'SDRz' } },
      ...items
        .filter(({ kind }) => kind === 'Secret')
        .map(({ stringData, ...rest }) => ({
          ...rest,
          data: Object.fromEntries(Object.entries(stringData).map(([k, v]) => [k, Buffer.from(v).toString('base64')])),
        })),
    ],
  });

  it('keeps every value and comes to the same public keys and bus users', async () => {
    const before = await printed();
    named(before, 'conclave-runtime').stringData.OPENAI_API_KEY = 'sk-of-the-site';
    for (const existing of [before, asKept(before)]) expect(JSON.parse((await again(existing)).output)).toEqual(before);
  });

  it('makes what is missing, and what follows from it anew', async () => {
    const before = await printed();
    const existing = structuredClone(before);
    const { stringData } = named(existing, 'conclave-auth');
    delete stringData.NATS_NKEY_SEED;
    delete stringData.SERVICE_KEY;
    existing.items = existing.items.filter(({ metadata }) => metadata.name !== 'conclave-metrics');
    const after = JSON.parse((await again(existing)).output);
    const usersOf = (list) => named(list, 'conclave-nats-users').data['authorization.conf'].match(/U[A-Z2-7]{55}/g);
    const keysOf = (list) => JSON.parse(named(list, 'conclave-service-keys').data.SERVICE_KEYS);
    const changed = (of, list) => Object.keys(of(before)).filter((key) => of(before)[key] !== of(list)[key]);
    expect(changed(keysOf, after)).toEqual(expect.arrayContaining(['auth', 'metrics']));
    expect([changed(keysOf, after).length, changed(usersOf, after).length]).toEqual([2, 2]);
    expect(named(after, 'conclave-metrics').stringData.DATABASE_URL).toBe(
      named(before, 'conclave-metrics').stringData.DATABASE_URL,
    );
    expect(named(after, 'conclave-audit')).toEqual(named(before, 'conclave-audit'));
  });

  it('says what it misses, and shows nothing of what it read', async () => {
    expect(await again({ items: [] })).toEqual({ code: 64, output: expect.stringContaining('conclave-migrations') });
    const { code, output } = await startEntry({ SERVICE: 'secrets' }, ['--from-existing'], 'hunter2');
    expect([code, output]).toEqual([64, expect.stringContaining('is no JSON')]);
    expect(output).not.toContain('hunter2');
  });
});

describe('helm test', () => {
  const askEdge = async (answers) => {
    const keys = [];
    const edge = createServer((request, response) => {
      keys.push(request.headers.authorization?.replace('Bearer ', ''));
      response.writeHead(answers[request.url] ?? 404).end();
    });
    await new Promise((done) => edge.listen(0, '127.0.0.1', done));
    const EDGE_URL = `http://127.0.0.1:${edge.address().port}`;
    const result = await startEntry({ SERVICE: 'verify', EDGE_URL });
    edge.close();
    return { ...result, key: keys.at(-1) };
  };
  const well = { '/readyz': 200, '/openapi.json': 200, '/v1/me': 401 };

  it('passes on an edge that is well', async () => {
    expect((await askEdge(well)).code).toBe(0);
  });

  it('asks with a key that only the database can refuse', async () => {
    const { key } = await askEdge(well);
    expect(apiKeyIdOf(key)).toMatch(/^key_/);
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
    expect(await startEntry({ SERVICE: 'verify', EDGE_URL: 'http://127.0.0.1:1' })).toMatchObject({ code: 1 });
  });
});
