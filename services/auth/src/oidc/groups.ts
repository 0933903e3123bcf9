/** Groups that a provider says a person is in. A list that is not whole is none: who is in too many for it is refused. */
import { NotAdmitted, refuseOutside } from '../connection-sign-ins/vouched.js';
import type { SettingsOf } from '../connections/settings.js';
import type { Claims } from './vendors.js';

type Asked = NonNullable<SettingsOf<'oidc'>['groups']>;

/** Whether the claims say anything of groups, be it that they are elsewhere. */
export const saysGroups = ({ claim }: Asked, claims: Claims): boolean =>
  isElsewhere(claim, claims) || valueAt(claim, claims) !== undefined;

/** @throws NotAdmitted when they are elsewhere or no names, or none of them is let in */
export function groupsOf({ claim, allowed }: Asked, claims: Claims): readonly string[] {
  if (isElsewhere(claim, claims)) throw new NotAdmitted('in more groups than the provider tells');
  const value = valueAt(claim, claims) ?? [];
  const groups = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(groups) || !groups.every((group) => typeof group === 'string'))
    throw new NotAdmitted('groups that are no names');
  refuseOutside(allowed, groups);
  return groups;
}

/** A distributed claim (OpenID Connect Core 5.6.2), which Entra sends from 200 groups on, or its word for it. */
function isElsewhere(claim: string, claims: Claims): boolean {
  const { _claim_names: names, hasgroups } = claims;
  if (typeof names === 'object' && names !== null && Object.hasOwn(names, claim)) return true;
  return claim === 'groups' && (hasgroups === true || hasgroups === 'true');
}

/** A claim by its name, which may have dots in it, or else by the way through objects. */
function valueAt(claim: string, claims: Claims): unknown {
  if (Object.hasOwn(claims, claim)) return claims[claim];
  return claim
    .split('.')
    .reduce<unknown>(
      (at, member) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, member) ? (at as Claims)[member] : undefined,
      claims,
    );
}
