#!/usr/bin/env node
/**
 * A witness for transparency logs in one file: copy it to a machine that the log's operator does not run.
 *
 *     node witness.mjs keygen --name witness.example/w1 --key witness.key          # prints the verifier key
 *     node witness.mjs vkey --key witness.key                                      # prints it again
 *     node witness.mjs serve --key witness.key --log VKEY [--log VKEY …] --state DIR [--listen 127.0.0.1:8700]
 *
 * It cosigns a checkpoint when a log it knows signed it and a consistency proof shows that it extends everything this
 * witness cosigned of that log before. So nobody can show a verifier who asks for this witness a log that was cut,
 * rewritten or forked. C2SP tlog-witness v1.0.0 and tlog-cosignature v1; RFC 6962 hashing.
 *
 * Node 20 or newer and nothing else; none of the log's own code, so that no bug is shared with it. `--state` holds the
 * newest cosigned checkpoint of each log, a text file each: losing it is losing the memory that makes a witness. One
 * process per folder. Put TLS in front where the network between is not yours.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

const NOTE = 0x01;
const COSIGNATURE = 0x04;
const MAX_BODY_BYTES = 256 * 1024;
const MAX_PROOF_LINES = 63;
const SKEY = /^PRIVATE\+KEY\+([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})\s*$/;
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const EMPTY_ROOT = sha256(Buffer.alloc(0));
/** Ed25519 points under which one signature fits many messages (y, sign bit cleared): never a log's key. */
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/** Why a request is refused: HTTP status, and a line for whoever reads it. */
class Refusal extends Error {
  constructor(status, message, body = `${message}\n`, type = 'text/plain; charset=utf-8') {
    super(message);
    Object.assign(this, { status, body, type });
  }
}

const conflict = (message, size) => new Refusal(409, message, `${size}\n`, 'text/x.tlog.size');

// --- Notes, keys, checkpoints (C2SP signed-note, tlog-checkpoint) ---

function sha256(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

const keyId = (name, type, publicKey) => sha256(`${name}\n`, Uint8Array.of(type), publicKey).subarray(0, 4);
const vkeyOf = (name, type, publicKey) =>
  `${name}+${keyId(name, type, publicKey).toString('hex')}+${Buffer.concat([Uint8Array.of(type), publicKey]).toString('base64')}`;

/** Bytes of base64 in its only spelling; nothing for any other text. */
function bytesOf(text) {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** A decimal number in its only spelling, up to 2^53 - 1; nothing for any other text. */
const numberOf = (text) => (/^(0|[1-9][0-9]{0,15})$/.test(text) && Number.isSafeInteger(+text) ? +text : undefined);

/** The key of a log: its name is the log's origin. */
function parseLogKey(vkey) {
  const [, name, id, material] = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey) ?? [];
  const bytes = bytesOf(material ?? '');
  if (bytes?.length !== 33 || bytes[0] !== NOTE) throw new Error(`not an Ed25519 verifier key of a log: ${vkey}`);
  const raw = bytes.subarray(1);
  const y = Buffer.from(raw);
  y[31] &= 0x7f;
  if (SMALL_ORDER.has(y.toString('hex'))) throw new Error(`not a safe key: ${vkey}`);
  if (keyId(name, NOTE, raw).toString('hex') !== id) throw new Error(`the key id is not the key's own: ${vkey}`);
  return {
    name,
    id: keyId(name, NOTE, raw),
    key: createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' }),
  };
}

/** Splits a note into its text and the lines that sign it. */
function parseNote(note) {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n') || note.length === end + 2) throw new Refusal(400, 'not a signed note');
  const lines = note.slice(end + 2, -1).split('\n');
  const signatures = lines.map((line) => {
    const [, name, encoded] = /^\u2014 ([^+\s]+) (\S+)$/u.exec(line) ?? [];
    const bytes = bytesOf(encoded ?? '');
    if (lines.length > 100 || !bytes || bytes.length < 5) throw new Refusal(400, 'not a signature line');
    return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
  });
  return { text: note.slice(0, end + 1), signatures };
}

/** Origin, size and root, one per line; more lines are kept in the text and mean nothing here. */
function parseCheckpoint(text) {
  const [origin, size, root, ...more] = text.split('\n');
  const checkpoint = { origin, size: numberOf(size ?? ''), root: bytesOf(root ?? '') };
  const whole = more.at(-1) === '' && !more.slice(0, -1).includes('');
  if (!origin || !whole || checkpoint.size === undefined || checkpoint.root?.length !== 32)
    throw new Refusal(400, 'not a checkpoint');
  return checkpoint;
}

/** `old SIZE`, proof lines, an empty line, the checkpoint. */
function parseRequest(body) {
  const head = body.indexOf('\n\n');
  const [old = '', ...lines] = body.slice(0, Math.max(0, head)).split('\n');
  const oldSize = old.startsWith('old ') ? numberOf(old.slice(4)) : undefined;
  const proof = lines.map(bytesOf);
  if (oldSize === undefined || lines.length > MAX_PROOF_LINES || !proof.every((hash) => hash?.length === 32))
    throw new Refusal(400, 'expected: old SIZE, at most 63 hashes, an empty line, a checkpoint');
  const note = parseNote(body.slice(head + 2));
  return { oldSize, proof, note, checkpoint: parseCheckpoint(note.text) };
}

// --- The decision ---

/** Whether `proof` shows that the newer tree extends the older, of at least one leaf (RFC 9162 §2.1.4.2). */
function extendsTree(older, newer, proof) {
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root);
  const half = (n) => Math.floor(n / 2);
  let [node, edge] = [older.size - 1, newer.size - 1];
  while (node % 2 === 1) [node, edge] = [half(node), half(edge)];
  // A complete older tree is its own first element.
  const path = node === 0 ? [older.root, ...proof] : proof;
  if (path.length === 0) return false;
  let [from, to] = [path[0], path[0]];
  for (const hash of path.slice(1)) {
    if (edge === 0) return false;
    if (node % 2 === 1 || node === edge) {
      [from, to] = [nodeHash(hash, from), nodeHash(hash, to)];
      while (node % 2 === 0 && node !== 0) [node, edge] = [half(node), half(edge)];
    } else to = nodeHash(to, hash);
    [node, edge] = [half(node), half(edge)];
  }
  return edge === 0 && from.equals(older.root) && to.equals(newer.root);
}

