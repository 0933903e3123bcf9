/** Vectors of files that somebody without a key changed, and of what is no receipt at all. */
import { base64, concatBytes, fromBase64, utf8 } from '@conclave/audit-core';
import type { ReceiptFile } from '@conclave/consensus-core';
import type { StepName } from '../verdict.js';
import { statementText, TRUST, withPayload, written, type Vector, type Workshop } from './workshop.js';

export async function outsiderVectors(workshop: Workshop): Promise<Vector[]> {
  const open = await workshop.reviewed('open');
  const sealed = await workshop.reviewed('sealed');
  const good = await workshop.receipt(open, { disclosures: open.disclosures });
  const other = await workshop.receipt(sealed);
  return [...malformed(good), ...changed(good, other), ...(await judged(workshop, good))];
}

const flipped = (text: string, at: number): string => {
  const bytes = fromBase64(text).slice();
  bytes[at]! ^= 1;
  return base64(bytes);
};

function malformed(good: ReceiptFile): Vector[] {
  const text = JSON.stringify(good);
  const none = (name: string, what: string, bytes: Uint8Array | string): Vector => ({
    name: `malformed-${name}`,
    what,
    bytes: typeof bytes === 'string' ? utf8(bytes) : bytes,
    trust: TRUST,
    exitCode: 6,
    step: 'parse',
  });
  const with_ = (change: (file: { -readonly [M in keyof ReceiptFile]: ReceiptFile[M] }) => void) => {
    const file = { ...good };
    change(file);
    return JSON.stringify(file);
  };
  const proof = (from: string, to: string) =>
    with_((file) => (file.log = { ...file.log, proof: file.log.proof.replace(from, to) }));
  const [signature] = good.envelope.signatures;
  const payload = (from: string | RegExp, to: string) =>
    JSON.stringify(withPayload(good, statementText(good).replace(from, to)));
  return [
    none('empty', 'no bytes', ''),
    none('no-json', 'no JSON', 'receipt'),
    none('list', 'JSON, but a list', '[]'),
    none('byte-order-mark', 'a byte order mark before the JSON', `\ufeff${text}`),
    none('utf-8', 'a byte that is no UTF-8', concatBytes(utf8(text.slice(0, -1)), Uint8Array.of(0xff, 0x7d))),
    none('trailing', 'text after the value', `${text}{}`),
    none('member-twice', 'a member written twice', text.replace('"log":', '"log":{},"log":')),
    none(
      'member-twice-escaped',
      'a member written twice, once with an escape',
      text.replace('"log":', '"lo\\u0067":{},"log":'),
    ),
    none('member-unknown', 'a member nobody knows', text.replace('{', '{"note":"","mediaType_":"",')),
    none('member-missing', 'no disclosures, not even an empty list', text.replace(/,"disclosures":.*\}$/, '}')),
    none(
      'media-type',
      'another media type',
      with_((file) => (file.mediaType = 'application/json' as never)),
    ),
    none(
      'two-signatures',
      'two signatures in one envelope',
      with_((file) => (file.envelope = { ...file.envelope, signatures: [signature!, signature!] })),
    ),
    none(
      'no-signature',
      'no signature in the envelope',
      with_((file) => (file.envelope = { ...file.envelope, signatures: [] })),
    ),
    none(
      'payload-type',
      'another payload type',
      with_((file) => (file.envelope = { ...file.envelope, payloadType: 'text/plain' })),
    ),
    none(
      'base64-bits',
      'base64 whose last bits are not zero',
      text.replace('=="}]', (end) => end).replace(/"sig":"([^"]+)[AQgw]==/, '"sig":"$1B=='),
    ),
    none(
      'base64-url',
      'base64 of the URL alphabet',
      with_((file) => (file.log = { ...file.log, entry: `_${file.log.entry.slice(1)}` })),
    ),
    none('prototype', 'a member named __proto__', text.replace('{', '{"__proto__":{},')),
    none('float', 'a number with a fraction', payload('"weight":1', '"weight":1.0')),
    none('minus-zero', 'minus zero', payload('"minVoters":2', '"minVoters":-0')),
    none('exponent', 'a number with an exponent', payload('"weight":1', '"weight":1e0')),
    none('leading-zero', 'a number with a leading zero', payload('"weight":1', '"weight":01')),
    none('unsafe-integer', 'an integer beyond 2^53 - 1', payload('"minVoters":2', '"minVoters":9007199254740992')),
    none('surrogate', 'half of a surrogate pair', payload('"Covered by tests."', '"\\ud800"')),
    none('control', 'a control character in a string', payload('"Covered by tests."', '"Covered\tby tests."')),
    none('deep', 'nesting beyond 64', `${'['.repeat(70)}${']'.repeat(70)}`),
    none(
      'payload-twice',
      'a member of the signed statement written twice',
      payload('"secrecy":', '"secrecy":"open","secrecy":'),
    ),
    none('digest-case', 'a digest in upper case', payload('"sha256":"ab', '"sha256":"AB')),
    none('rule-unknown', 'a rule nobody knows', payload('"method":"approval-gate"', '"method":"coin-flip"')),
    none(
      'entry-type',
      'a log entry of another type',
      with_((file) => (file.log = { ...file.log, entry: base64(utf8('{"type":"decision.opened","data":{}}')) })),
    ),
    none('proof-header', 'a proof of another version', proof('@v1', '@v2')),
    none('proof-index', 'an index with a leading zero', proof('index 5', 'index 05')),
    none('proof-tab', 'a tab in the signed note', proof('conclave.example', 'conclave.example\t')),
    none(
      'proof-newline',
      'a proof without its last newline',
      with_((file) => (file.log = { ...file.log, proof: file.log.proof.slice(0, -1) })),
    ),
    none(
      'proof-hash',
      'a hash of 31 bytes',
      proof(/\n[A-Za-z0-9+/]{43}=\n/.exec(good.log.proof)![0], `\n${base64(new Uint8Array(31))}\n`),
    ),
  ];
}

