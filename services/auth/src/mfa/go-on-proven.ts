import { events } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { endSignIns } from '../sign-ins/end-sign-ins.js';
import { OpenSignIn, goingOn, type OpenedSignIn } from '../sign-ins/open-sign-in.js';
import type { SignInEntity } from '../sign-ins/sign-in.entity.js';

/** A second factor that was shown: its name, and what it adds to a sign-in. */
export interface Shown {
  readonly factor: 'totp' | 'recovery-code' | 'passkey';
  readonly adds: readonly string[];
}

/** Lets a sign-in go on as one for which a second factor was shown: under a new secret, and for no longer than before. */
@Injectable()
export class GoOnProven {
  constructor(private readonly openSignIn: OpenSignIn) {}

  async run(tx: Tx, old: SignInEntity, { factor, adds }: Shown): Promise<OpenedSignIn> {
    const now = new Date();
    await endSignIns(tx, old.tenantId, { id: old.id }, now);
    const factors = [...new Set([...old.factors, ...adds])];
    const opened = await this.openSignIn.run(tx, { ...goingOn(old), factors, provenAt: now });
    await tx.emit(events.secondFactorShown, { principal: old.principalId, signIn: opened.id, factor });
    return opened;
  }
}
