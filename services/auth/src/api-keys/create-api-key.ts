import { ConclaveError, auth, events, type Permission, type ReplyOf, type RequestOf } from '@conclave/contracts';
import { Networks, type RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { AnswerBox, type OneTimeAnswer } from '../credentials/answer-box.js';
import { refuseBeyond } from '../limits/postgres-limits.js';
import { callerOf, type Caller } from '../members/caller.js';
import { lockMember } from '../members/postgres-members.js';
import { refuseLessThanOwner } from '../members/role-grant.js';
import { permissionsOf } from '../roles/role-permissions.js';
import { ApiKeyMint } from './api-key-mint.js';
import { boundsBehind, insertApiKey, type Bounds } from './postgres-api-keys.js';

type Request = RequestOf<typeof auth.createApiKey>;
type Reply = ReplyOf<typeof auth.createApiKey>;

/** A key that is to live longer than this has none; times far ahead have no place in calendars and databases. */
const LONGEST_YEARS = 10;

/**
 * Makes a key, for at most what the credential at hand permits and no longer than it is good itself: for the caller, or
 * for another member or workspace when the caller manages members there. What a key does is done in its holder's name,
 * so for another person only an owner makes one.
 */
@Injectable()
export class CreateApiKey {
  constructor(
    private readonly db: Database,
    private readonly mint: ApiKeyMint,
    private readonly box: AnswerBox,
  ) {}

  /** @throws ConclaveError `auth.scope.too-wide` | `auth.address.too-wide` | `auth.expiry.too-late` | `auth.role.too-wide` | `auth.forbidden` | `auth.workspace.not-found` | `auth.member.not-found` */
  async run(ctx: RequestContext, request: Request): Promise<Reply> {
    const answer = await this.box.answer(ctx);
    const sealed = await this.db.tx(ctx, async (tx) => {
      const reply = await once(tx, ctx, auth.createApiKey, request, () => this.create(tx, ctx, request, answer));
      refuseWider(ctx.scopes, reply.scopes);
      const own = await boundsBehind(tx, ctx);
      refuseMoreAddresses(own, reply.allowedAddresses);
      refuseLonger(own, reply.expiresAt);
      return reply;
    });
    return { ...sealed, key: await answer.open(sealed.key, sealed.id) };
  }

  private async create(tx: Tx, ctx: RequestContext, request: Request, answer: OneTimeAnswer): Promise<Reply> {
    const { holder, permitted, byRole } = await placeOf(tx, ctx, request);
    const usable = byRole ? byRole.filter((scope) => permitted.has(scope)) : [...permitted];
    const scopes = request.scopes ? [...new Set(request.scopes)] : usable;
    refuseWider(permitted, scopes);
    const own = await boundsBehind(tx, ctx);
    const allowedAddresses = request.allowedAddresses ?? own.allowedAddresses;
    refuseMoreAddresses(own, allowedAddresses);
    const expiresAt = request.expiresAt ? expiryOf(request.expiresAt) : own.expiresAt;
    refuseLonger(own, expiresAt?.toISOString());
    await refuseBeyond(tx, holder.tenantId, 'apiKeys');
    const { id, key, digest } = this.mint.mint();
    const view = await insertApiKey(tx, {
      ...holder,
      id,
      name: request.name,
      scopes,
      digest,
      createdAt: new Date(),
      expiresAt,
      allowedAddresses: allowedAddresses && [...allowedAddresses],
    });
    const { principalId: principal, workspaceId: workspace } = holder;
    await tx.emit(events.apiKeyCreated, {
      apiKey: id,
      scopes,
      ...(allowedAddresses ? { allowedAddresses: [...allowedAddresses] } : {}),
      ...(byRole ? { principal, workspace } : {}),
    });
    return { ...view, key: await answer.seal(tx, key, id) };
  }
}

interface Place {
  readonly holder: Caller;
  /** What the caller could hand out there. */
  readonly permitted: ReadonlySet<Permission>;
  /** What the holder's role permits when it was asked for by name. */
  readonly byRole?: readonly Permission[];
}

/** Whose key it will be and where it is good. A workspace the caller does not manage is one that is not there. */
async function placeOf(tx: Tx, ctx: RequestContext, { principal, workspace }: Request): Promise<Place> {
  const caller = callerOf(ctx);
  if (principal === undefined && workspace === undefined) return { holder: caller, permitted: ctx.scopes };
  if (!ctx.scopes.has('member:manage')) throw new ConclaveError('auth.forbidden', { permission: 'member:manage' });
  const self = { ...caller, workspaceId: workspace ?? caller.workspaceId };
  const manager = await lockMember(tx, self);
  const managing =
    manager && !manager.disabledAt ? await permissionsOf(tx, self.tenantId, manager.role, manager.owner) : [];
  const permitted = new Set(managing?.filter((permission) => ctx.scopes.has(permission)));
  if (!permitted.has('member:manage') || !permitted.has('api-key:manage'))
    throw new ConclaveError('auth.workspace.not-found', { id: self.workspaceId });
  const holder = { ...self, principalId: principal ?? caller.principalId };
  const member = await lockMember(tx, holder);
  if (!member || member.disabledAt) throw new ConclaveError('auth.member.not-found', { id: holder.principalId });
  if (member.principal.kind === 'user' && holder.principalId !== caller.principalId) refuseLessThanOwner(ctx);
  return { holder, permitted, byRole: (await permissionsOf(tx, holder.tenantId, member.role, member.owner)) ?? [] };
}

function refuseWider(permitted: ReadonlySet<Permission>, scopes: readonly Permission[]): void {
  const tooWide = scopes.filter((scope) => !permitted.has(scope));
  if (tooWide.length > 0) throw new ConclaveError('auth.scope.too-wide', { scopes: tooWide });
}

function refuseMoreAddresses({ allowedAddresses: own }: Bounds, wanted: readonly string[] | null | undefined): void {
  const tooWide = own ? (wanted ?? ['anywhere']).filter((cidr) => !Networks.covers(own, cidr)) : [];
  if (tooWide.length > 0) throw new ConclaveError('auth.address.too-wide', { allowedAddresses: tooWide });
}

function refuseLonger({ expiresAt: own }: Bounds, wanted: string | undefined): void {
  if (own && (wanted === undefined || new Date(wanted) > own))
    throw new ConclaveError('auth.expiry.too-late', { latest: own.toISOString() });
}

function expiryOf(text: string): Date {
  const date = new Date(text);
  const latest = new Date();
  latest.setUTCFullYear(latest.getUTCFullYear() + LONGEST_YEARS);
  if (date.getTime() <= Date.now()) throw refusedExpiry('expected a time to come');
  if (date > latest) throw refusedExpiry(`expected a time within ${LONGEST_YEARS} years`);
  return date;
}

const refusedExpiry = (message: string) =>
  new ConclaveError('request.invalid', { issues: [{ path: 'expiresAt', message }] });
