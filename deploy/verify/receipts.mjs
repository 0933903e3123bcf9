/**
 * What CI has no time for, about receipts: a second verifier in Python agrees on the vectors and on receipts at random,
 * Sigstore's verifier takes the bundle and refuses what it must, the JSON Schemas take what the shapes take, and no flip
 * of any bit, no other value in any place is trusted: of receipts, of passkeys' too, of exports and access reviews. Needs
 * a built checkout, Python 3 and npm's registry.
 *
 *     node deploy/verify/receipts.mjs [second] [others] [flips] [files]
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { base64, fromBase64, fromUtf8, jcs, parseStrictJson, utf8 } from '../../libs/audit-core/dist/index.js';
import { sigstoreBundleOf } from '../../libs/consensus-core/dist/index.js';
import { parseTrustPolicy, verifyAccessReview, verifyExport, verifyReceipt } from '../../libs/verify/dist/index.js';
import { corpus } from '../../libs/verify/dist/test/corpus.js';
import { exportOf, reportOf, toldBy } from '../../libs/verify/dist/test/exports.js';
import { flipped, pathsOf, replaced, strangers } from '../../libs/verify/dist/test/mutations.js';

const root = join(import.meta.dirname, '../..');
const spec = join(root, 'docs/spec');
const tools = process.env.TOOLS ?? join(root, '.conclave/cache/nightly-receipts');
const PACKAGES = ['@sigstore/verify@4.1.3', '@sigstore/bundle@5.0.1', 'ajv@8.17.1'];
const say = (text) => process.stdout.write(`receipts: ${text}\n`);
const must = (condition, text) => {
  if (!condition) throw new Error(text);
};
const vector = (name) => readFileSync(join(spec, 'vectors', name));
const { receipts } = JSON.parse(vector('manifest.json'));
const trustText = vector('trust.json').toString();

const parts = { second, others, flips, files };
const chosen = process.argv.slice(2);
for (const name of chosen.length > 0 ? chosen : Object.keys(parts)) await parts[name]();
say('passed');

/** Another language, another reading of the specification. */
async function second() {
  const count = Number(process.env.COUNT ?? 400);
  const folder = mkdtempSync(join(tmpdir(), 'conclave-receipts-'));
  // Where there is nothing else of the project: neither files nor, isolated (-I), modules beside it.
  const alone = join(folder, 'spec');
  cpSync(spec, alone, { recursive: true });
  const python = (words, input) =>
    execFileSync('python3', ['-I', join(alone, 'verify.py'), ...words], {
      ...{ input, cwd: alone, env: { PATH: process.env.PATH }, encoding: 'utf8', maxBuffer: 1e8 },
    });
  say(python(['--manifest', join(alone, 'vectors')]).trim());
  const found = await corpus(count, process.env.SEED ?? 'nightly');
  const trust = join(folder, 'trust.json');
  writeFileSync(trust, JSON.stringify(found.trust));
  const asked = found.receipts.map((bytes, at) => {
    const receipt = join(folder, `${at}.json`);
    writeFileSync(receipt, bytes);
    return JSON.stringify({ receipt, trust });
  });
  const answers = python(['--batch'], asked.join('\n'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const policy = parseTrustPolicy(readFileSync(trust, 'utf8'));
  const codes = {};
  for (const [at, bytes] of found.receipts.entries()) {
    const { exitCode, steps } = await verifyReceipt(bytes, policy);
    const step = steps.find(({ ok }) => !ok)?.name ?? null;
    const answer = answers[at];
    const same = answer.exitCode === exitCode && answer.step === step;
    must(
      same,
      `receipt ${at} in ${folder}: ${exitCode} at ${step} here, ${answer.exitCode} at ${answer.step} in Python`,
    );
    codes[exitCode] = (codes[exitCode] ?? 0) + 1;
  }
  rmSync(folder, { recursive: true });
  say(`${count} receipts at random: both verifiers agree, ${JSON.stringify(codes)}`);
}

/** Code that others wrote: Sigstore's verifier, and a validator of JSON Schema. */
async function others() {
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, 'package.json'), '{"private":true}');
  const installed = spawnSync('npm', ['install', '--silent', '--no-audit', '--no-fund', ...PACKAGES], { cwd: tools });
  must(installed.status === 0, `npm install: ${installed.stderr}`);
  const load = createRequire(join(tools, 'package.json'));
  const [verify, bundle, schemas] = ['@sigstore/verify', '@sigstore/bundle', 'ajv/dist/2020'].map((name) => load(name));
  sigstore(verify, bundle);
  const ajv = new schemas.default({ strict: false });
  const [file, statement] = ['receipt', 'statement'].map((name) =>
    ajv.compile(JSON.parse(readFileSync(join(spec, `${name}.schema.json`), 'utf8'))),
  );
  const shaped = receipts.filter(({ step }) => step !== 'parse');
  for (const { file: name } of shaped) {
    const receipt = JSON.parse(vector(name));
    must(file(receipt), `${name} is not what the schema says: ${ajv.errorsText(file.errors)}`);
    const payload = JSON.parse(Buffer.from(receipt.envelope.payload, 'base64'));
    must(statement(payload), `${name}, statement: ${ajv.errorsText(statement.errors)}`);
  }
  say(`the JSON Schemas take all ${shaped.length} vectors that are receipts`);
}

