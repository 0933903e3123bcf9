import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { base64, concatBytes, fromBase64, fromHex, utf8 } from './bytes.js';
import { isSafeEd25519Key, verifyEd25519 } from './ed25519.js';
import { MalformedError } from './malformed-error.js';
import {
  cosignedMessage,
  ED25519_COSIGNATURE,
  ED25519_NOTE,
  formatNote,
  formatVkey,
  noteKeyId,
  parseNote,
  parseVkey,
  signNote,
  verifyNote,
  type NoteKey,
} from './signed-note.js';

const EXAMPLE_VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const EXAMPLE_NOTE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;

function newKey(name: string, type: NoteKey['type'] = ED25519_NOTE) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
  const key: NoteKey = { name, type, publicKey: raw };
  return { key, sign: (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey)) };
}
const log = newKey('log.example/one');
const TEXT = 'log.example/one\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n';
const signed = signNote({ text: TEXT, signatures: [] }, log.key.name, log.key.publicKey, log.sign);

describe('the signed-note example of C2SP', () => {
  it('verifies, and is written again to the same characters', async () => {
    const note = parseNote(EXAMPLE_NOTE);
    const key = parseVkey(EXAMPLE_VKEY);
    expect(await verifyNote(note, [key])).toEqual({ signers: [key], failed: [] });
    expect(formatNote(note)).toBe(EXAMPLE_NOTE);
    expect(formatVkey(key)).toBe(EXAMPLE_VKEY);
  });

  it('fails under its own key when one character of the text changes', async () => {
    const key = parseVkey(EXAMPLE_VKEY);
    const verdict = await verifyNote(parseNote(EXAMPLE_NOTE.replace('example m', 'Example m')), [key]);
    expect(verdict).toEqual({ signers: [], failed: [key] });
  });
});

describe('notes', () => {
  it('signs deterministically and reads back', async () => {
    const again = signNote({ text: TEXT, signatures: [] }, log.key.name, log.key.publicKey, log.sign);
    expect(formatNote(again)).toBe(formatNote(signed));
    expect((await verifyNote(parseNote(formatNote(signed)), [log.key])).signers).toEqual([log.key]);
  });

  it('ignores lines of unknown keys, also of a known name with another id', async () => {
    const stranger = newKey('stranger.example');
    const namesake = newKey(log.key.name);
    let note = signNote(signed, stranger.key.name, stranger.key.publicKey, () => new Uint8Array(2420));
    note = signNote(note, namesake.key.name, namesake.key.publicKey, () => new Uint8Array(64));
    expect(await verifyNote(parseNote(formatNote(note)), [log.key])).toEqual({ signers: [log.key], failed: [] });
  });

  it('counts a key once, however many lines it has, and reports a line of its that fails', async () => {
    const twice = signNote(signed, log.key.name, log.key.publicKey, log.sign);
    expect((await verifyNote(twice, [log.key])).signers).toHaveLength(1);
    const spoiled = signNote(signed, log.key.name, log.key.publicKey, () => new Uint8Array(64));
    expect(await verifyNote(spoiled, [log.key])).toEqual({ signers: [log.key], failed: [log.key] });
  });

  it('splits at the last blank line, so a text may contain blank lines', () => {
    const note = signNote({ text: 'one\n\ntwo\n', signatures: [] }, log.key.name, log.key.publicKey, log.sign);
    expect(parseNote(formatNote(note)).text).toBe('one\n\ntwo\n');
  });

  it('accepts 16 signatures and refuses more than 100', () => {
    const line = EXAMPLE_NOTE.split('\n')[2]!;
    expect(parseNote(`text\n\n${`${line}\n`.repeat(16)}`).signatures).toHaveLength(16);
    expect(() => parseNote(`text\n\n${`${line}\n`.repeat(101)}`)).toThrow(MalformedError);
  });

  it.each([
    ['no blank line', 'text\n'],
    ['no signatures', 'text\n\n'],
    ['no final newline', EXAMPLE_NOTE.slice(0, -1)],
    ['a control character', EXAMPLE_NOTE.replace('This', 'Thi\ts')],
    ['a carriage return', EXAMPLE_NOTE.replace('message.', 'message.\r')],
    ['a lone surrogate', EXAMPLE_NOTE.replace('This', '\ud800')],
    ['a hyphen for the dash', EXAMPLE_NOTE.replace('—', '-')],
    ['a name with a plus', EXAMPLE_NOTE.replace('example.com/', 'example+com/')],
    ['two spaces', EXAMPLE_NOTE.replace('foo ', 'foo  ')],
    ['sloppy base64', EXAMPLE_NOTE.replace('aQM=', 'aQN=')],
    ['a signature of no bytes', 'text\n\n— name AAAAAA==\n'],
    ['more than a megabyte', `${'x'.repeat(1_000_000)}${EXAMPLE_NOTE}`],
  ])('refuses a note with %s', (_, note) => expect(() => parseNote(note)).toThrow(MalformedError));

  it('refuses to write what it would not read', () => {
    expect(() => formatNote({ text: 'no newline', signatures: [] })).toThrow(MalformedError);
    const signatures = [{ name: 'a b', keyId: new Uint8Array(4), signature: new Uint8Array(64) }];
    expect(() => formatNote({ text: 'text\n', signatures })).toThrow(MalformedError);
  });
});

