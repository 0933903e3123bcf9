/** Replicas of auth beside those of an installation, each with key-encryption keys of its own, as during a rollout. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../paths.js';
import { assignPorts } from '../processes/ports.js';
import { run } from '../processes/run.js';
import { key256 } from '../secrets.js';
import { serviceEnv, services } from '../services.js';
import { ServiceProcess } from '../supervisor/service-process.js';
import { worldOf } from '../supervisor/world.js';
import type { Platform } from './platform.js';

const dist = join(repositoryRoot, 'services/auth/dist');

export class AuthReplicas {
  /** The key the installation began with, and the one it gets. */
  readonly keys: { readonly old: string; readonly next: string };
  private readonly running: ServiceProcess[] = [];
  private readonly env: Readonly<Record<string, string>>;
  private readonly dir: string;
  private made = 0;

  constructor(private readonly platform: Platform) {
    const world = worldOf(platform.dir, platform);
    this.env = serviceEnv(
      services.find(({ name }) => name === 'auth')!,
      world,
    );
    this.keys = { old: this.env['SECRETS_KEK']!, next: key256() };
    this.dir = join(platform.dir, 'replicas');
  }

  /** Starts one with these keys, and then ends the one before it: the installation's own at first. */
  async roll(SECRETS_KEK: string): Promise<void> {
    const name = `auth-${++this.made}`;
    const port = (await assignPorts(join(this.dir, 'ports.json'), [name]))[name]!;
    const DATA_DIR = join(this.dir, name);
    mkdirSync(DATA_DIR, { recursive: true, mode: 0o700 });
    const logFile = join(this.dir, `${name}.log`);
    const replica = new ServiceProcess(name, { recordsDir: this.dir, logFile, onChange: () => undefined });
    this.running.push(replica);
    await replica.ensure({
      args: [join(dist, 'main.js')],
      env: { ...this.env, SECRETS_KEK, DATA_DIR, HTTP_PORT: String(port) },
      url: `http://127.0.0.1:${port}`,
      hash: name,
    });
    await replica.whenReady();
    const before = this.running.at(-2);
    await (before ? before.stop() : this.platform.endService('auth'));
  }

  /** Runs the operator's job on keys. @returns what it prints */
  async job(SECRETS_KEK: string, verb: string): Promise<Readonly<Record<string, unknown>>> {
    const args = [join(dist, 'jobs/data-keys.js'), verb];
    const { code, stdout, stderr } = await run(process.execPath, args, { env: { ...this.env, SECRETS_KEK } });
    if (code !== 0) throw new Error(`data-keys ${verb}: ${stderr}`);
    return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.map((replica) => replica.stop()));
  }
}
