/** A running installation from inside: whoever holds its services' keys speaks on its bus as they do. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { dirname } from 'node:path';
import { auth, permissions, type ServiceName } from '@conclave/contracts';
import { baseEnvironment, contextTokens, loadConfig, openKit, type ContextClaims, type Kit } from '@conclave/nest-kit';
import { forgedTokens, type ForgersKit } from '@conclave/nest-kit/testing';
import { serviceEnv, services, type World } from '../services.js';
import { worldOf } from '../supervisor/world.js';
import type { Constellation } from '../testing/constellation.js';

const TTL_MS = 240_000;

export class Inside {
  readonly world: World;
  private readonly kits = new Map<ServiceName, Promise<Kit>>();

  constructor(private readonly platform: Constellation) {
    this.world = worldOf(dirname(platform.devFile), platform);
  }

  /** What a service is told by its environment. */
  environmentOf(service: ServiceName): Readonly<Record<string, string>> {
    return serviceEnv(
      services.find(({ name }) => name === service)!,
      this.world,
    );
  }

  /** Where a service listens to other services. */
  urlOf(service: ServiceName): string {
    return `http://127.0.0.1:${this.world.ports[service]}`;
  }

  /** A place on the bus beside the service's own, under its identity there. */
  as(service: ServiceName): Promise<Kit> {
    const known = this.kits.get(service);
    if (known) return known;
    const env = { ...this.environmentOf(service), LOG_LEVEL: 'fatal' };
    const opened = openKit(service, loadConfig(service, baseEnvironment, env));
    this.kits.set(service, opened);
    return opened;
  }

  /** A context as a service signs it for work of its own. */
  signedBy(service: ServiceName, claims: ContextClaims): Promise<string> {
    const { SERVICE_KEY: privateKey } = this.environmentOf(service);
    return contextTokens({ service, privateKey: privateKey!, publicKeys: {} }).sign(claims, TTL_MS);
  }

  /** The context of whoever holds an API key, as auth signs it. */
  async contextOf(secret: string): Promise<string> {
    const { rpc } = await this.as('gateway');
    return (await rpc.callAsService(auth.exchangeCredential, {}, { kind: 'api-key', secret })).token;
  }

  /** Contexts of a principal of the first tenant that may do all there is: a genuine one, and others with what is wrong. */
  async contextsOf(principal: ForgersKit['claims']['principal']) {
    const keyOf = (service: ServiceName) =>
      createPrivateKey({
        key: Buffer.from(this.environmentOf(service)['SERVICE_KEY']!, 'base64'),
        format: 'der',
        type: 'pkcs8',
      });
    const { tenant: tenantId, workspace: workspaceId } = this.platform;
    const claims = { tenantId, workspaceId, principal, scopes: permissions };
    const key = keyOf('auth');
    const kit = { auth: key, authPublic: createPublicKey(key), runtime: keyOf('runtime'), claims };
    return { forged: await forgedTokens(kit), genuine: await this.signedBy('auth', claims) };
  }

  async close(): Promise<void> {
    await Promise.all([...this.kits.values()].map(async (kit) => (await kit).close()));
  }
}