describe('witness cosignatures', () => {
  const witness = newKey('witness.example/w1', ED25519_COSIGNATURE);
  const cosign = (seconds: bigint, message: Uint8Array) => {
    const stamp = new Uint8Array(8);
    new DataView(stamp.buffer).setBigUint64(0, seconds);
    return concatBytes(stamp, witness.sign(message));
  };
  const noted = (signature: Uint8Array) => ({
    text: TEXT,
    signatures: [...signed.signatures, { name: witness.key.name, keyId: noteKeyId(witness.key), signature }],
  });

  it('verify beside the log over text and time', async () => {
    const note = noted(cosign(1_679_315_147n, cosignedMessage(TEXT, 1_679_315_147n)));
    const verdict = await verifyNote(parseNote(formatNote(note)), [log.key, witness.key]);
    expect(verdict).toEqual({ signers: [log.key, witness.key], failed: [] });
  });

  it('sign the lines that tlog-cosignature shows', () => {
    expect(cosignedMessage('example.com/behind-the-sofa\n', 1_679_315_147n)).toEqual(
      utf8('cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n'),
    );
  });

  it.each([
    ['another time', cosign(2n, cosignedMessage(TEXT, 1n))],
    ['a plain note signature', witness.sign(utf8(TEXT))],
    ['no time', cosign(1n, utf8(TEXT))],
    ['a time beyond 2^63 - 1', cosign(2n ** 63n, cosignedMessage(TEXT, 2n ** 63n))],
  ])('fail with %s', async (_, signature) => {
    expect(await verifyNote(noted(signature), [witness.key])).toEqual({ signers: [], failed: [witness.key] });
  });
});

describe('verifier keys', () => {
  it('are written and read for both types', () => {
    const witness = newKey('witness.example', ED25519_COSIGNATURE).key;
    expect(parseVkey(formatVkey(log.key))).toEqual(log.key);
    expect(parseVkey(formatVkey(witness))).toEqual(witness);
  });

  const [name, id, key] = EXAMPLE_VKEY.split('+') as [string, string, string];
  const withType = (type: number) => {
    const material = fromBase64(key);
    material[0] = type;
    return base64(material);
  };
  it.each([
    ['a wrong id', `${name}+530d903b+${key}`],
    ['an upper-case id', `${name}+530D903A+${key}`],
    ['another name', `example.com/bar+${id}+${key}`],
    ['an empty name', `+${id}+${key}`],
    ['a name with a space', `a b+${id}+${key}`],
    ['an unknown type', `${name}+${id}+${withType(2)}`],
    ['the other type', `${name}+${id}+${withType(4)}`],
    ['a short key', `${name}+${id}+${base64(fromBase64(key).subarray(0, 32))}`],
    ['no parts', 'example.com'],
  ])('are refused with %s', (_, vkey) => expect(() => parseVkey(vkey)).toThrow(MalformedError));
});

describe('Ed25519', () => {
  it('verifies the first test of RFC 8032 §7.1', async () => {
    const publicKey = fromHex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
    const signature = fromHex(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    );
    expect(await verifyEd25519(publicKey, new Uint8Array(), signature)).toBe(true);
    expect(await verifyEd25519(publicKey, new Uint8Array(1), signature)).toBe(false);
    expect(await verifyEd25519(publicKey, new Uint8Array(), signature.subarray(1))).toBe(false);
    expect(await verifyEd25519(publicKey.subarray(1), new Uint8Array(), signature)).toBe(false);
  });

  /** p + k little-endian, of which the k below 19 are second spellings of k; with the sign bit of x, or without. */
  const spelling = (k: number, sign: number): string =>
    `${(0xed + k).toString(16)}${'ff'.repeat(30)}${sign === 0 ? '7f' : 'ff'}`;
  const smallOrder = [
    ...['01', '00'].map((first) => `${first}${'00'.repeat(31)}`),
    `ec${'ff'.repeat(30)}7f`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  ];
  const withSign = (key: string): string => `${key.slice(0, 62)}${(parseInt(key.slice(62), 16) | 0x80).toString(16)}`;

  it.each([
    ...smallOrder.map((key) => ['a point of small order', key]),
    ...smallOrder.map((key) => ['a point of small order with the sign bit', withSign(key)]),
    ...Array.from({ length: 38 }, (_, at) => ['a second spelling', spelling(at >> 1, at & 1)]),
    ['31 bytes', '07'.repeat(31)],
    ['33 bytes', '07'.repeat(33)],
  ])('refuses %s as a public key: %s', async (_, key) => {
    expect(isSafeEd25519Key(fromHex(key))).toBe(false);
    expect(await verifyEd25519(fromHex(key), utf8('any'), new Uint8Array(64))).toBe(false);
  });

  it('is false for a key that is on no curve', async () => {
    const offCurve = fromHex(`02${'00'.repeat(31)}`);
    expect(await verifyEd25519(offCurve, utf8('any'), new Uint8Array(64))).toBe(false);
  });

  it('accepts keys close to the refused ones', () => {
    expect(isSafeEd25519Key(fromHex(`eb${'ff'.repeat(30)}7f`))).toBe(true);
    expect(isSafeEd25519Key(fromHex(`ed${'ff'.repeat(29)}fe7f`))).toBe(true);
  });
});
