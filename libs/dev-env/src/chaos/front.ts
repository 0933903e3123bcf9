/** What stands before the engine: gateway, auth and the runtime's api, which die and are started again. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Installation, Service } from '../bench/engine/installation.js';
import { assignPorts } from '../processes/ports.js';
import { createTenant, type Tenant } from '../provision/tenants.js';
import type { ServiceProcess } from '../supervisor/service-process.js';

const SERVICES = ['auth', 'runtime', 'gateway'] as const satisfies readonly Service[];
/** Turns are the crew's. */
const ROLES = 'api,control';
const [LOOK_MS, LOOKS] = [100, 600];

export class Front {
  private constructor(
    private readonly services: readonly ServiceProcess[],
    readonly gateway: string,
    readonly tenant: Tenant,
  ) {}

  static async start(installation: Installation, database: string): Promise<Front> {
    const ports = await assignPorts(join(installation.dir, 'ports.json'), SERVICES);
    const env = (name: Service) => ({ ...installation.environmentOf(name, database, ports), LOG_LEVEL: 'warn' });
    const [tenant, ...services] = await Promise.all([
      createTenant('Chaos', env('auth')),
      ...SERVICES.map((name) =>
        installation.keepRunning(name, name === 'runtime' ? { ...env(name), ROLES } : env(name)),
      ),
    ]);
    return new Front(services, `http://127.0.0.1:${ports.gateway}`, tenant);
  }

  /** Waits until all are up, for a minute at most. */
  async recovered(): Promise<void> {
    const isDown = (): boolean => this.services.some(({ status }) => status.state !== 'ready');
    for (let look = 0; isDown() && look < LOOKS; look++) await sleep(LOOK_MS);
  }

  /** Ends one: half of the time as a crash would, else as a rollout does. @returns which, or undefined when none is up */
  async fell(random: number): Promise<string | undefined> {
    const standing = this.services.filter(({ status }) => status.state === 'ready');
    const at = random * standing.length;
    const service = standing[Math.floor(at)];
    if (!service) return undefined;
    const end = at % 1 < 0.5 ? service.kill9() : told(service);
    // Others end it, too: Postgres may have, by going away.
    return end.then(
      () => service.name,
      () => undefined,
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop()));
  }
}

const told = async ({ status: { pid } }: ServiceProcess): Promise<void> => {
  if (pid === undefined) throw new Error('it has ended');
  process.kill(pid, 'SIGTERM');
};
