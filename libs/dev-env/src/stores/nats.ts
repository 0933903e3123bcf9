import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { nkeySigner } from '@conclave/nest-kit/nkey';
import { answers } from './probe.js';
import { startProcess } from './store-process.js';

/** One service's identity on the bus and what it may do there. */
export interface NatsUser {
  readonly name: string;
  /** Public nkey, `U…`. */
  readonly nkey: string;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

export interface NatsServer {
  /** `nats-server`. */
  readonly programs: readonly string[];
  readonly dir: string;
  readonly logFile: string;
  readonly recordsDir: string;
  readonly port: number;
  /** Without users anyone on the loopback interface may do anything: for tests of the bus itself. */
  readonly users: readonly NatsUser[];
}

/** The server's configuration: loopback, no monitoring port, one nkey per service with exactly its subjects. */
export function natsConfig({
  port,
  users,
  host = '127.0.0.1',
}: Pick<NatsServer, 'port' | 'users'> & { host?: string }): string {
  return `listen: "${host}:${port}"\nmax_payload: 8MB\nmax_control_line: 32KB\n${natsAuthorization(users)}`;
}

/** The block that lets the users in and nobody else; nothing without users. */
export function natsAuthorization(users: readonly NatsUser[]): string {
  const list = (subjects: readonly string[]) =>
    subjects.length > 0 ? `{ allow: ${JSON.stringify(subjects)} }` : '{ deny: ">" }';
  const lines = users.map(
    ({ name, nkey, publish, subscribe }) =>
      `    # ${name}\n    { nkey: ${nkey}, permissions: { publish: ${list(publish)}, subscribe: ${list(subscribe)} } }`,
  );
  return users.length > 0 ? `authorization {\n  users: [\n${lines.join('\n')}\n  ]\n}\n` : '';
}

export async function startNats(server: NatsServer): Promise<void> {
  const file = join(server.dir, 'nats.conf');
  writeFileSync(file, natsConfig(server), { mode: 0o600 });
  await startProcess({
    name: 'nats',
    program: server.programs[0] ?? '',
    args: ['-c', file],
    ...server,
    isReady: () => answers(server.port, '', /^INFO \{/),
  });
}

/**
 * Why a server does not let in who signs with the seed, or anybody when there is none; undefined when it does, or when
 * it speaks TLS only. Servers give two seconds to sign, which a busy machine may miss at first.
 */
export async function natsRefusal(port: number, host: string, seed: string | undefined): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    const refusal = await askedOnce(port, host, seed);
    if (attempt === 5 || !refusal?.includes('Timeout')) return refusal;
  }
}

function askedOnce(port: number, host: string, seed: string | undefined): Promise<string | undefined> {
  const signature = seed ? nkeySigner(seed) : () => ({});
  return new Promise((done) => {
    const socket = createConnection({ port, host, timeout: 5_000 });
    const close = (refusal?: string) => {
      socket.destroy();
      done(refusal);
    };
    socket.on('error', ({ message }) => close(message));
    socket.on('timeout', () => close('it does not answer'));
    socket.on('close', () => done('it hung up'));
    const lines = createInterface({ input: socket });
    lines.on('error', () => undefined); // told by the socket
    lines.on('line', (line) => {
      const [verb = '', rest = ''] = /^(\S+) ?(.*)$/.exec(line)?.slice(1) ?? [];
      if (verb === 'INFO') {
        const { nonce, tls_required: tls } = JSON.parse(rest) as { nonce?: string; tls_required?: boolean };
        if (tls) close();
        else socket.write(`CONNECT ${JSON.stringify({ ...greeting, ...signature(nonce) })}\r\nPING\r\n`);
      } else if (verb === 'PONG') close();
      else if (verb === '-ERR') close(rest.replaceAll("'", ''));
    });
  });
}

const greeting = { verbose: false, pedantic: false, lang: 'conclave', version: '1', protocol: 1 };
