import { randomBytes } from 'node:crypto';
import { ConclaveError, events, newId, oauth, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { AnswerBox, type OneTimeAnswer } from '../credentials/answer-box.js';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { endGrants } from './end-grants.js';
import {
  countClients,
  deleteClient,
  insertClient,
  pageOfClients,
  updateClient,
  type RegisteredClient,
} from './postgres-oauth-clients.js';

type Created = ReplyOf<typeof oauth.createOauthClient>;

const LIMIT = 100;

/** Programs that administrators register, so that people can let them act for them. */
@Injectable()
export class OauthClients {
  constructor(
    private readonly db: Database,
    private readonly digest: CredentialDigest,
    private readonly box: AnswerBox,
  ) {}

  /** @throws ConclaveError `auth.oauth-client.too-many` */
  async create(ctx: RequestContext, request: RequestOf<typeof oauth.createOauthClient>): Promise<Created> {
    const answer = await this.box.answer(ctx);
    const { secret, ...client } = await this.db.tx(ctx, (tx) =>
      once(tx, ctx, oauth.createOauthClient, request, () => this.insert(tx, ctx, request, answer)),
    );
    return secret === undefined ? client : { ...client, secret: await answer.open(secret, client.id) };
  }

  list(
    ctx: RequestContext,
    page: RequestOf<typeof oauth.listOauthClients>,
  ): Promise<ReplyOf<typeof oauth.listOauthClients>> {
    return pageOfClients(this.db.autocommit(ctx), ctx.tenantId, page);
  }

  /** @throws ConclaveError `auth.oauth-client.not-found` */
  change(ctx: RequestContext, request: RequestOf<typeof oauth.changeOauthClient>): Promise<RegisteredClient> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, oauth.changeOauthClient, request, async () => {
        const client = found(await updateClient(tx, ctx.tenantId, request.id, request), request.id);
        await tx.emit(events.oauthClientChanged, told(client));
        return client;
      }),
    );
  }

  /** @throws ConclaveError `auth.oauth-client.not-found` */
  delete(ctx: RequestContext, request: RequestOf<typeof oauth.deleteOauthClient>): Promise<RegisteredClient> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, oauth.deleteOauthClient, request, async () => {
        const client = found(await deleteClient(tx, ctx.tenantId, request.id), request.id);
        await endGrants(tx, ctx.tenantId, { clientId: request.id }, 'client-deleted');
        await tx.emit(events.oauthClientDeleted, told(client));
        return client;
      }),
    );
  }

  private async insert(
    tx: Tx,
    { tenantId }: RequestContext,
    request: RequestOf<typeof oauth.createOauthClient>,
    answer: OneTimeAnswer,
  ): Promise<Created> {
    if ((await countClients(tx, tenantId)) >= LIMIT)
      throw new ConclaveError('auth.oauth-client.too-many', { limit: LIMIT });
    const id = newId('oauthClient');
    const secret = request.kind === 'confidential' ? randomBytes(32).toString('base64url') : undefined;
    const kept = secret === undefined ? {} : { secret: this.digest.of('oauth-client', secret) };
    const client = await insertClient(tx, tenantId, { id, ...request, ...kept });
    await tx.emit(events.oauthClientCreated, told(client));
    return secret === undefined ? client : { ...client, secret: await answer.seal(tx, secret, id) };
  }
}

function found(client: RegisteredClient | undefined, id: string): RegisteredClient {
  if (!client) throw new ConclaveError('auth.oauth-client.not-found', { id });
  return client;
}

const told = ({ id, kind, redirectUris }: RegisteredClient) => ({ oauthClient: id, kind, redirectUris });
