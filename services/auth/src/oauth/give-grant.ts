/**
 * A person's answer to a program. Only a person can give one, at a page and under a sign-in: a key or another program that
 * could would make itself more of its kind.
 */
import { ConclaveError, events, newId, oauth, permissions, type Permission } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { permissionsOf } from '../roles/role-permissions.js';
import { lockSignIn } from '../sign-ins/postgres-sign-ins.js';
import type { SignInEntity } from '../sign-ins/sign-in.entity.js';
import { factorsOf, provenAtOf, readStanding } from '../sign-ins/standing.js';
import { AuthorizationServer, GRANT_S, MAX_AGE_PARAM } from './authorization-server.js';
import { Artifacts } from './artifacts.js';
import { CLI_CLIENT } from './clients.js';
import { insertGrant } from './postgres-grants.js';
import { oauthClient } from './postgres-oauth-clients.js';
import type { WaitingRequest } from './postgres-oauth-requests.js';
import { placeOfPerson, type Place } from './postgres-places.js';

/** What a program's request says, as far as people are concerned. */
interface AskedParams {
  readonly client_id?: string;
  readonly scope?: string;
  readonly resource?: string | readonly string[];
  readonly workspace?: string;
  readonly redirect_uri?: string;
  readonly [MAX_AGE_PARAM]?: string;
  readonly prompt?: string;
}

/** What a program asks for and what it can get, seen by one person. */
export interface Asked {
  readonly client: { readonly id: string; readonly name: string; readonly builtIn: boolean };
  readonly scopes: Permission[];
  readonly beyond: Permission[];
  readonly workspace: { readonly id: string; readonly name: string };
  readonly resource: string;
  /** Stands for all of this, this request and this person: a yes is one to exactly that. */
  readonly shown: string;
  /** A proof of who the person is has to be of after this, in milliseconds since the epoch. */
  readonly provenSince: number;
  /** Until when it acts at the latest, if it is allowed now. */
  readonly actsUntil: string;
}

@Injectable()
export class GiveGrant {
  constructor(
    private readonly server: AuthorizationServer,
    private readonly artifacts: Artifacts,
  ) {}

  /**
   * Looks at a request with the eyes of the person at the page. Undefined when its program is none of theirs.
   *
   * @throws ConclaveError `auth.oauth.sign-in-needed` | `auth.workspace.not-found`
   */
  async look(tx: Tx, ctx: RequestContext, { digest, payload, createdAt }: WaitingRequest): Promise<Asked | undefined> {
    const signIn = await signInOf(tx, ctx);
    const params = (payload['params'] ?? {}) as AskedParams;
    const client = await clientFor(tx, ctx.tenantId, String(params.client_id));
    if (!client) return undefined;
    const place = await workplace(tx, ctx, params.workspace);
    const may = await permittedAt(tx, ctx, signIn, place);
    const wanted = scopesOf(params.scope);
    const asked = {
      client,
      scopes: wanted.filter((scope) => may.has(scope) && oauth.grantableScopes.includes(scope)),
      beyond: wanted.filter((scope) => !may.has(scope) || !oauth.grantableScopes.includes(scope)),
      workspace: { id: place.workspaceId, name: place.name },
      resource: [params.resource ?? this.server.issuer].flat()[0]!,
    };
    const seen = [digest.toString('base64url'), ctx.principal!.id, params.redirect_uri ?? '', asked];
    const provenSince = createdAt.getTime() - maxAgeOf(params) * 1_000;
    return {
      ...asked,
      provenSince,
      actsUntil: new Date(Date.now() + GRANT_S * 1_000).toISOString(),
      shown: this.artifacts.digestOf('shown', JSON.stringify(seen)).toString('base64url'),
    };
  }

  /**
   * Gives what {@link look} finds now, if the person was shown the same. @returns what the protocol has to know of it
   *
   * @throws ConclaveError `auth.oauth.changed` | `auth.step-up.required`
   */
  async give(tx: Tx, ctx: RequestContext, asked: Asked, shown: string | undefined) {
    if (shown !== asked.shown) throw new ConclaveError('auth.oauth.changed');
    const { client, scopes, workspace, resource } = asked;
    const { tenantId, principalId } = callerOf(ctx);
    const standing = await readStanding(tx, tenantId, ctx.credentialId!);
    const provenAt = provenAtOf(standing);
    if (provenAt < asked.provenSince)
      throw new ConclaveError('auth.step-up.required', { factors: factorsOf(standing) });
    const id = newId('grant');
    const at = { principalId, workspaceId: workspace.id };
    await insertGrant(tx, {
      ...{ tenantId, id, ...at, clientId: client.id, signInId: ctx.credentialId!, provenAt },
      ...{ scopes, resource, lifetimeS: GRANT_S },
    });
    await tx.emit(events.grantGiven, {
      ...{ grant: id, principal: principalId, workspace: workspace.id, client: client.id, scopes },
    });
    return { grantId: id, accountId: principalId, scope: scopes.join(' '), resource };
  }
}

/** @throws ConclaveError `auth.oauth.sign-in-needed` unless a person asks who signed in */
async function signInOf(tx: Tx, { tenantId, credentialId = '', principal }: RequestContext): Promise<SignInEntity> {
  const signIn = await lockSignIn(tx, tenantId, credentialId);
  if (!signIn || principal?.kind !== 'user') throw new ConclaveError('auth.oauth.sign-in-needed');
  return signIn;
}

/** Programs of other tenants are not there. */
async function clientFor(tx: Tx, tenantId: string, id: string): Promise<Asked['client'] | undefined> {
  if (id === CLI_CLIENT.id) return { ...CLI_CLIENT, builtIn: true };
  const own = await oauthClient(tx, tenantId, id);
  return own && { id, name: own.name, builtIn: false };
}

async function workplace(tx: Tx, ctx: RequestContext, wanted: string | undefined): Promise<Place> {
  const caller = callerOf(ctx);
  const place = await placeOfPerson(tx, caller, wanted ?? caller.workspaceId);
  if (!place) throw new ConclaveError('auth.workspace.not-found', { id: wanted });
  return place;
}

/** What the person may do there; a sign-in that was opened with a key is good in the key's workspace only. */
async function permittedAt(tx: Tx, ctx: RequestContext, { apiKeyId }: SignInEntity, { workspaceId, role }: Place) {
  if (workspaceId === ctx.workspaceId) return ctx.scopes;
  if (apiKeyId !== null) throw new ConclaveError('auth.workspace.not-found', { id: workspaceId });
  return new Set((await permissionsOf(tx, ctx.tenantId, role)) ?? []);
}

/** How old a proof may be, in seconds: what the program says (OpenID Connect Core § 3.1.2.1), or any age. */
function maxAgeOf({ [MAX_AGE_PARAM]: maxAge, prompt }: AskedParams): number {
  if (prompt?.split(' ').includes('login')) return 0;
  return maxAge === undefined ? Infinity : Number(maxAge);
}

function scopesOf(text: string | undefined): Permission[] {
  const named = new Set(text?.split(' '));
  return permissions.filter((permission) => named.has(permission));
}
