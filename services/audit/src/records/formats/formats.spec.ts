import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cefLine } from './cef.js';
import { jsonLine, oneLine, type Line } from './line.js';
import { ocsfLine } from './ocsf.js';
import { rfc5424Line } from './rfc5424.js';

/** What lines are forged with: ends of lines, fields, values and elements, and what only some readers take for one. */
const NAUGHTY = [
  ...[
    '\n',
    '\r\n',
    '\u0000',
    '\u0085',
    '\u2028',
    '|',
    '\\',
    '\\|',
    '=',
    ' cs1=forged',
    '"',
    ']',
    '"]',
    '\\"] x [a@1 b="',
  ],
  ...['<13>1 - - - - - -', 'CEF:0|a|b|1|x|y|1|', '\ud800', '\u202e', '\ufeff', '\u{1f600}', '%0a', '${jndi:ldap://x}'],
  ...["'; drop table entry; --", '<script>', '\u001b[2J', '田中さん', 'null', ''],
];
const text = fc.oneof(
  fc.constantFrom(...NAUGHTY),
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...NAUGHTY)).map((all) => all.join('')),
);
const anyLine: fc.Arbitrary<Line> = fc.record({
  origin: fc.constant('log.example/log/ten_x'),
  tenantId: fc.constant('ten_x'),
  id: fc.constant('evt_x'),
  type: text,
  actor: text,
  at: fc.constant(new Date('2026-11-29T14:00:00.123Z')),
  place: fc.constant({ index: 41, leafHash: 'ab'.repeat(32) }),
  data: fc.dictionary(text, text),
  verdict: fc.record({ bundle: text, by: fc.array(text) }),
});

/** Reads CEF as its guide says: pipes end header fields, keys stand before unescaped equals signs. */
function parseCef(line: string) {
  const [, ...fields] = /^CEF:0((?:\|(?:[^\\|]|\\.)*){6})\|(.*)$/.exec(line)!;
  const header = [...fields[0]!.matchAll(/\|((?:[^\\|]|\\.)*)/g)].map(([, field]) => field!.replaceAll(/\\(.)/g, '$1'));
  const pairs = [...fields[1]!.matchAll(/(\w+)=((?:[^\\=]|\\.)*?)(?= \w+=|$)/g)];
  return {
    header,
    extension: Object.fromEntries(pairs.map(([, key, value]) => [key!, value!.replaceAll(/\\(.)/g, '$1')])),
  };
}

/** Reads RFC 5424, 6: header, one element of structured data, message. */
function parseSyslog(line: string) {
  const match =
    /^<(\d+)>1 (\S+) (\S+) (\S+) (\S+) (\S+) \[([^ =\]"]+)((?: [^ =\]"]+="(?:[^"\\\]]|\\["\\\]])*")*)\] \ufeff(.*)$/.exec(
      line,
    )!;
  const [, priority, at, host, app, , msgId, sdId, params, message] = match;
  const values = [...params!.matchAll(/ ([^=]+)="((?:[^"\\\]]|\\.)*)"/g)].map(([, name, value]) => [
    name,
    value!.replaceAll(/\\(.)/g, '$1'),
  ]);
  return {
    priority,
    at,
    host,
    app,
    msgId,
    sdId,
    params: Object.fromEntries(values) as Record<string, string>,
    message: message!,
  };
}

describe('a line', () => {
  const wellFormed = (value: object): unknown => JSON.parse(JSON.stringify(value));

  it('is one line for every reader, whatever is in it', () => {
    fc.assert(
      fc.property(anyLine, fc.constantFrom(ocsfLine, cefLine, rfc5424Line), (line, write) => {
        expect(write(line)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      }),
    );
  });

  // Members are named by letters: V8 13.6 now and then takes an escaped name for the one before it.
  it('of JSON is read back as what was written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]+$/), text), (data) => {
        expect(JSON.parse(jsonLine(data))).toEqual(wellFormed(data));
      }),
    );
  });

  it('of CEF is read back as what was written', () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        const { header, extension } = parseCef(cefLine(line));
        expect(header).toEqual(['Conclave', 'Conclave', '1', oneLine(line.type), oneLine(line.type), '3']);
        expect(extension).toMatchObject({ cn1Label: 'index', cn1: '41', cs1Label: 'leafHash', cs1: 'ab'.repeat(32) });
        expect(extension['suid']).toBe(oneLine(line.actor));
        expect(extension['msg']).toBe(jsonLine({ data: line.data, verdict: line.verdict }));
      }),
    );
  });

  it('of RFC 5424 is read back as what was written', () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        const read = parseSyslog(rfc5424Line(line));
        expect(read).toMatchObject({
          priority: '110',
          at: '2026-11-29T14:00:00.123Z',
          host: 'log.example',
          app: 'conclave',
        });
        expect(read.msgId).toMatch(/^[\x21-\x7e]{1,32}$/);
        expect(read.params).toMatchObject({ index: '41', leafHash: 'ab'.repeat(32), actor: oneLine(line.actor) });
        expect(read.params['type']).toBe(oneLine(line.type));
        expect(read.message).toBe(jsonLine({ data: line.data, verdict: line.verdict }));
      }),
    );
  });

  it('of OCSF has what class 6003 requires, and says which activity it was', () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        const written = ocsfLine(line);
        const event = JSON.parse(written) as Record<string, unknown>;
        const required = ['activity_id', 'actor', 'api', 'category_uid', 'class_uid', 'metadata', 'severity_id'];
        for (const name of [...required, 'src_endpoint', 'time', 'type_uid']) expect(event).toHaveProperty(name);
        expect(event['type_uid']).toBe(600_300 + Number(event['activity_id']));
        expect(written).toContain(`"unmapped":${jsonLine({ ...line.place, data: line.data, verdict: line.verdict })}`);
      }),
    );
    const activity = (type: string) => {
      const [one] = fc.sample(anyLine, 1);
      const { activity_id: id, activity_name: name } = JSON.parse(ocsfLine({ ...one!, type })) as Record<
        string,
        unknown
      >;
      return [id, name];
    };
    expect(
      ['api-key.created', 'secret.leased', 'decision.sealed', 'member.disabled', 'run.failed', 'x.constructor'].map(
        activity,
      ),
    ).toEqual([
      [1, 'Create'],
      [2, 'Read'],
      [3, 'Update'],
      [4, 'Delete'],
      [99, 'failed'],
      [99, 'constructor'],
    ]);
  });
});