const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

/**
 * Refuses whatever this witness may not cosign. `known` is the newest checkpoint it did cosign of the log, if any.
 * @throws Refusal
 */
function judge({ oldSize, proof, note, checkpoint }, logs, known) {
  const keys = logs.get(checkpoint.origin);
  if (!keys) throw new Refusal(404, 'this witness does not know that log');
  const trusted = note.signatures.some((line) =>
    keys.some(
      (key) =>
        key.id.equals(line.id) &&
        line.name === key.name &&
        verify(null, Buffer.from(note.text), key.key, line.signature),
    ),
  );
  if (!trusted) throw new Refusal(403, 'no key trusted for that log signed the checkpoint');
  if (oldSize > checkpoint.size) throw new Refusal(400, 'the old size is above the new one');
  const last = known(checkpoint.origin) ?? { size: 0, root: EMPTY_ROOT };
  if (oldSize !== last.size) throw conflict('the old size is not what this witness cosigned last', last.size);
  if (oldSize === checkpoint.size && !last.root.equals(checkpoint.root)) {
    if (oldSize === 0) throw new Refusal(422, 'an empty log has another root');
    throw conflict('this witness cosigned another root at that size', last.size);
  }
  const extended = oldSize === 0 ? proof.length === 0 : extendsTree(last, checkpoint, proof);
  if (!extended) throw new Refusal(422, 'the proof does not lead from what this witness cosigned last');
}

// --- State: the newest cosigned checkpoint of each log, one file each ---

function stateIn(dir) {
  mkdirSync(dir, { recursive: true });
  const path = (origin) => join(dir, `${sha256(origin).toString('hex')}.checkpoint`);
  return {
    read(origin) {
      let note;
      try {
        note = readFileSync(path(origin), 'utf8');
      } catch (error) {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      }
      return parseCheckpoint(parseNote(note).text);
    },
    /** On disk, with its name, before it returns: an answer that leaves after this cannot be forgotten. */
    write(origin, note) {
      const fresh = `${path(origin)}.new`;
      const file = openSync(fresh, 'w', 0o600);
      writeFileSync(file, note);
      fsyncSync(file);
      closeSync(file);
      renameSync(fresh, path(origin));
      const folder = openSync(dir, 'r');
      fsyncSync(folder);
      closeSync(folder);
    },
  };
}

/**
 * Judges, persists and cosigns. Nothing in here waits, so no other request can come between the look at what was
 * cosigned last and the write of what is cosigned now.
 */
