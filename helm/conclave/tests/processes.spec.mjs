import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { serviceNames } from '../../../libs/contracts/dist/index.js';
import { apiKeyIdOf } from '../../../services/auth/dist/api-keys/api-key-format.js';
import { entries } from '../../../deploy/docker/entries.mjs';
import { sbomOf } from '../../../deploy/sbom/sbom.mjs';
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

  it('loads the SDKs of key stores and directories when they are used, and starts without them', () => {
    const textOf = (file) => readFileSync(join(app, 'bundle', file), 'utf8');
    const atStart = new Set();
    const load = (file) => {
      if (atStart.has(file)) return;
      atStart.add(file);
      for (const [, next] of textOf(file).matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) load(next);
    };
    load('auth.js');
    for (const text of ['TrentService', 'Auth0-Client']) {
      const having = readdirSync(join(app, 'bundle')).filter(
        (file) => file.endsWith('.js') && textOf(file).includes(text),
      );
      expect(having).not.toEqual([]);
      expect(having.filter((file) => atStart.has(file))).toEqual([]);
    }
  });
});

describe('the bill of materials', () => {
  let lock;
  let bom;
  beforeAll(() => {
    lock = JSON.parse(readFileSync(join(repositoryRoot, 'package-lock.json'), 'utf8'));
    bom = JSON.parse(readFileSync(join(app, 'sbom.cdx.json'), 'utf8'));
  });
  const refs = () => new Set(bom.components.map(({ purl }) => purl));
  const purlOf = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

  it('is CycloneDX, with a name, a version, a licence and a digest for each package', () => {
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 });
    expect(bom.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(bom.metadata.component).toMatchObject({ type: 'application', name: 'conclave', version: lock.version });
    expect(refs().size).toBe(bom.components.length);
    for (const { 'bom-ref': ref, type, name, version, licenses, hashes, purl, group } of bom.components) {
      expect([type, purl]).toEqual(['library', ref]);
      expect(purl).toBe(purlOf(group ? `${group}/${name}` : name, version));
      expect(licenses).toHaveLength(1);
      if (group !== '@conclave') expect(hashes[0].content).toMatch(/^[0-9a-f]{128}$/);
    }
  });

  it('says what needs what, and names nothing that it does not have', () => {
    const all = new Set([...refs(), bom.metadata.component['bom-ref']]);
    expect(new Set(bom.dependencies.map(({ ref }) => ref))).toEqual(all);
    for (const { dependsOn } of bom.dependencies) for (const ref of dependsOn) expect(all).toContain(ref);
  });

  it('has every package of the lockfile that is not of development, but for what bundles and tests', () => {
    const known = refs();
    const left = Object.entries(lock.packages)
      .filter(([place, held]) => place.includes('node_modules/') && !held.link && !held.dev)
      .map(([place, held]) => [held.name ?? place.replace(/^.*node_modules\//, ''), held])
      .filter(([name, { version }]) => !known.has(purlOf(name, version)))
      .filter(([, held]) => !held.optional)
      .map(([name]) => name);
    expect(left.sort()).toEqual(['@oxc-project/types', '@rolldown/pluginutils', 'rolldown']);
  });

  it('has every package whose code is in the bundle or the console', () => {
    const bundled = [...readFileSync(join(app, 'THIRD-PARTY-LICENSES'), 'utf8').matchAll(/^(\S+) (\d\S*) \(.+\)$/gm)];
    const shown = [...readFileSync(join(app, 'console/.vite/license.md'), 'utf8').matchAll(/^## (\S+) - (\d\S*)/gm)];
    expect(Math.min(bundled.length, shown.length)).toBeGreaterThan(10);
    const known = refs();
    const unknown = [...bundled, ...shown].map(([, name, version]) => purlOf(name, version));
    expect(unknown.filter((purl) => !known.has(purl))).toEqual([]);
  });

  it('is the same of the same lockfile, has a time when it is told one, and is not made of a lockfile with gaps', () => {
    expect(sbomOf(lock)).toEqual(bom);
    expect(sbomOf(lock, '0').metadata.timestamp).toBe('1970-01-01T00:00:00.000Z');
    const { 'node_modules/zod': _, ...packages } = lock.packages;
    expect(() => sbomOf({ ...lock, packages })).toThrow('the lockfile has no zod, which');
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
