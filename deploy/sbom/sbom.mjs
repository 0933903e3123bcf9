/**
 * The software bill of materials of what ships, as CycloneDX 1.6: every workspace but the one that runs tests and local
 * platforms, and what they depend on, with versions, licences and digests as the lockfile has them. Of one lockfile it is
 * always the same; SOURCE_DATE_EPOCH gives it a time.
 *
 * npm's own `npm sbom` leaves out packages that something of development needs, too.
 *
 *     node deploy/sbom/sbom.mjs conclave.cdx.json     # or to stdout
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LOCKFILE = fileURLToPath(new URL('../../package-lock.json', import.meta.url));
/** Workspaces that do not leave this repository. */
const UNSHIPPED = new Set(['libs/dev-env']);

/** What each place of the lockfile holds, links followed. */
const placesOf = ({ packages }) =>
  new Map(Object.entries(packages).map(([place, held]) => [place, held.link ? held.resolved : place]));

/** Where a package finds another, as Node looks for it: beside itself, and then further up. Undefined if it is not there. */
function find(places, from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
    const found = places.get(`${at ? `${at}/` : ''}node_modules/${name}`);
    if (found !== undefined || at === '') return found;
  }
}

/** What a package needs to run, or uses where it is there, by name; whether it can do without. */
function needsOf({ dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }) {
  const peers = Object.keys({ ...peerDependencies, ...peerDependenciesMeta });
  const needed = Object.keys(dependencies).map((name) => [name, false]);
  const perhaps = peers.map((name) => [name, peerDependenciesMeta[name]?.optional === true]);
  return new Map([...perhaps, ...needed, ...Object.keys(optionalDependencies).map((name) => [name, true])]);
}

/** Everything that can be reached from the shipped workspaces: place → what it depends on, and whether it must be there. */
function reach(lock) {
  const places = placesOf(lock);
  const shipped = [...places].filter(([place, target]) => place !== target && !UNSHIPPED.has(target));
  const reached = new Map();
  const visit = (place, required) => {
    const known = reached.get(place);
    if (known && (known.required || !required)) return;
    const dependsOn = new Set();
    reached.set(place, { required, dependsOn });
    for (const [name, optional] of needsOf(lock.packages[place])) {
      const target = find(places, place, name);
      if (target === undefined && optional) continue;
      if (target === undefined) throw new Error(`the lockfile has no ${name}, which ${place} needs`);
      dependsOn.add(target);
      visit(target, required && !optional);
    }
  };
  for (const [, target] of shipped) visit(target, true);
  return { reached, roots: shipped.map(([, target]) => target) };
}

const nameOf = (place, { name }) => name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
const purlOf = (name, version) => `pkg:npm/${name.replace(/^@/, '%40')}@${version}`;

function licensesOf({ license }) {
  if (license === undefined) return {};
  return { licenses: [/[ ()]/.test(license) ? { expression: license } : { license: { id: license } }] };
}

function componentOf(place, held, required) {
  const full = nameOf(place, held);
  const [name, group] = full.split('/').reverse();
  const digest = /^sha512-(\S+)/.exec(held.integrity ?? '')?.[1];
  const purl = purlOf(full, held.version);
  return {
    ...{ type: 'library', 'bom-ref': purl },
    ...(group === undefined ? {} : { group }),
    ...{ name, version: held.version, scope: required ? 'required' : 'optional' },
    ...(digest ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }] } : {}),
    ...licensesOf(held),
    purl,
  };
}

/** One of each package and version, wherever it lies, with all that any of them depends on. */
function merged(lock, reached) {
  const components = new Map();
  const dependsOn = new Map();
  const refOf = (place) => purlOf(nameOf(place, lock.packages[place]), lock.packages[place].version);
  for (const [place, { required, dependsOn: targets }] of reached) {
    const ref = refOf(place);
    const known = components.get(ref);
    if (known?.scope !== 'required') components.set(ref, componentOf(place, lock.packages[place], required));
    dependsOn.set(ref, new Set([...(dependsOn.get(ref) ?? []), ...[...targets].map(refOf)]));
  }
  return { components, dependsOn, refOf };
}

/** A UUID that is the same for the same text (RFC 9562, version 8). */
function uuidOf(text) {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = '89ab'[parseInt(hex[16], 16) % 4];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
}

/** The document of a lockfile, as an object. */
export function sbomOf(lock, epoch) {
  const { reached, roots } = reach(lock);
  const { components, dependsOn, refOf } = merged(lock, reached);
  const { name, version, license } = lock.packages[''];
  const self = purlOf(name, version);
  dependsOn.set(self, new Set(roots.map(refOf)));
  const sorted = [...components].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, component]) => component);
  const graph = [...dependsOn].sort(([a], [b]) => (a < b ? -1 : 1));
  const body = {
    metadata: {
      ...(!epoch ? {} : { timestamp: new Date(Number(epoch) * 1_000).toISOString() }),
      component: { ...{ type: 'application', 'bom-ref': self, name, version }, ...licensesOf({ license }), purl: self },
    },
    components: sorted,
    dependencies: graph.map(([ref, targets]) => ({ ref, dependsOn: [...targets].sort() })),
  };
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(body))}`;
  const schema = 'http://cyclonedx.org/schema/bom-1.6.schema.json';
  return { $schema: schema, bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber, version: 1, ...body };
}

/** The document of this checkout, as text. */
export function sbom() {
  const lock = JSON.parse(readFileSync(LOCKFILE, 'utf8'));
  return `${JSON.stringify(sbomOf(lock, process.env.SOURCE_DATE_EPOCH), null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [out] = process.argv.slice(2);
  if (out === undefined) process.stdout.write(sbom());
  else writeFileSync(out, sbom());
}