function cosign(body, { logs, state, signer, now }) {
  const request = parseRequest(body);
  judge(request, logs, state.read);
  const { note, checkpoint } = request;
  const seconds = BigInt(Math.floor(now() / 1000));
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(seconds);
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${note.text}`), signer.key);
  const encoded = Buffer.concat([signer.id, time, signature]).toString('base64');
  const line = `\u2014 ${signer.name} ${encoded}\n`;
  state.write(checkpoint.origin, `${note.text}\n${line}`);
  return line;
}

// --- Keys and commands ---

function readSigner(file) {
  const [, name, id, material] = SKEY.exec(readFileSync(file, 'utf8')) ?? [];
  const bytes = bytesOf(material ?? '');
  if (bytes?.length !== 33 || bytes[0] !== COSIGNATURE) throw new Error(`${file} holds no key of this program`);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, bytes.subarray(1)]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
  const own = keyId(name, COSIGNATURE, publicKey);
  if (own.toString('hex') !== id) throw new Error(`${file}: the key id is not the key's own`);
  return { name, key, id: own, vkey: vkeyOf(name, COSIGNATURE, publicKey) };
}

function keygen(name, file) {
  if (!/^[^+\s]+$/.test(name)) throw new Error('--name is one word without a plus, best a host and path of yours');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8.length);
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
  const id = keyId(name, COSIGNATURE, raw).toString('hex');
  const material = Buffer.concat([Uint8Array.of(COSIGNATURE), seed]).toString('base64');
  writeFileSync(file, `PRIVATE+KEY+${name}+${id}+${material}\n`, { mode: 0o600, flag: 'wx' });
}

function serve({ key, log: vkeys = [], state: dir, listen }) {
  const logs = byName(vkeys.map(parseLogKey));
  if (logs.size === 0 || !dir) throw new Error('serve needs --log VKEY and --state DIR');
  const parts = { logs, state: stateIn(dir), signer: readSigner(key), now: Date.now };
  const server = createServer((request, response) => {
    const answer = (status, body, type = 'text/plain; charset=utf-8', line = '') => {
      process.stdout.write(`${new Date().toISOString()} ${request.method} ${request.url} ${status} ${line}\n`);
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    if (request.url === '/') return answer(200, `${parts.signer.vkey}\n`);
    if (!request.url.endsWith('/add-checkpoint')) return answer(404, 'POST /add-checkpoint\n');
    if (request.method !== 'POST') return answer(405, 'POST /add-checkpoint\n');
    const chunks = [];
    let size = 0;
    request.on('data', (chunk) => (size += chunk.length) <= MAX_BODY_BYTES && chunks.push(chunk));
    request.on('end', () => {
      try {
        if (size > MAX_BODY_BYTES) throw new Refusal(413, 'the request is too large');
        answer(200, cosign(Buffer.concat(chunks).toString('utf8'), parts));
      } catch (error) {
        if (error instanceof Refusal) return answer(error.status, error.body, error.type, error.message);
        process.stderr.write(`${error.stack}\n`);
        answer(500, 'this witness cannot work at the moment\n');
      }
    });
  });
  server.requestTimeout = 10_000;
  const [, host, port] = /^(.*):(\d+)$/.exec(listen) ?? [];
  if (port === undefined) throw new Error('--listen is HOST:PORT');
  server.listen(Number(port), host.replace(/^\[(.*)\]$/, '$1'), () =>
    process.stdout.write(`${parts.signer.vkey}\nlistening on ${host}:${server.address().port}\n`),
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close().closeIdleConnections());
}

function byName(keys) {
  const grouped = new Map();
  for (const key of keys) grouped.set(key.name, [...(grouped.get(key.name) ?? []), key]);
  return grouped;
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      key: { type: 'string' },
      log: { type: 'string', multiple: true },
      state: { type: 'string' },
      listen: { type: 'string', default: '127.0.0.1:8700' },
    },
  });
  const [command = 'serve'] = positionals;
  if (!values.key) throw new Error('--key FILE is missing');
  if (command === 'keygen') keygen(values.name ?? '', values.key);
  if (command === 'keygen' || command === 'vkey') return process.stdout.write(`${readSigner(values.key).vkey}\n`);
  if (command !== 'serve') throw new Error('commands: keygen, vkey, serve');
  serve(values);
}

try {
  main();
} catch (error) {
  process.stderr.write(`witness: ${error.message}\n`);
  process.exitCode = 1;
}
