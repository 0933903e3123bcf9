import { hkdfSync } from 'node:crypto';
import { ConclaveError, auth, events, type ReplyOf, type RequestOf } from '@conclave/contracts';
import { CONFIG, SecretBox, type RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';
import { callerOf } from '../members/caller.js';
import { ApiKeyMint } from './api-key-mint.js';
import { insertApiKey } from './postgres-api-keys.js';

type Request = RequestOf<typeof auth.createApiKey>;
type Reply = ReplyOf<typeof auth.createApiKey>;

/**
 * Gives the caller another key, for at most what the credential at hand permits.
 *
 * A repeat under the same Idempotency-Key gets the same key again, so the stored answer holds it, sealed: the table
 * alone opens nothing.
 */
@Injectable()
export class CreateApiKey {
  private readonly box: SecretBox;

  constructor(
    @Inject(CONFIG) config: Pick<AuthConfig, 'API_KEY_PEPPER'>,
    private readonly db: Database,
    private readonly mint: ApiKeyMint,
  ) {
    const key = hkdfSync('sha256', config.API_KEY_PEPPER, '', 'conclave/auth/stored-answers', 32);
    this.box = new SecretBox(new Uint8Array(key));
  }

  /** @throws ConclaveError `auth.scope.too-wide` */
  run(ctx: RequestContext, request: Request): Promise<Reply> {
    return this.db.tx(ctx, async (tx) => {
      const sealed = await once(tx, ctx, auth.createApiKey, request, () => this.create(tx, ctx, request));
      return { ...sealed, key: this.box.open(sealed.key, sealed.id) };
    });
  }

  private async create(tx: Tx, ctx: RequestContext, { name, scopes, expiresAt }: Request): Promise<Reply> {
    const wanted = scopes ? [...new Set(scopes)] : [...ctx.scopes];
    const tooWide = wanted.filter((scope) => !ctx.scopes.has(scope));
    if (tooWide.length > 0) throw new ConclaveError('auth.scope.too-wide', { scopes: tooWide });
    const { id, key, digest } = this.mint.mint();
    const view = await insertApiKey(tx, {
      ...callerOf(ctx),
      id,
      name,
      scopes: wanted,
      digest,
      createdAt: new Date(),
      expiresAt: expiresAt ? futureDate(expiresAt) : null,
    });
    await tx.emit(events.apiKeyCreated, { apiKey: id, scopes: wanted });
    return { ...view, key: this.box.seal(key, id) };
  }
}

function futureDate(text: string): Date {
  const date = new Date(text);
  if (date.getTime() > Date.now()) return date;
  throw new ConclaveError('request.invalid', { issues: [{ path: 'expiresAt', message: 'expected a time to come' }] });
}
