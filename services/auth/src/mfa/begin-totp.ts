import { mfa, type ReplyOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { AnswerBox } from '../credentials/answer-box.js';
import { callerOf } from '../members/caller.js';
import { AuthenticatorApps } from './authenticator-apps.js';
import { ProvenSignIns } from './proven-sign-ins.js';

type Reply = ReplyOf<typeof mfa.beginTotp>;

/** Begins to add an authenticator app; the one in use stays so until a code of the new one was given. */
@Injectable()
export class BeginTotp {
  constructor(
    private readonly db: Database,
    private readonly apps: AuthenticatorApps,
    private readonly proven: ProvenSignIns,
    private readonly box: AnswerBox,
  ) {}

  /** @throws ConclaveError as `ProvenSignIns.lockToAdd` */
  async run(ctx: RequestContext): Promise<Reply> {
    const whose = callerOf(ctx);
    await this.db.tx(ctx, (tx) => this.proven.lockToAdd(tx, ctx));
    const { secret, expiresAt, uriFor, keep } = await this.apps.make(ctx, whose);
    const place = `totp/${whose.tenantId}/${whose.principalId}`;
    const answer = await this.box.answer(ctx);
    const sealed = await this.db.tx(ctx, (tx) =>
      once(tx, ctx, mfa.beginTotp, {}, async () => {
        await this.proven.lockToAdd(tx, ctx);
        await keep(tx);
        const uri = uriFor(ctx.principal!.name);
        return {
          ...{ uri: await answer.seal(tx, uri, place), secret: await answer.seal(tx, secret, place) },
          expiresAt: expiresAt.toISOString(),
        };
      }),
    );
    const shown = { uri: await answer.open(sealed.uri, place), secret: await answer.open(sealed.secret, place) };
    return { ...sealed, ...shown };
  }
}
