import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  base64,
  fromBase64,
  fromUtf8,
  hex,
  jcs,
  parseStrictJson,
  preAuthEncoding,
  sha256,
  utf8,
} from '@conclave/audit-core';
import {
  objectionsOf,
  parseStatement,
  parseWaiver,
  WAIVER_TYPE,
  type Objection,
  type Predicate,
  type Waiver,
} from '@conclave/consensus-core';
import { verifyReceipt } from '@conclave/verify';
import type { Call, Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { Fault, usage } from '../fault.js';
import { printable } from '../printable.js';
import { WAIVER_FOLDER } from '../verify/evidence.js';
import { readNamed, readNamedBytes } from '../verify/trust-root.js';

const DAY_MS = 86_400_000;

export const waive: Command = {
  name: 'waive',
  operands: [{ name: 'RECEIPT', required: false }],
  summary: 'sign that what rejected a change is a false positive',
  description: [
    'Signs a waiver of a receipt’s objections: of all of them, or of one voter’s no (--voter) or one red gate (--gate).',
    'It speaks of this receipt and its commit alone, and ends when --days are over. `conclave verify` accepts it where the',
    'trust root lists the key under waivers. The waiver is added to .conclave/waivers/DECISION.jsonl, or to --out.',
    'KEY is an Ed25519 private key in PEM: openssl genpkey -algorithm ed25519 -out waiver-key.pem',
    'Without RECEIPT the key is shown as a trust root lists it.',
  ].join('\n'),
  options: {
    key: { value: 'FILE', help: 'the private key' },
    as: { value: 'KEYID', help: 'the name the trust root has for the key' },
    reason: { value: 'TEXT', help: 'why it is a false positive' },
    voter: { value: 'NAME', help: 'waive this voter’s no: its seat or voter id' },
    gate: { value: 'NAME', help: 'waive this gate’s report' },
    days: { value: 'N', help: 'how long it holds (default: 7)' },
    out: { value: 'FILE', help: 'where to add it' },
    repo: { value: 'DIR', help: 'the repository (default: where you are)' },
  },

  async run(call) {
    const { out, cwd, operands } = call;
    const key = privateKey(await readNamed(resolve(cwd, given(call, 'key'))));
    const keyid = given(call, 'as');
    if (operands[0] === undefined) {
      const listed = { keyid, publicKey: rawPublicKey(key) };
      out.print(JSON.stringify(listed));
      out.result(listed);
      return 0;
    }
    const { payload, predicate } = await opened(await readNamedBytes(resolve(cwd, operands[0])));
    const waiver = waiverOf(call, payload, predicate);
    if (!/^[\w-]+$/.test(waiver.decision))
      throw usage('the receipt names no decision that a file could be named after');
    const path = resolve(
      cwd,
      call.text('out') ?? join(call.text('repo') ?? '.', WAIVER_FOLDER, `${waiver.decision}.jsonl`),
    );
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, `${JSON.stringify(signed(waiver, keyid, key))}\n`);
    out.print(
      `Waived until ${waiver.expiresAt}, as ${printable(keyid)}:`,
      ...waiver.waives.map((objection) => `  ${printable(nameOf(objection, predicate))}`),
      `Added to ${printable(path)}`,
    );
    out.result({ path, waiver });
    return 0;
  },
};

function given(call: Call, name: string): string {
  const value = call.text(name);
  if (value === undefined || value === '') throw usage(`--${name} is missing`, 'See: conclave waive --help');
  return value;
}

function privateKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Told below, as every other file that is no such key.
  }
  throw usage(
    'the key is no Ed25519 private key in PEM',
    'Make one: openssl genpkey -algorithm ed25519 -out waiver-key.pem',
  );
}

const rawPublicKey = (key: KeyObject): string =>
  Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x!, 'base64url').toString('base64');

/** The receipt must hold together; whether its keys are trusted is for those who verify it with the waiver. */
async function opened(bytes: Buffer): Promise<{ readonly payload: Uint8Array; readonly predicate: Predicate }> {
  const { status } = await verifyReceipt(bytes, undefined);
  if (status !== 'consistent-untrusted') throw usage(`the receipt does not hold: ${status}`);
  const { envelope } = JSON.parse(bytes.toString('utf8')) as { envelope: { payload: string } };
  const payload = fromBase64(envelope.payload);
  const statement = parseStatement(parseStrictJson(fromUtf8(payload)));
  if (!statement.ok) throw new Error('a statement that was verified can be read');
  return { payload, predicate: statement.value.predicate };
}

function waiverOf(call: Call, payload: Uint8Array, predicate: Predicate): Waiver {
  const days = Number(call.text('days') ?? 7);
  if (!(days > 0 && days <= 3_650)) throw usage('--days is a number above 0, at most 3650');
  const waives = chosen(objectionsOf(predicate), call, predicate);
  const now = Date.now();
  const waiver = parseWaiver({
    version: 1,
    decision: predicate.decisionId,
    commit: predicate.subject?.head,
    payloadSha256: hex(sha256(payload)),
    waives,
    reason: given(call, 'reason'),
    issuedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + days * DAY_MS).toISOString(),
  });
  if (!waiver.ok) throw usage(`it cannot be written: ${waiver.path} is not ${waiver.expected}`);
  return waiver.value;
}

function chosen(objections: readonly Objection[], call: Call, predicate: Predicate): readonly Objection[] {
  const [voter, gate] = [call.text('voter'), call.text('gate')];
  const all = voter === undefined && gate === undefined;
  const some = objections.filter(
    (one) =>
      all || (one.gate !== undefined ? one.gate === gate : one.voterId === voter || seatOf(one, predicate) === voter),
  );
  if (some.length > 0) return some;
  const names = objections.map((one) => nameOf(one, predicate)).join(', ');
  throw new Fault(
    EXIT.local,
    'cli.nothing-to-waive',
    objections.length === 0 ? 'nothing in this receipt can be waived' : `what can be waived: ${names}`,
  );
}

const seatOf = ({ voterId }: Objection, { electorate }: Predicate): string | undefined =>
  electorate.find((one) => one.voterId === voterId)?.name;

const nameOf = (objection: Objection, predicate: Predicate): string =>
  objection.gate === undefined ? `the no of ${seatOf(objection, predicate)}` : `gate ${objection.gate}`;

function signed(waiver: Waiver, keyid: string, key: KeyObject) {
  const payload = utf8(jcs(waiver));
  const sig = base64(new Uint8Array(sign(null, preAuthEncoding(WAIVER_TYPE, payload), key)));
  return { payloadType: WAIVER_TYPE, payload: base64(payload), signatures: [{ keyid, sig }] };
}
