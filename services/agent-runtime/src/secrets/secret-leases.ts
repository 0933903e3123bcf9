import { Inject, Injectable } from '@nestjs/common';
import { secrets } from '@conclave/contracts';
import { KIT, newRecipient, type Kit } from '@conclave/nest-kit';
import { KnownSecrets, type Place } from './known-secrets.js';

interface Lease {
  readonly value: string;
  readonly version: number;
  readonly expiresAt: number;
}

/**
 * Values of secrets that auth has lent, for the member they were lent for. One is used until it expires, and no longer
 * than the workspace is known to have that version: every replica looks there, so a change ends the leases of all.
 */
@Injectable()
export class SecretLeases {
  private readonly held = new Map<string, Lease>();

  constructor(
    @Inject(KnownSecrets) private readonly known: KnownSecrets,
    @Inject(KIT) private readonly kit: Kit,
  ) {}

  /** @throws ConclaveError what auth refuses with */
  async valueOf(place: Place, name: string): Promise<string> {
    const at = [place.tenantId, place.workspaceId, place.actor, name].join('|');
    const version = (await this.known.of(place)).get(name);
    const held = this.held.get(at);
    if (held && held.version === version && held.expiresAt > Date.now()) return held.value;
    this.held.delete(at);
    const lease = await this.lease(place, name);
    this.held.set(at, lease);
    const forget = (): void => void (this.held.get(at) === lease && this.held.delete(at));
    setTimeout(forget, lease.expiresAt - Date.now()).unref();
    return lease.value;
  }

  private async lease({ tenantId, workspaceId: workspace, actor }: Place, name: string): Promise<Lease> {
    const recipient = await newRecipient();
    const claims = { tenantId, onBehalfOf: actor };
    const request = { workspace, name, publicKey: recipient.publicKey };
    const { sealed, version, expiresAt } = await this.kit.rpc.callAsService(secrets.leaseSecret, claims, request);
    const purpose = secrets.leasePurpose({ tenantId, workspace, name, version, expiresAt });
    return { value: await recipient.open(sealed, purpose), version, expiresAt: Date.parse(expiresAt) };
  }
}