function changed(good: ReceiptFile, other: ReceiptFile): Vector[] {
  const bad = (name: string, exitCode: number, step: StepName, what: string, file: ReceiptFile): Vector => ({
    name,
    what,
    bytes: written(file),
    trust: TRUST,
    exitCode,
    step,
  });
  const [signature] = good.envelope.signatures;
  const log = (more: Partial<ReceiptFile['log']>): ReceiptFile => ({ ...good, log: { ...good.log, ...more } });
  const lines = good.log.proof.split('\n');
  const note = (line: number, by: (text: string) => string) =>
    log({ proof: lines.map((text, at) => (at === line ? by(text) : text)).join('\n') });
  const sign = lines.findIndex((line) => line.startsWith('\u2014 conclave'));
  const cosign = lines.findIndex((line) => line.startsWith('\u2014 witness'));
  const broken = (line: string) => line.replace(/ (\S+)$/, (_, text: string) => ` ${flipped(text, 40)}`);
  const [disclosure] = good.disclosures;
  return [
    bad('signature-flipped', 2, 'signature', 'a bit of the service’s signature', {
      ...good,
      envelope: { ...good.envelope, signatures: [{ ...signature!, sig: flipped(signature!.sig, 3) }] },
    }),
    bad('signature-of-other', 2, 'signature', 'the signature of another receipt', {
      ...good,
      envelope: { ...good.envelope, signatures: other.envelope.signatures },
    }),
    bad('signature-short', 2, 'signature', 'a signature of 63 bytes', {
      ...good,
      envelope: {
        ...good.envelope,
        signatures: [{ ...signature!, sig: base64(fromBase64(signature!.sig).subarray(1)) }],
      },
    }),
    bad(
      'payload-vote',
      2,
      'signature',
      'a vote changed in the payload',
      withPayload(good, statementText(good).replace('"vote":"no"', '"vote":"yes"')),
    ),
    bad(
      'payload-outcome',
      2,
      'signature',
      'the outcome changed in the payload',
      withPayload(good, statementText(good).replace('"status":"approved"', '"status":"rejected"')),
    ),
    bad('keyid-unknown', 5, 'signature', 'signed as somebody the trust root does not name', {
      ...good,
      envelope: { ...good.envelope, signatures: [{ ...signature!, keyid: 'consensus-9' }] },
    }),
    bad('disclosure-false', 6, 'subject', 'a disclosure of another text', {
      ...good,
      disclosures: [{ ...disclosure!, value: 'May everything be merged?' }],
    }),
    bad('disclosure-salt', 6, 'subject', 'a disclosure with another salt', {
      ...good,
      disclosures: [{ ...disclosure!, salt: base64(new Uint8Array(32)) }],
    }),
    bad('disclosure-elsewhere', 6, 'subject', 'a disclosure of something that is no commitment', {
      ...good,
      disclosures: [{ ...disclosure!, path: '/rule' }],
    }),
    bad('checkpoint-flipped', 3, 'checkpoint', 'a bit of the log’s signature', note(sign, broken)),
    bad(
      'checkpoint-size',
      3,
      'checkpoint',
      'another size than was signed',
      log({ proof: good.log.proof.replace('\n10\n', '\n11\n') }),
    ),
    bad(
      'checkpoint-unsigned',
      5,
      'checkpoint',
      'no line of the log’s key',
      log({ proof: lines.filter((_, at) => at !== sign).join('\n') }),
    ),
    bad('cosignature-flipped', 3, 'witnesses', 'a bit of the witness’s signature', note(cosign, broken)),
    bad(
      'cosignature-time',
      3,
      'witnesses',
      'another time than was cosigned',
      note(cosign, (line) => line.replace(/ (\S+)$/, (_, text: string) => ` ${flipped(text, 11)}`)),
    ),
    bad(
      'cosignature-missing',
      5,
      'witnesses',
      'no line of the witness',
      log({ proof: lines.filter((_, at) => at !== cosign).join('\n') }),
    ),
    bad(
      'inclusion-index',
      3,
      'inclusion',
      'another index',
      log({ proof: good.log.proof.replace('index 5', 'index 4') }),
    ),
    bad(
      'inclusion-beyond',
      3,
      'inclusion',
      'an index beyond the tree',
      log({ proof: good.log.proof.replace('index 5', 'index 10') }),
    ),
    bad(
      'inclusion-flipped',
      3,
      'inclusion',
      'a bit of a hash',
      note(2, (line) => flipped(line, 0)),
    ),
    bad(
      'inclusion-short',
      3,
      'inclusion',
      'a hash too few',
      log({ proof: lines.filter((_, at) => at !== 2).join('\n') }),
    ),
    bad(
      'inclusion-long',
      3,
      'inclusion',
      'a hash too many',
      note(2, (line) => `${line}\n${line}`),
    ),
    bad(
      'inclusion-swapped',
      3,
      'inclusion',
      'two hashes swapped',
      log({ proof: [...lines.slice(0, 2), lines[3], lines[2], ...lines.slice(4)].join('\n') }),
    ),
    bad('entry-of-other', 3, 'inclusion', 'the entry of another receipt', log({ entry: other.log.entry })),
    bad('log-of-other', 3, 'entry', 'entry and proof of another receipt', { ...good, log: other.log }),
  ];
}

