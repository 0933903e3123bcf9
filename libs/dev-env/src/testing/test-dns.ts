/** A name server of a test's own: TXT records over UDP (RFC 1035), and silence where it is told to. */
import { createSocket } from 'node:dgram';

export interface TestDns {
  readonly address: string;
  /** Texts by name, each as the strings it is made of. */
  readonly texts: Map<string, string[][]>;
  silent: boolean;
  stop(): Promise<void>;
}

const TXT = 16;

export async function startDns(): Promise<TestDns> {
  const socket = createSocket('udp4');
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  const dns: TestDns = {
    address: `127.0.0.1:${socket.address().port}`,
    texts: new Map(),
    silent: false,
    stop: () => new Promise((done) => socket.close(() => done())),
  };
  socket.on('message', (query, from) => {
    if (!dns.silent) socket.send(answerTo(query, dns.texts), from.port, from.address);
  });
  return dns;
}

function answerTo(query: Buffer, texts: ReadonlyMap<string, string[][]>): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (; query[at] !== 0; at += query[at]! + 1) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!));
  const question = query.subarray(12, at + 5);
  const isText = query.readUInt16BE(at + 1) === TXT;
  const found = (isText ? texts.get(labels.join('.').toLowerCase()) : undefined) ?? [];
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(found.length > 0 ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(found.length, 6);
  header.fill(0, 8);
  return Buffer.concat([header, question, ...found.map(recordOf)]);
}

function recordOf(strings: readonly string[]): Buffer {
  const data = Buffer.concat(
    strings.map((text) => Buffer.from(`${String.fromCharCode(text.length)}${text}`, 'latin1')),
  );
  const head = Buffer.from([0xc0, 12, 0, TXT, 0, 1, 0, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
