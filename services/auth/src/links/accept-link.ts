import { ConclaveError, events, type ReplyOf, type RequestOf, type invitations } from '@conclave/contracts';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { deleteRecoveryCodes, deleteTotp, forgetFailures } from '../mfa/postgres-mfa.js';
import { endGrants } from '../oauth/end-grants.js';
import { Ceremonies } from '../passkeys/ceremonies.js';
import { PasskeyKeeper } from '../passkeys/passkey-keeper.js';
import { deletePasskey, passkeysOf } from '../passkeys/postgres-passkeys.js';
import { PASSKEY_FACTORS } from '../passkeys/shown-passkey.js';
import { endSignIns } from '../sign-ins/end-sign-ins.js';
import { OpenSignIn, type OpenedSignIn } from '../sign-ins/open-sign-in.js';
import { FindLink, goodLink } from './find-link.js';
import { markLinkUsed, type LinkRow } from './postgres-links.js';

type Acceptance = RequestOf<typeof invitations.acceptLink>;

const purposeOf = ({ id }: LinkRow): string => `link ${id}`;

/**
 * What a one-time link does for whoever holds it: it says who lets them into what, and takes the passkey they make for
 * it. Unknown, used, revoked, expired, of a disabled member, or outgrown: all are refused alike.
 */
@Injectable()
export class AcceptLink {
  constructor(
    private readonly db: Database,
    private readonly findLink: FindLink,
    private readonly ceremonies: Ceremonies,
    private readonly keeper: PasskeyKeeper,
    private readonly openSignIn: OpenSignIn,
  ) {}

  /** @throws ConclaveError `auth.link.invalid` | `auth.passkeys-unavailable` */
  async open(secret: string): Promise<ReplyOf<typeof invitations.openLink>> {
    const { link } = await this.findLink.run(secret);
    const { purpose, name, tenant, workspace, role, branding, principal_id: principalId } = link;
    return {
      ...{ purpose, name, tenant, workspace, role, expiresAt: link.expires_at.toISOString() },
      ...(Object.keys(branding).length > 0 ? { branding } : {}),
      ...(link.made_by_name === null ? {} : { invitedBy: link.made_by_name }),
      options: await this.ceremonies.creationOptions({ purpose: purposeOf(link), principalId, name }, []),
    };
  }

  /** @throws ConclaveError `auth.link.invalid` | `auth.passkey.refused` | `auth.passkeys-unavailable` */
  async run(request: Acceptance): Promise<OpenedSignIn> {
    const { link, tenantId, digest } = await this.findLink.run(request.link);
    const made = await this.ceremonies.made(purposeOf(link), request.registration);
    return this.db.tx({ tenantId, actor: link.principal_id }, async (tx) => {
      const still = await goodLink(tx, tenantId, digest);
      if (!still) throw new ConclaveError('auth.link.invalid');
      await this.useUp(tx, tenantId, still);
      const whose = { tenantId, principalId: still.principal_id };
      const notice = still.purpose === 'recovery' ? 'recovered' : 'passkey-added';
      const passkey = await this.keeper.keep(tx, whose, { ...request, made, notice });
      return this.openSignIn.run(tx, {
        ...{ ...whose, workspaceId: still.workspace_id, passkeyId: passkey.id, provenAt: new Date() },
        address: request.address,
        ...{ method: 'link', factors: ['link', ...PASSKEY_FACTORS] },
      });
    });
  }

  /** After a recovery only the new passkey opens the door: the old ones may be in somebody's hands. */
  private async useUp(tx: Tx, tenantId: string, link: LinkRow): Promise<void> {
    const now = new Date();
    const { id, purpose, principal_id: principal, workspace_id: workspace } = link;
    await markLinkUsed(tx, tenantId, id, now);
    await tx.emit(events.linkUsed, { link: id, purpose, principal, workspace });
    if (purpose !== 'recovery') return;
    const whose = { tenantId, principalId: principal };
    for (const key of await passkeysOf(tx, whose)) {
      await deletePasskey(tx, whose, key.id);
      await tx.emit(events.passkeyRemoved, { passkey: key.id, principal });
    }
    if (await deleteTotp(tx, whose)) await tx.emit(events.totpRemoved, { principal });
    await deleteRecoveryCodes(tx, whose);
    await forgetFailures(tx, whose);
    await endSignIns(tx, tenantId, { principalId: principal }, now);
    await endGrants(tx, tenantId, { principalId: principal }, 'person');
  }
}