async function judged({ receipt, reviewed, decided }: Workshop, good: ReceiptFile): Promise<Vector[]> {
  const bytes = written(good);
  const is = (name: string, exitCode: number, step: StepName, trust: string, what: string): Vector => ({
    name,
    what,
    bytes,
    trust,
    exitCode,
    step,
  });
  const rejected = await receipt(await decided({}, { ada: { said: { vote: 'no' }, reason: 'No tests.' } }));
  const plain = await receipt(
    await decided({ subject: undefined, policy: undefined }, { ada: { said: { vote: 'yes' } } }),
  );
  const twice = await receipt(await reviewed(), { cosigners: ['first'] });
  return [
    is('service-unknown', 5, 'signature', 'trust-other-service.json', 'the trust root names another service'),
    is(
      'service-of-other-key',
      2,
      'signature',
      'trust-service-of-other-key.json',
      'the trust root knows the service by another key',
    ),
    is('log-unknown', 5, 'checkpoint', 'trust-other-log.json', 'the trust root names another log, if by the same key'),
    is(
      'witnesses-too-few',
      5,
      'witnesses',
      'trust-two-of-three-witnesses.json',
      'one of three witnesses where two are demanded',
    ),
    {
      ...is(
        'witness-twice',
        5,
        'witnesses',
        'trust-two-of-three-witnesses.json',
        'a witness that signed twice counts once',
      ),
      bytes: written(twice),
    },
    is('voter-pinned', 5, 'policy', 'trust-other-ada.json', 'a voter whose pinned key is another one'),
    is(
      'custody-too-little',
      9,
      'policy',
      'trust-more-custody.json',
      'one key outside the platform where two are demanded',
    ),
    is('panel-other', 9, 'policy', 'trust-other-panel.json', 'another panel than is demanded'),
    is('repository-other', 9, 'policy', 'trust-other-repository.json', 'another repository than is demanded'),
    {
      ...is('outcome-rejected', 9, 'policy', 'trust-approved.json', 'rejected, where approval is demanded'),
      bytes: written(rejected),
    },
    {
      ...is('panel-not-stated', 9, 'policy', 'trust-other-panel.json', 'no panel, where one is demanded'),
      bytes: written(plain),
    },
  ];
}
