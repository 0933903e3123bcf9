import { ConclaveError } from '@conclave/contracts';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { FailedAttempts } from '../credentials/failed-attempts.js';
import { refuseBesideProviders } from '../sign-in-policy/postgres-sign-in-policy.js';
import { refuseSuspended } from '../tenants/postgres-tenants.js';
import { beyondMaker } from './link-reach.js';
import { lockLink, tenantOfLink, type LinkRow } from './postgres-links.js';

export interface FoundLink {
  readonly link: LinkRow;
  readonly tenantId: string;
  readonly digest: Buffer;
}

/** Finds what is behind the secret of a one-time link. */
@Injectable()
export class FindLink {
  constructor(
    private readonly db: Database,
    private readonly digest: CredentialDigest,
    private readonly failed: FailedAttempts,
  ) {}

  /** @throws ConclaveError `auth.link.invalid` | `auth.tenant.suspended` | `auth.sign-in.providers-only` */
  async run(secret: string): Promise<FoundLink> {
    const digest = this.digest.of('link', secret);
    const tenantId = await this.db.system((tx) => tenantOfLink(tx, digest));
    const link = tenantId === undefined ? undefined : await this.good(tenantId, digest);
    if (tenantId !== undefined && link) return { link, tenantId, digest };
    this.failed.note({ method: 'link', ...(tenantId === undefined ? UNKNOWN : { tenantId, reason: 'over' }) });
    throw new ConclaveError('auth.link.invalid');
  }

  private good(tenantId: string, digest: Buffer): Promise<LinkRow | undefined> {
    return this.db.tx({ tenantId, actor: 'service:auth' }, async (tx) => {
      const link = await goodLink(tx, tenantId, digest);
      if (!link) return undefined;
      await refuseSuspended(tx, tenantId);
      try {
        await refuseBesideProviders(tx, tenantId, { principalId: link.principal_id });
      } catch (error) {
        if (isProvidersOnly(error)) {
          const by = { credential: link.id, principal: link.principal_id };
          this.failed.note({ method: 'link', tenantId, reason: 'providers-only', ...by });
        }
        throw error;
      }
      return link;
    });
  }
}

const isProvidersOnly = (error: unknown): boolean =>
  error instanceof ConclaveError && error.code === 'auth.sign-in.providers-only';

const UNKNOWN = { reason: 'unknown' } as const;

/** The link of a digest, locked, while it is good and opens nothing that is beyond who made it. */
export async function goodLink(tx: Tx, tenantId: string, digest: Buffer): Promise<LinkRow | undefined> {
  const link = await lockLink(tx, tenantId, digest);
  if (!link || link.made_by === null || link.held === null) return link;
  const maker = { principalId: link.made_by, held: new Set(link.held) };
  return (await beyondMaker(tx, maker, { tenantId, principalId: link.principal_id })) ? undefined : link;
}
