/**
 * Authenticator apps: time-based one-time passwords as RFC 6238 has them and every app speaks, with SHA-1, six digits and
 * steps of thirty seconds. A code of the step before or after is taken, as clocks differ; each step's once, and none that
 * is older than the last one taken.
 */
import { newId } from '@conclave/contracts';
import { Database, type Actor, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { Secret, TOTP } from 'otpauth';
import { DataKeys } from '../data-keys/data-keys.js';
import { confirmTotp, insertTotp, takeStep, totpOf, type TotpRow, type Whose } from './postgres-mfa.js';

const PURPOSE = 'totp';
const STEP_MS = 30_000;
const SECRET_BYTES = 20;
/** For typing a first code. */
const ON_ITS_WAY_MS = 10 * 60_000;

/** An app whose secret is at hand, for as long as a code is looked at. */
export interface OpenApp {
  readonly row: TotpRow;
  /** The step that a code is of, if it is near. */
  stepOf(this: void, code: string, now: number): number | undefined;
}

@Injectable()
export class AuthenticatorApps {
  constructor(
    private readonly db: Database,
    private readonly keys: DataKeys,
  ) {}

  /** Makes a secret; what `keep` writes down counts once a code of it was given. */
  async make(ctx: Actor, whose: Whose) {
    const key = await this.keys.forSealing(ctx, PURPOSE);
    const secret = new Secret({ size: SECRET_BYTES });
    const id = newId('totp');
    const createdAt = new Date();
    return {
      secret: secret.base32,
      expiresAt: new Date(createdAt.getTime() + ON_ITS_WAY_MS),
      uriFor: (label: string) => totp(secret, label).toString(),
      keep: async (tx: Tx): Promise<void> => {
        await this.keys.hold(tx, ctx, key);
        const sealed = key.box.seal(secret.base32, placeOf(whose, id));
        await insertTotp(tx, whose, { id, dataKeyId: key.id, sealed, createdAt });
      },
    };
  }

  /** The app in use; asked for before the transaction. Undefined when there is none, or its data key was destroyed. */
  async inUse(ctx: Actor, whose: Whose): Promise<OpenApp | undefined> {
    return this.opened(ctx, whose, await totpOf(this.db.autocommit(ctx), whose));
  }

  /** The app that is on its way; asked for before the transaction. */
  async onItsWay(ctx: Actor, whose: Whose): Promise<OpenApp | undefined> {
    const onItsWaySince = new Date(Date.now() - ON_ITS_WAY_MS);
    return this.opened(ctx, whose, await totpOf(this.db.autocommit(ctx), whose, { onItsWaySince }));
  }

  /** Whether the code is good, and now used. */
  async take(tx: Tx, { tenantId }: Whose, { row, stepOf }: OpenApp, code: string): Promise<boolean> {
    const at = new Date();
    const step = stepOf(code, at.getTime());
    return step !== undefined && takeStep(tx, tenantId, { id: row.id, step, at });
  }

  /** Whether the code is good, and the app in use instead of any other. */
  async confirm(tx: Tx, whose: Whose, { row, stepOf }: OpenApp, code: string): Promise<boolean> {
    const at = new Date();
    const step = stepOf(code, at.getTime());
    return step !== undefined && confirmTotp(tx, whose, { id: row.id, step, at });
  }

  private async opened(ctx: Actor, whose: Whose, row: TotpRow | undefined): Promise<OpenApp | undefined> {
    const key = row && (await this.keys.forOpening(ctx, row.dataKeyId));
    if (!key) return undefined;
    const app = totp(Secret.fromBase32(key.box.open(row.sealed, placeOf(whose, row.id))), '');
    return {
      row,
      stepOf(code, now) {
        const delta = app.validate({ token: code, timestamp: now, window: 1 });
        return delta === null ? undefined : Math.floor(now / STEP_MS) + delta;
      },
    };
  }
}

const totp = (secret: Secret, label: string): TOTP =>
  new TOTP({ issuer: 'Conclave', label, secret, algorithm: 'SHA1', digits: 6, period: STEP_MS / 1_000 });

const placeOf = ({ tenantId, principalId }: Whose, id: string): string =>
  [tenantId, 'totp', 'sealed', principalId, id].join('|');
