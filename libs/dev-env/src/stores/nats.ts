import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  const list = (subjects: readonly string[]) =>
    subjects.length > 0 ? `{ allow: ${JSON.stringify(subjects)} }` : '{ deny: ">" }';
  const lines = users.map(
    ({ name, nkey, publish, subscribe }) =>
      `    # ${name}\n    { nkey: ${nkey}, permissions: { publish: ${list(publish)}, subscribe: ${list(subscribe)} } }`,
  );
  const authorization = users.length > 0 ? `authorization {\n  users: [\n${lines.join('\n')}\n  ]\n}\n` : '';
  return `listen: "${host}:${port}"\nmax_payload: 8MB\nmax_control_line: 32KB\n${authorization}`;
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
