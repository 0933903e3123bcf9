/**
 * Whether the holder of a context may ask for something: by permission, and for a browser's sign-in by what was shown of
 * late, for a program by what was shown when a person allowed it. The edge and every owner ask by these same rules. API keys
 * are for programs that have nobody to ask.
 */
import { ConclaveError, idPrefixes, ofOperators, type ActVerdict, type Contract } from '@conclave/contracts';
import type { ContextClaims } from './context-token.js';

/** What of a contract says who may call it. */
export type Terms = Pick<Contract, 'permission' | 'stepUp' | 'whilePending'>;

type Holder = Pick<ContextClaims, 'scopes' | 'signIn' | 'credentialId'>;

/** @throws ConclaveError `auth.second-factor.required` | `auth.forbidden` | `auth.step-up.required` | `auth.proof.too-old` */
export function refuseUnpermitted(terms: Terms, holder: Holder): void {
  const { permission, stepUp, whilePending } = terms;
  const factors = [...(holder.signIn?.factors ?? [])];
  const open = whilePending === 'always' || (whilePending === 'without-factor' && factors.length === 0);
  if (holder.signIn?.withheld && !open) throw new ConclaveError('auth.second-factor.required', { factors });
  if (!permits(terms, holder)) throw new ConclaveError('auth.forbidden', { permission });
  if (!stepUp || (holder.signIn?.provenUntil ?? 0) > Date.now()) return;
  if (is('signIn', holder)) throw new ConclaveError('auth.step-up.required', { factors });
  if (is('grant', holder)) throw new ConclaveError('auth.proof.too-old', { maxAgeS: holder.signIn?.maxAgeS ?? 0 });
}

/** By permission alone. While a second factor is to be shown a sign-in holds what it will be worth, for few things. */
export function permits({ permission, whilePending }: Terms, { scopes, signIn }: Holder): boolean {
  const held = (whilePending && signIn?.withheld) || scopes || [];
  return permission === 'none' || held.some((scope) => scope === permission);
}

/** What permits it, for the record; undefined when the token does not say where permissions come from. */
export function verdictByRole(
  { permission }: Pick<Terms, 'permission'>,
  { basis }: Pick<ContextClaims, 'basis'>,
): ActVerdict | undefined {
  if (!basis) return undefined;
  const { bundle, by, emergency } = basis;
  if (permission === 'none') return { bundle, by: ['anybody'] };
  if (permission === ofOperators) return { bundle, by: ['operators'] };
  return { bundle, by: [emergency?.some((one) => one === permission) ? 'break-glass' : by] };
}

const is = (kind: 'signIn' | 'grant', { credentialId }: Holder): boolean =>
  credentialId?.startsWith(`${idPrefixes[kind]}_`) ?? false;
