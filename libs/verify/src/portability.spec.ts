import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createContext, runInContext, SourceTextModule } from 'node:vm';
import { expect, it } from '@jest/globals';
import { base64 } from '@conclave/audit-core';
import { ORIGIN, review } from './test/decisions.js';
import { Platform } from './test/platform.js';
import { vkeyOf } from './test/signer.js';
import type * as Verifier from './index.js';

const cores = new Set(['@conclave/audit-core', '@conclave/consensus-core']);
const libs = new URL('../../', import.meta.url);

/** Of the language, what Node 20 and browsers of 2023 do not have; the verifier says it runs there (`engines`). */
const NEWER = [
  ...['Map.groupBy', 'Object.groupBy', 'Array.fromAsync', 'Promise.withResolvers', 'Promise.try', 'RegExp.escape'],
  ...['Uint8Array.fromBase64', 'Uint8Array.fromHex', 'Uint8Array.prototype.toBase64', 'Uint8Array.prototype.toHex'],
  ...['union', 'intersection', 'difference', 'symmetricDifference', 'isSubsetOf', 'isSupersetOf', 'isDisjointFrom'].map(
    (name) => `Set.prototype.${name}`,
  ),
  ...['globalThis.Iterator', 'Error.isError', 'Math.sumPrecise', 'Math.f16round', 'Atomics.waitAsync'],
  ...['map', 'filter', 'take', 'drop', 'flatMap', 'reduce', 'toArray', 'forEach', 'some', 'every', 'find'].map(
    (name) => `Object.getPrototypeOf(Object.getPrototypeOf([].values())).${name}`,
  ),
];

/** Loads the compiled verifier where nothing exists but the older language and these globals; lists what it imports. */
async function loadBare(globals: object) {
  const realm = createContext(globals);
  runInContext(NEWER.map((name) => `delete ${name};`).join('\n'), realm);
  const modules = new Map<string, SourceTextModule>();
  const foreign: string[] = [];
  const load = (url: URL): SourceTextModule => {
    const known = modules.get(url.href);
    if (known) return known;
    const module = new SourceTextModule(readFileSync(url, 'utf8'), { context: realm, identifier: url.href });
    modules.set(url.href, module);
    return module;
  };
  const root = load(new URL('verify/dist/index.js', libs));
  await root.link((specifier, { identifier }) => {
    if (cores.has(specifier)) return load(new URL(`${specifier.replace('@conclave/', '')}/dist/index.js`, libs));
    if (!specifier.startsWith('.')) foreign.push(specifier);
    return load(new URL(specifier, identifier));
  });
  await root.evaluate();
  return { verifier: root.namespace as typeof Verifier, modules: [...modules.keys()], foreign };
}

const platform = await Platform.start();
const receipt = JSON.stringify(await platform.receipt((await review('sealed')).predicate));
const policy = JSON.stringify({
  version: 1,
  logs: [vkeyOf(ORIGIN, platform.log)],
  services: [{ keyid: 'consensus-1', publicKey: base64(platform.service.publicKey) }],
});

it('runs with nothing but the language, text codecs and WebCrypto, and imports the pure cores alone', async () => {
  const { verifier, modules, foreign } = await loadBare({ TextEncoder, TextDecoder, crypto });
  expect(foreign).toEqual([]);
  expect(modules.length).toBeGreaterThan(20);
  const trust = verifier.parseTrustPolicy(policy);
  expect((await verifier.verifyReceipt(receipt, trust)).status).toBe('trusted');
  expect((await verifier.verifyReceipt(receipt.replace('index 5', 'index 6'), trust)).status).toBe('bad-log-proof');
  const vector = (name: string): string => readFileSync(new URL(`../docs/spec/passkeys/${name}.json`, libs), 'utf8');
  const pinned = verifier.parseTrustPolicy(vector('trust'));
  expect((await verifier.verifyReceipt(vector('receipt'), pinned)).status).toBe('trusted');
});

/** Other Nodes of this machine, of the oldest version that `engines` has or a later one. */
const others = [...new Set((process.env['PATH'] ?? '').split(delimiter).concat('/usr/bin', '/usr/local/bin'))]
  .map((folder) => join(folder, 'node'))
  .filter((path) => existsSync(path) && realpathSync(path) !== realpathSync(process.execPath))
  .filter((path) => Number(/^v(\d+)/.exec(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout)?.[1]) >= 20);

it('verifies under every other Node of this machine, too', () => {
  const run = `
    const { parseTrustPolicy, verifyAccessReview, verifyReceipt } = await import(${JSON.stringify(new URL('verify/dist/index.js', libs).href)});
    const [receipt, trust] = JSON.parse(process.env.VECTOR);
    const { status } = await verifyReceipt(receipt, parseTrustPolicy(trust));
    const report = await verifyAccessReview(['{"format":"conclave/access-review/v1"}', '{"outcome":"kept"}', '{"export":1}']);
    console.log(status, report.status);`;
  for (const node of others) {
    const env = { ...process.env, NODE_OPTIONS: '', VECTOR: JSON.stringify([receipt, policy]) };
    const { stdout, stderr } = spawnSync(node, ['--input-type=module', '--eval', run], { encoding: 'utf8', env });
    expect({ node, stdout, stderr }).toMatchObject({ stdout: 'trusted malformed\n' });
  }
});

it('says so instead of judging where there is no WebCrypto', async () => {
  const { verifier } = await loadBare({ TextEncoder, TextDecoder, crypto: {} });
  const verdict = verifier.verifyReceipt(receipt, verifier.parseTrustPolicy(policy));
  await expect(verdict).rejects.toThrow('this runtime has no WebCrypto Ed25519');
});
