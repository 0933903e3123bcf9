import { randomBytes } from 'node:crypto';
import { events, newId } from '@conclave/contracts';
import { CONFIG } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';
import { CredentialDigest } from '../credentials/credential-digest.js';
import type { Caller } from '../members/caller.js';
import type { LinkMaker } from './link-reach.js';
import { refuseBesideProviders } from '../sign-in-policy/postgres-sign-in-policy.js';
import { insertLink, markLinksRevoked, type LinkPurpose } from './postgres-links.js';

const HOUR_MS = 3_600_000;
const LIFETIME_MS: Readonly<Record<LinkPurpose, number>> = {
  bootstrap: 72 * HOUR_MS,
  invitation: 168 * HOUR_MS,
  recovery: 24 * HOUR_MS,
};

export interface MadeLink {
  readonly id: string;
  /** Shown once and kept nowhere. Its secret is behind the `#`, which browsers send to nobody. */
  readonly link: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** Makes links that let one person in, once. A new one replaces those they have. */
@Injectable()
export class MakeLink {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<AuthConfig, 'PUBLIC_URL'>,
    private readonly digest: CredentialDigest,
  ) {}

  /** @throws ConclaveError `auth.sign-in.providers-only` */
  async run(tx: Tx, to: Caller, purpose: LinkPurpose, by: LinkMaker | null): Promise<MadeLink> {
    await refuseBesideProviders(tx, to.tenantId, to);
    const id = newId('link');
    const secret = randomBytes(32).toString('base64url');
    const createdAt = new Date();
    const expiresAt = new Date(createdAt.getTime() + LIFETIME_MS[purpose]);
    await revokeLinks(tx, to, createdAt);
    await insertLink(tx, { ...to, id, purpose, by, createdAt, expiresAt, digest: this.digest.of('link', secret) });
    await tx.emit(events.linkCreated, { link: id, purpose, principal: to.principalId, workspace: to.workspaceId });
    const origin = URL.parse(this.config.PUBLIC_URL ?? '')?.origin ?? '';
    return { id, link: `${origin}/welcome#${secret}`, createdAt, expiresAt };
  }
}

/** Ends what a principal has of links that are still good. */
export async function revokeLinks(tx: Tx, whose: Pick<Caller, 'tenantId' | 'principalId'>, at: Date): Promise<void> {
  for (const { id, purpose, workspace_id: workspace } of await markLinksRevoked(tx, whose, at))
    await tx.emit(events.linkRevoked, { link: id, purpose, principal: whose.principalId, workspace });
}