function sigstore({ Verifier, toSignedEntity }, { bundleFromJSON }) {
  const { envelope } = JSON.parse(vector('open.receipt.json'));
  const { publicKey } = JSON.parse(trustText).services[0];
  const x = Buffer.from(publicKey, 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const material = {
    certificateAuthorities: [],
    timestampAuthorities: [],
    tlogs: [],
    ctlogs: [],
    publicKey: () => ({ publicKey: key, validFor: () => true }),
  };
  const verifier = new Verifier(material, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
  const accepts = (changed) => {
    try {
      verifier.verify(toSignedEntity(bundleFromJSON(changed)));
      return true;
    } catch {
      return false;
    }
  };
  const bundle = sigstoreBundleOf(envelope);
  const withEnvelope = (more) => ({ ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, ...more } });
  const [signature] = envelope.signatures;
  const text = fromUtf8(fromBase64(envelope.payload));
  must(accepts(bundle), 'Sigstore refuses the bundle');
  must(
    !accepts(withEnvelope({ payload: base64(utf8(text.replace('"vote":"no"', '"vote":"yes"'))) })),
    'a vote changed',
  );
  must(!accepts(withEnvelope({ payloadType: 'text/plain' })), 'another type');
  must(!accepts(withEnvelope({ signatures: [signature, signature] })), 'two signatures');
  must(
    !accepts(withEnvelope({ signatures: [{ ...signature, sig: base64(flipped(fromBase64(signature.sig), 0, 0)) }] })),
    'a bit of the signature',
  );
  say('@sigstore/verify takes the bundle, and refuses a changed vote, type or signature, and two signatures');
}

/** Every bit of every part, and every stranger in every place: never trusted, never thrown. */
async function flips() {
  const trust = parseTrustPolicy(trustText);
  const bytes = vector('sealed.receipt.json');
  const good = JSON.parse(bytes);
  const { envelope, log } = good;
  const [signature] = envelope.signatures;
  let tried = 0;
  const refused = async (what, input) => {
    tried++;
    must((await verifyReceipt(input, trust)).exitCode !== 0, `${what} is trusted`);
  };
  const whole = {
    file: [bytes.subarray(0, -1), (changed) => changed],
    payload: [
      fromBase64(envelope.payload),
      (changed) => ({ ...good, envelope: { ...envelope, payload: base64(changed) } }),
    ],
    signature: [
      fromBase64(signature.sig),
      (changed) => ({ ...good, envelope: { ...envelope, signatures: [{ ...signature, sig: base64(changed) }] } }),
    ],
    entry: [fromBase64(log.entry), (changed) => ({ ...good, log: { ...log, entry: base64(changed) } })],
    proof: [utf8(log.proof), (changed) => ({ ...good, log: { ...log, proof: Buffer.from(changed).toString('utf8') } })],
  };
  for (const [name, [original, rebuild]] of Object.entries(whole)) {
    for (let at = 0; at < original.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = rebuild(flipped(original, at, bit));
        await refused(
          `${name}, byte ${at}, bit ${bit}`,
          changed instanceof Uint8Array ? changed : JSON.stringify(changed),
        );
      }
    }
    say(`every bit of the ${name} (${original.length} bytes)`);
  }
  const statement = parseStrictJson(fromUtf8(fromBase64(envelope.payload)));
  for (const place of pathsOf(statement)) {
    for (const stranger of strangers) {
      const payload = base64(utf8(jcs(replaced(statement, place, stranger))));
      if (payload !== envelope.payload)
        await refused(`/${place.join('/')}`, JSON.stringify({ ...good, envelope: { ...envelope, payload } }));
    }
  }
  for (const place of pathsOf(good)) {
    for (const stranger of strangers) {
      const changed = JSON.stringify(replaced(good, place, stranger));
      const redacted = place.join() === 'disclosures' && jcs(stranger) === '[]';
      if (changed !== JSON.stringify(good) && !redacted) await refused(`/${place.join('/')}`, changed);
    }
  }
  say(
    `${tried} spoiled receipts, none trusted; SHA-256 of the good one ${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`,
  );
}

/** Every bit of what else can be checked offline: a receipt of passkeys, exports, the report of an access review. */
async function files() {
  const passkeys = (name) => readFileSync(join(spec, 'passkeys', name));
  const trust = parseTrustPolicy(passkeys('trust.json').toString());
  const receipt = passkeys('receipt.json');
  const end = receipt.lastIndexOf('}') + 1;
  await everyBit(receipt.subarray(0, end), async (changed, place) => {
    must((await verifyReceipt(changed, trust)).exitCode !== 0, `a receipt of passkeys, ${place}, is trusted`);
  });
  say(`every bit of a receipt of passkeys (${end} bytes)`);
  const entries = [
    { type: 'member.added', data: { member: 'prn_two' }, personal: { email: 'two@example.org' } },
    { type: 'member.removed', data: { member: 'prn_two' } },
  ];
  const [whole, some, report] = [
    await exportOf(entries),
    await exportOf(entries, { filtered: true }),
    await reportOf(),
  ];
  for (const [what, { lines, logs }, verify, heading] of [
    ['an export', whole, verifyExport, 0],
    ['an export of some entries', some, verifyExport, 0],
    ['an access review', report, verifyAccessReview, 3],
  ]) {
    const told = (of) => JSON.stringify([of.slice(0, heading), toldBy(of.slice(heading))]);
    const bytes = utf8(lines.join('\n'));
    await everyBit(bytes, async (changed, place) => {
      const spoiled = Buffer.from(changed).toString('utf8').split('\n');
      const { ok } = await verify(spoiled, { logs });
      must(!ok || told(spoiled) === told(lines), `${what}, ${place}, says something else and is trusted`);
    });
    say(`every bit of ${what} (${bytes.length} bytes)`);
  }
}

async function everyBit(bytes, check) {
  for (let at = 0; at < bytes.length; at++)
    for (let bit = 0; bit < 8; bit++) await check(flipped(bytes, at, bit), `byte ${at}, bit ${bit}`);
}
