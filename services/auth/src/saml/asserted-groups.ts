/** Groups that a SAML provider says a person is in. A list that is not whole is none: who is in too many for it is refused. */
import { NotAdmitted, refuseOutside } from '../connection-sign-ins/vouched.js';
import type { SettingsOf } from '../connections/settings.js';

/** Where Entra says that there are more groups than it tells, from 150 on. */
const ELSEWHERE = 'http://schemas.microsoft.com/claims/groups.link';

/** @throws NotAdmitted when they are elsewhere, or none of them is let in */
export function assertedGroups(
  { attribute, allowed }: NonNullable<SettingsOf<'saml'>['groups']>,
  attributes: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  if (attributes.has(ELSEWHERE)) throw new NotAdmitted('in more groups than the provider tells');
  const groups = attributes.get(attribute) ?? [];
  refuseOutside(allowed, groups);
  return groups;
}
