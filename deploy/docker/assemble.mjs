/**
 * Makes the image's /app: every process as an entry of one bundle, what is no code beside it, the licences of what
 * was bundled, and the bill of materials. There is no node_modules in it.
 *
 *     node deploy/docker/assemble.mjs /app        # in a built checkout
 */
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../libs/dev-env/bin/bundle.mjs';
import { sbom } from '../sbom/sbom.mjs';
import { entries } from './entries.mjs';

const root = resolve(fileURLToPath(import.meta.url), '../../..');
const out = resolve(process.argv[2] ?? 'app');

/** Source and place in the image. The kit's own migrations lie where the bundled kit looks for them. */
const plain = {
  'deploy/docker/entry.mjs': 'entry.mjs',
  'deploy/docker/entries.mjs': 'entries.mjs',
  migrations: 'migrations',
  'libs/postgres-kit/migrations': 'migrations',
  'services/console/dist': 'console',
  'package.json': 'package.json',
  LICENSE: 'LICENSE',
};

/** The package a file is of, `…/node_modules/@scope/name`; none for our own. */
const packageOf = (file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];

/** What the licences of the bundled packages ask to be kept: their text, and their notices. */
function licences(files) {
  const packages = [...new Set(files.map(packageOf).filter(Boolean))].sort();
  return packages.map((dir) => {
    const { name, version, license } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
    const texts = readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^(licen[cs]e|copying|notice)/i.test(entry.name))
      .map((entry) => readFileSync(join(dir, entry.name), 'utf8').trim());
    return [`${name} ${version} (${license})`, ...texts].join('\n\n');
  });
}

/** What a process starts as a thread of its own, by the name it looks for. */
const threads = { 'agent-runtime.check': 'services/agent-runtime/dist/check-main.js' };

const sources = Object.fromEntries(
  Object.entries({ ...entries, ...threads }).map(([name, file]) => [name, join(root, file)]),
);
mkdirSync(out, { recursive: true });
const bundled = licences(await bundle(sources, join(out, 'bundle')));
for (const [from, to] of Object.entries(plain)) cpSync(join(root, from), join(out, to), { recursive: true });
writeFileSync(join(out, 'THIRD-PARTY-LICENSES'), `${bundled.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
writeFileSync(join(out, 'sbom.cdx.json'), sbom());
console.log(`${Object.keys(entries).length} processes and ${bundled.length} packages bundled to ${out}`);
