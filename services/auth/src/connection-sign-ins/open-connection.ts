/** What every message of a provider begins with: its connection, and one answer to all that is wrong with it. */
import { ConclaveError, type ErrorCode } from '@conclave/contracts';
import type { Database } from '@conclave/postgres-kit';
import type { Logger } from 'pino';
import { connectionOf, tenantOfConnection, type ConnectionRow } from '../connections/postgres-connections.js';
import type { ConnectionSettings } from '../connections/settings.js';
import { SamlRefusal } from '../saml/saml-refusal.js';
import { NO_TENANT } from '../tenants/no-tenant.js';
import type { Providers } from './provider.js';
import { SignInRefusal } from './vouched.js';

export interface OpenConnection {
  readonly row: ConnectionRow;
  readonly settings: ConnectionSettings;
}

/** @throws SignInRefusal unless it is there, enabled, and everything it trusts is in place */
export async function openConnection(db: Database, providers: Providers, id: string): Promise<OpenConnection> {
  const tenantId = (await tenantOfConnection(db, id)) ?? NO_TENANT;
  const row = await connectionOf(db.autocommit(systemOf(tenantId)), tenantId, id);
  if (!row) throw new SignInRefusal('unknown connection');
  if (row.disabled_at) throw new SignInRefusal('disabled connection');
  return { row, settings: providers.settingsOf(row) };
}

export const systemOf = (tenantId: string) => ({ tenantId, actor: 'service:auth' });

/** Says one and the same refusal whatever a provider or a browser did wrong; the reason is in the log. */
export async function refusingAs<T>(
  code: ErrorCode & `auth.${string}.refused`,
  { log, connection }: { log: Logger; connection: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = refusalOr(cause);
    log.warn({ connection, reason }, code === 'auth.logout.refused' ? 'sign-out refused' : 'sign-in refused');
    throw new ConclaveError(code, {}, { cause });
  }
}

/** Why a provider was not believed. @throws what is our own fault */
export function refusalOr(error: unknown): string {
  if (error instanceof SignInRefusal || error instanceof SamlRefusal) return error.reason;
  if (!(error instanceof ConclaveError) || !reasons.has(error.code)) throw error;
  const { reason } = error.params;
  return typeof reason === 'string' ? reason : error.code;
}

const reasons: ReadonlySet<string> = new Set(['auth.connection.invalid', 'auth.unauthenticated']);
