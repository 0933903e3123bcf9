import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError, isRetryable } from '@conclave/contracts';
import { isOutage, type Statements } from '@conclave/postgres-kit';
import { KnownSecrets, type Place } from '../secrets/known-secrets.js';
import { SecretLeases } from '../secrets/secret-leases.js';
import { ModelError, type ChatRequest, type ModelPort, type ModelRequest, type ModelRoute } from './model-port.js';
import { ModelRoutes, type Vendor } from './model-routes.js';

/**
 * The models a workspace can reach: those of the installation, and those of vendors it has a key for. Where both have one,
 * the workspace's own is used, and the installation's is no way around it when its own is not to be had.
 */
@Injectable()
export class WorkspaceModels {
  constructor(
    @Inject(ModelRoutes) private readonly models: ModelRoutes,
    @Inject(KnownSecrets) private readonly known: KnownSecrets,
    @Inject(SecretLeases) private readonly leases: Pick<SecretLeases, 'valueOf'>,
  ) {}

  /** `db` is a transaction that is under way. */
  async routes(place: Place, db?: Statements): Promise<readonly ModelRoute[]> {
    const own = await this.known.of(place, db);
    return [
      ...this.models.vendors.map(([vendor, route]) => (own.has(vendor.key) ? this.ownRoute(place, vendor) : route)),
      this.models.compatible,
    ].filter((route) => route !== undefined);
  }

  async get(place: Place, id: string): Promise<ModelRoute | undefined> {
    return (await this.routes(place)).find((route) => route.id === id);
  }

  private ownRoute(place: Place, vendor: Vendor): ModelRoute {
    const { id, family, key } = vendor;
    return { id, family, port: new LeasedModel(vendor, () => this.leases.valueOf(place, key)) };
  }
}

/** A model whose key is asked for when it is. */
class LeasedModel implements ModelPort {
  constructor(
    private readonly vendor: Vendor,
    private readonly keyOf: () => Promise<string>,
  ) {}

  /** Whoever's key it is, the price is the same. */
  boundMicros(request: Parameters<ModelPort['boundMicros']>[0]) {
    return this.vendor.open('').boundMicros(request);
  }

  async judge(request: ModelRequest) {
    return (await this.port()).judge(request);
  }

  async complete(request: ChatRequest) {
    return (await this.port()).complete(request);
  }

  private async port(): Promise<ModelPort> {
    const key = await this.keyOf().catch((cause: unknown) => {
      if (!(cause instanceof ConclaveError)) throw cause;
      const usage = { inputTokens: 0, outputTokens: 0, costMicros: 0 };
      const message = `the workspace’s ${this.vendor.key} cannot be had (${cause.code})`;
      throw new ModelError(message, isRetryable(cause.code) || isOutage(cause), usage, { cause });
    });
    return this.vendor.open(key);
  }
}
