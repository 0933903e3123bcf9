import { ConclaveError, type ReplyOf, type auth } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { pageOf, type Tx } from '@conclave/postgres-kit';
import { IsNull, LessThan } from 'typeorm';
import type { Caller } from '../members/caller.js';
import { ApiKeyEntity } from './api-key.entity.js';

/** An API key as its owner sees it. */
export type ApiKey = ReplyOf<typeof auth.revokeApiKey>;
type NewApiKey = Omit<ApiKeyEntity, 'lastUsedAt' | 'revokedAt'>;

export async function insertApiKey(tx: Tx, key: NewApiKey): Promise<ApiKey> {
  const entity = { ...key, lastUsedAt: null, revokedAt: null };
  await tx.entities.insert(ApiKeyEntity, entity);
  return viewOf(entity);
}

/** The keys of the caller's workspace, newest first. */
export async function pageOfApiKeys(
  tx: Tx,
  { tenantId, workspaceId }: Caller,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: ApiKey[]; next?: string }> {
  const rows = await tx.entities.find(ApiKeyEntity, {
    where: { tenantId, workspaceId, ...(after === undefined ? {} : { id: LessThan(after) }) },
    order: { id: 'DESC' },
    take: limit + 1,
  });
  return pageOf(rows.map(viewOf), limit);
}

/** The key of the caller's workspace, locked until the transaction ends. */
export async function lockApiKey(tx: Tx, { tenantId, workspaceId }: Caller, id: string): Promise<ApiKey | undefined> {
  const row = await tx.entities.findOne(ApiKeyEntity, {
    where: { tenantId, workspaceId, id },
    lock: { mode: 'pessimistic_write' },
  });
  return row ? viewOf(row) : undefined;
}

/** What bounds all that comes of a key. */
export interface Bounds {
  /** Null: it is good anywhere. */
  readonly allowedAddresses: readonly string[] | null;
  /** Null: it is good until it is revoked. */
  readonly expiresAt: Date | null;
}

/** The bounds of the key behind a credential: its own, or that a sign-in was opened with, or a grant given under one. */
export async function boundsBehind(
  tx: Tx,
  { tenantId, credentialId }: Pick<RequestContext, 'tenantId' | 'credentialId'>,
): Promise<Bounds> {
  const row = await tx.one<{ allowed_addresses: string[] | null; expires_at: Date | null }>(
    `select allowed_addresses, expires_at from api_key where tenant_id = $1
     and id in (select $2 union select api_key_id from sign_in where tenant_id = $1 and id = $2
       union select api_key_id from oauth_grant where tenant_id = $1 and id = $2)`,
    [tenantId, credentialId],
  );
  return { allowedAddresses: row?.allowed_addresses ?? null, expiresAt: row?.expires_at ?? null };
}

/**
 * What opens everything from anywhere is not made with a key that is good from some networks only.
 *
 * @throws ConclaveError `auth.address.too-wide`
 */
export async function refuseFromNetworks(tx: Tx, tenantId: string, credentialId: string | undefined): Promise<void> {
  if (credentialId !== undefined && (await boundsBehind(tx, { tenantId, credentialId })).allowedAddresses)
    throw new ConclaveError('auth.address.too-wide', { allowedAddresses: ['anywhere'] });
}

/** Ids of the member's keys that were not revoked, locked until the transaction ends. */
export async function openApiKeysOf(tx: Tx, { tenantId, workspaceId, principalId }: Caller): Promise<string[]> {
  const rows = await tx.entities.find(ApiKeyEntity, {
    select: { tenantId: true, id: true },
    where: { tenantId, workspaceId, principalId, revokedAt: IsNull() },
    order: { id: 'ASC' },
    lock: { mode: 'pessimistic_write' },
  });
  return rows.map(({ id }) => id);
}

export async function markApiKeyRevoked(tx: Tx, tenantId: string, id: string, at: Date): Promise<void> {
  await tx.entities.update(ApiKeyEntity, { tenantId, id }, { revokedAt: at });
}

export async function touchApiKey(tx: Tx, tenantId: string, id: string, at: Date): Promise<void> {
  await tx.entities.update(ApiKeyEntity, { tenantId, id }, { lastUsedAt: at });
}

const viewOf = (row: ApiKeyEntity): ApiKey => ({
  id: row.id,
  name: row.name,
  scopes: row.scopes,
  principal: row.principalId,
  createdAt: row.createdAt.toISOString(),
  ...(row.expiresAt ? { expiresAt: row.expiresAt.toISOString() } : {}),
  ...(row.allowedAddresses ? { allowedAddresses: row.allowedAddresses } : {}),
  ...(row.lastUsedAt ? { lastUsedAt: row.lastUsedAt.toISOString() } : {}),
  ...(row.revokedAt ? { revokedAt: row.revokedAt.toISOString() } : {}),
});
