import { events } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { moveBreakGlass } from '../break-glass/postgres-break-glass.js';
import { moveGrants } from '../oauth/postgres-grants.js';
import { endSignInsAlone } from '../sign-ins/end-sign-ins.js';
import { OpenSignIn, goingOn, type OpenedSignIn } from '../sign-ins/open-sign-in.js';
import type { SignInEntity } from '../sign-ins/sign-in.entity.js';

/** A second factor that was shown: its name, and what it adds to a sign-in. */
export interface Shown {
  readonly factor: 'totp' | 'recovery-code' | 'passkey';
  readonly adds: readonly string[];
}

/**
 * Lets a sign-in go on as one for which a second factor was shown: under a new secret, and for no longer than before. What
 * programs were allowed under it, and emergency access, go on with it.
 */
@Injectable()
export class GoOnProven {
  constructor(private readonly openSignIn: OpenSignIn) {}

  async run(tx: Tx, old: SignInEntity, { factor, adds }: Shown): Promise<OpenedSignIn> {
    const now = new Date();
    await endSignInsAlone(tx, old.tenantId, { id: old.id }, now);
    const factors = [...new Set([...old.factors, ...adds])];
    const opened = await this.openSignIn.run(tx, { ...goingOn(old), factors, provenAt: now });
    await moveGrants(tx, old.tenantId, old.id, opened.id);
    await moveBreakGlass(tx, old.tenantId, old.id, opened.id);
    await tx.emit(events.secondFactorShown, { principal: old.principalId, signIn: opened.id, factor });
    return opened;
  }
}
