/**
 * Whether the holder of a context may ask for something: by permission, and for a browser's sign-in by what was shown of
 * late. The edge and every owner ask by these same rules. API keys are for programs, which have nobody to ask.
 */
import { ConclaveError, idPrefixes, type Contract } from '@conclave/contracts';
import type { ContextClaims } from './context-token.js';

/** What of a contract says who may call it. */
export type Terms = Pick<Contract, 'permission' | 'stepUp' | 'whilePending'>;

type Holder = Pick<ContextClaims, 'scopes' | 'signIn' | 'credentialId'>;

/** @throws ConclaveError `auth.second-factor.required` | `auth.forbidden` | `auth.step-up.required` */
export function refuseUnpermitted(terms: Terms, holder: Holder): void {
  const { permission, stepUp, whilePending } = terms;
  const factors = [...(holder.signIn?.factors ?? [])];
  const open = whilePending === 'always' || (whilePending === 'without-factor' && factors.length === 0);
  if (holder.signIn?.withheld && !open) throw new ConclaveError('auth.second-factor.required', { factors });
  if (!permits(terms, holder)) throw new ConclaveError('auth.forbidden', { permission });
  if (stepUp && isSignIn(holder) && (holder.signIn?.provenUntil ?? 0) <= Date.now())
    throw new ConclaveError('auth.step-up.required', { factors });
}

/** By permission alone. While a second factor is to be shown a sign-in holds what it will be worth, for few things. */
export function permits({ permission, whilePending }: Terms, { scopes, signIn }: Holder): boolean {
  const held = (whilePending && signIn?.withheld) || scopes || [];
  return permission === 'none' || held.some((scope) => scope === permission);
}

const isSignIn = ({ credentialId }: Holder): boolean => credentialId?.startsWith(`${idPrefixes.signIn}_`) ?? false;
