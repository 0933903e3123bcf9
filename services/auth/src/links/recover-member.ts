import { ConclaveError, invitations, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseFromNetworks } from '../api-keys/postgres-api-keys.js';
import { HandOver, type Hands } from './hand-over.js';
import { callerOf } from '../members/caller.js';
import { lockMember } from '../members/postgres-members.js';
import { Ceremonies } from '../passkeys/ceremonies.js';
import { makerOf, refuseLinkBeyond } from './link-reach.js';
import { MakeLink } from './make-link.js';

type Reply = ReplyOf<typeof invitations.createRecovery>;

/** A way back in for a member who lost their passkeys. */
@Injectable()
export class RecoverMember {
  constructor(
    private readonly db: Database,
    private readonly ceremonies: Ceremonies,
    private readonly makeLink: MakeLink,
    private readonly handOver: HandOver,
  ) {}

  /** @throws ConclaveError `auth.member.not-found` | `auth.role.too-wide` | `auth.passkeys-unavailable` */
  async run(ctx: RequestContext, request: RequestOf<typeof invitations.createRecovery>): Promise<Reply> {
    this.ceremonies.site();
    const hands = await this.handOver.ready(ctx, request.sendMail);
    const remembered = await this.db.tx(ctx, async (tx) => {
      // Also of who asks for the stored answer again.
      await this.refuse(tx, ctx, request.id);
      return once(tx, ctx, invitations.createRecovery, request, () => this.make(tx, ctx, request.id, hands));
    });
    return this.handOver.shown(hands, remembered, request.id);
  }

  private async refuse(tx: Tx, ctx: RequestContext, id: string): Promise<void> {
    const member = await lockMember(tx, { ...callerOf(ctx), principalId: id });
    if (!member || member.disabledAt || member.principal.kind !== 'user')
      throw new ConclaveError('auth.member.not-found', { id });
    await refuseFromNetworks(tx, ctx.tenantId, ctx.credentialId);
    await refuseLinkBeyond(tx, ctx, id);
  }

  private async make(tx: Tx, ctx: RequestContext, id: string, hands: Hands): Promise<Reply> {
    const to = { ...callerOf(ctx), principalId: id };
    const { id: linkId, link, expiresAt } = await this.makeLink.run(tx, to, 'recovery', makerOf(ctx));
    const send = { kind: 'recovery' as const, principalId: id, linkId, link };
    const given = await this.handOver.give(tx, ctx, { ...send, hands, name: id });
    return { ...given, expiresAt: expiresAt.toISOString() };
  }
}
