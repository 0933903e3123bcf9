import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { base64, fromBase64, fromUtf8, utf8 } from './bytes.js';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.js';
import { preAuthEncoding } from './dsse.js';
import { MalformedError } from './malformed-error.js';
import { formatTlogProof, parseTlogProof } from './tlog-proof.js';

const ROOT = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
const CHECKPOINT = `example.com/behind-the-sofa\n20852163\n${ROOT}\n`;

describe('checkpoints', () => {
  it('read and write the tlog-checkpoint example', () => {
    const checkpoint = parseCheckpoint(CHECKPOINT);
    expect(checkpoint).toEqual({
      origin: 'example.com/behind-the-sofa',
      size: 20852163,
      root: fromBase64(ROOT),
      extensions: [],
    });
    expect(formatCheckpoint(checkpoint)).toBe(CHECKPOINT);
  });

  it('keep extension lines', () => {
    expect(formatCheckpoint(parseCheckpoint(`${CHECKPOINT}one\ntwo\n`))).toBe(`${CHECKPOINT}one\ntwo\n`);
  });

  it.each([
    ['no origin', `\n1\n${ROOT}\n`],
    ['no root', 'origin\n1\n'],
    ['no final newline', `origin\n1\n${ROOT}`],
    ['a leading zero', `origin\n01\n${ROOT}\n`],
    ['a sign', `origin\n+1\n${ROOT}\n`],
    ['an exponent', `origin\n1e3\n${ROOT}\n`],
    ['an empty size', `origin\n\n${ROOT}\n`],
    ['a size beyond 2^53 - 1', `origin\n9007199254740992\n${ROOT}\n`],
    ['a short root', `origin\n1\nAAAA\n`],
    ['an empty extension', `origin\n1\n${ROOT}\n\n`],
  ])('are refused with %s', (_, text) => expect(() => parseCheckpoint(text)).toThrow(MalformedError));

  it('refuse to be written in a form that reads otherwise', () => {
    const good = parseCheckpoint(CHECKPOINT);
    expect(() => formatCheckpoint({ ...good, origin: 'a\nb' })).toThrow(MalformedError);
    expect(() => formatCheckpoint({ ...good, origin: '' })).toThrow(MalformedError);
    expect(() => formatCheckpoint({ ...good, extensions: [''] })).toThrow(MalformedError);
    expect(() => formatCheckpoint({ ...good, root: new Uint8Array(31) })).toThrow(MalformedError);
  });
});

describe('tlog proofs', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const checkpoint = `${CHECKPOINT}\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n`;

  it('have the lines of the specification', () => {
    const proof = { index: 73894, hashes: [fromBase64(ROOT)], checkpoint };
    expect(formatTlogProof(proof)).toBe(`c2sp.org/tlog-proof@v1\nindex 73894\n${ROOT}\n\n${checkpoint}`);
    expect(formatTlogProof({ ...proof, hashes: [], extra: utf8('more') })).toBe(
      `c2sp.org/tlog-proof@v1\nextra bW9yZQ==\nindex 73894\n\n${checkpoint}`,
    );
  });

  it('are read back as they were written', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            index: fc.maxSafeNat(),
            hashes: fc.array(hash),
            extra: fc.uint8Array(),
            checkpoint: fc.constant(checkpoint),
          },
          { requiredKeys: ['index', 'hashes', 'checkpoint'] },
        ),
        (proof) => expect(parseTlogProof(formatTlogProof(proof))).toEqual(proof),
      ),
    );
  });

  const start = 'c2sp.org/tlog-proof@v1\n';
  it.each([
    ['another version', `c2sp.org/tlog-proof@v2\nindex 0\n\n`],
    ['no index', `${start}\n`],
    ['an index with a leading zero', `${start}index 00\n\n`],
    ['extra after the index', `${start}index 0\nextra AAAA\n\n`],
    ['two extras', `${start}extra AAAA\nextra AAAA\nindex 0\n\n`],
    ['a short hash', `${start}index 0\nAAAA\n\n`],
    ['more than 64 hashes', `${start}index 0\n${`${ROOT}\n`.repeat(65)}\n`],
    ['no blank line', `${start}index 0\n${ROOT}\n`],
  ])('are refused with %s', (_, text) => expect(() => parseTlogProof(text)).toThrow(MalformedError));
});

describe('DSSE', () => {
  it('encodes the example of the protocol, and its published ECDSA signature verifies over it', () => {
    const encoded = preAuthEncoding('http://example.com/HelloWorld', utf8('hello world'));
    expect(fromUtf8(encoded)).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
    const coordinate = (decimal: bigint) => Buffer.from(decimal.toString(16).padStart(64, '0'), 'hex');
    const key = createPublicKey({
      format: 'jwk',
      key: {
        kty: 'EC',
        crv: 'P-256',
        x: coordinate(46950820868899156662930047687818585632848591499744589407958293238635476079160n).toString(
          'base64url',
        ),
        y: coordinate(5640078356564379163099075877009565129882514886557779369047442380624545832820n).toString(
          'base64url',
        ),
      },
    });
    const signature = fromBase64(
      'A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==',
    );
    expect(verify('sha256', encoded, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  it('counts bytes, not characters, and never encodes two pairs alike', () => {
    expect(fromUtf8(preAuthEncoding('é', utf8('€')))).toBe('DSSEv1 2 é 3 €');
    const text = fc.string({ unit: fc.constantFrom(...'a 12'), maxLength: 6 });
    fc.assert(
      fc.property(text, text, text, text, (type, body, otherType, otherBody) => {
        const same = type === otherType && body === otherBody;
        const encode = (t: string, b: string) => base64(preAuthEncoding(t, utf8(b)));
        expect(encode(type, body) === encode(otherType, otherBody)).toBe(same);
      }),
    );
  });
});
