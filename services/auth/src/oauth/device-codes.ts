import { ConclaveError, type ReplyOf, type RequestOf, type oauth } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { Artifacts } from './artifacts.js';
import { GiveGrant, type Asked } from './give-grant.js';
import {
  countWrongCode,
  decideRequest,
  lockWaiting,
  wrongCodes,
  type WaitingRequest,
} from './postgres-oauth-requests.js';

/** Different wrong codes a person may type before they have to wait. */
const WRONG_LIMIT = 10;
const WINDOW_MS = 600_000;

/** A device code and a person at a page: what the device asks for, and the person's answer (RFC 8628 § 3.3). */
@Injectable()
export class DeviceCodes {
  constructor(
    private readonly db: Database,
    private readonly artifacts: Artifacts,
    private readonly grants: GiveGrant,
  ) {}

  /** @throws ConclaveError `auth.device-code.not-found` | `auth.oauth.sign-in-needed` | `auth.workspace.not-found` | `request.rate-limited` */
  open(
    ctx: RequestContext,
    { userCode }: RequestOf<typeof oauth.openDeviceCode>,
  ): Promise<ReplyOf<typeof oauth.openDeviceCode>> {
    return this.behind(
      ctx,
      userCode,
      async (_tx, { payload, createdAt, expiresAt }, { resource: _, provenSince: __, ...asked }) => {
        const { address = '', userAgent = '' } = payload['deviceInfo'] as { address?: string; userAgent?: string };
        const times = { requestedAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() };
        return { ...asked, ...times, address, ...(userAgent === '' ? {} : { userAgent }) };
      },
    );
  }

  /** @throws ConclaveError `auth.device-code.not-found` | `auth.oauth.changed` | `auth.oauth.sign-in-needed` | `auth.workspace.not-found` | `request.rate-limited` */
  decide(
    ctx: RequestContext,
    { userCode, allow, shown }: RequestOf<typeof oauth.decideDeviceCode>,
  ): Promise<ReplyOf<typeof oauth.decideDeviceCode>> {
    return this.behind(ctx, userCode, async (tx, { digest }, asked) => {
      const allowed = allow && asked.scopes.length > 0;
      const answer = allowed
        ? { ...(await this.grants.give(tx, ctx, asked, shown)), authTime: Math.floor(Date.now() / 1_000) }
        : { error: 'access_denied', errorDescription: 'the person said no' };
      await decideRequest(tx, 'device', digest, { answer });
      return { client: asked.client, allowed };
    });
  }

  /** A code that is wrong is counted, whatever becomes of the rest. */
  private async behind<T>(
    ctx: RequestContext,
    userCode: string,
    work: (tx: Tx, waiting: WaitingRequest, asked: Asked) => Promise<T>,
  ): Promise<T> {
    const caller = callerOf(ctx);
    const code = this.artifacts.digestOf('user-code', userCode.toUpperCase().replaceAll(/\W|_/g, ''));
    const found = await this.db.tx(ctx, async (tx) => {
      if ((await wrongCodes(tx, caller, WINDOW_MS)) >= WRONG_LIMIT) throw tooMany();
      const waiting = await lockWaiting(tx, 'device', code);
      const asked = waiting && (await this.grants.look(tx, ctx, waiting));
      return asked && { answer: await work(tx, waiting, asked) };
    });
    if (found) return found.answer;
    await this.db.tx(ctx, (tx) => countWrongCode(tx, caller, code));
    throw new ConclaveError('auth.device-code.not-found');
  }
}

const tooMany = () =>
  new ConclaveError('request.rate-limited', {
    limit: WRONG_LIMIT,
    windowS: WINDOW_MS / 1_000,
    retryAfterS: WINDOW_MS / 1_000,
  });
