import type { ActVerdict, Permission, ServiceName } from '@conclave/contracts';
import type { SignInStanding } from './context-token.js';

/**
 * Who asks, for which tenant, until when. It travels as the first argument of every use case; nothing looks it up
 * ambiently, and the tenant in it comes from the signed token alone.
 */
export interface RequestContext {
  readonly tenantId: string;
  readonly workspaceId?: string;
  /** The recorded doer: a principal id, or `service:<name>` for deferred work. */
  readonly actor: string;
  readonly principal?: { readonly id: string; readonly kind: string; readonly name: string };
  /** Set when the context was signed by a service for work it does itself. */
  readonly service?: ServiceName;
  readonly scopes: ReadonlySet<Permission>;
  readonly role?: string;
  /** Names the content of the tenant's policies; absent when it has none. */
  readonly policies?: string;
  /** What permitted the act at hand; absent when nobody had to. */
  readonly verdict?: ActVerdict | undefined;
  readonly credentialId?: string;
  /** The API key or the connection beneath it: itself, or what it was opened with; absent when that is neither. */
  readonly rootCredentialId?: string;
  /** Set when a browser asks under its sign-in. */
  readonly signIn?: SignInStanding;
  /** Epoch milliseconds; work that would start later is refused. */
  readonly deadlineAt: number;
  readonly idempotencyKey?: string;
}
