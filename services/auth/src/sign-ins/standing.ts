/**
 * What a sign-in proves. It is worth nothing, but to show or add a second factor, while it has none and the person has an
 * authenticator app or the tenant demands one. For a while after a second factor was shown it is a proof of late; of
 * somebody who has none to show, having just signed in is all the proof there is.
 */
import { mfa, type Permission } from '@conclave/contracts';
import type { SignInStanding } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';

/** As Postgres says it: times in milliseconds since the epoch. */
export interface StandingRow {
  readonly factors: readonly string[];
  readonly authenticatedAt: number;
  readonly provenAt: number | null;
  readonly totp: boolean;
  readonly passkey: boolean;
  readonly recoveryCode: boolean;
  readonly required: boolean;
}

const person = (signIn: string): string => `tenant_id = ${signIn}.tenant_id and principal_id = ${signIn}.principal_id`;
const ms = (column: string): string => `floor(extract(epoch from ${column}) * 1000)`;

/** An SQL expression over the row of a sign-in. */
export const standingRow = (signIn: string): string => `json_build_object(
  'factors', ${signIn}.factors,
  'authenticatedAt', ${ms(`${signIn}.authenticated_at`)},
  'provenAt', ${ms(`${signIn}.proven_at`)},
  'totp', exists (select from totp where ${person(signIn)} and confirmed_at is not null),
  'passkey', exists (select from passkey where ${person(signIn)}),
  'recoveryCode', exists (select from recovery_code where ${person(signIn)} and used_at is null),
  'required', exists (select from mfa_policy where tenant_id = ${signIn}.tenant_id and required))`;

/** How a sign-in stands now, whatever its tokens say. */
export async function readStanding(tx: Tx, tenantId: string, id: string): Promise<StandingRow> {
  const row = await tx.one<{ standing: StandingRow }>(
    `select ${standingRow('s')} as standing from sign_in s where s.tenant_id = $1 and s.id = $2`,
    [tenantId, id],
  );
  return row!.standing;
}

const strong: readonly string[] = mfa.strongFactors;

export const hasSecondFactor = ({ totp, passkey }: StandingRow): boolean => totp || passkey;

export const isStrong = ({ factors }: StandingRow): boolean => factors.some((factor) => strong.includes(factor));

export const isPending = (row: StandingRow): boolean => !isStrong(row) && (row.required || row.totp);

/** Second factors that the person could show. Recovery codes only stand in for others. */
export const factorsOf = (row: StandingRow): mfa.SecondFactor[] => [
  ...(row.totp ? (['totp'] as const) : []),
  ...(row.passkey ? (['passkey'] as const) : []),
  ...(row.recoveryCode && hasSecondFactor(row) ? (['recovery-code'] as const) : []),
];

/** When the person last proved who they are, in milliseconds since the epoch; 0: with one factor alone, of two they have. */
export const provenAtOf = (row: StandingRow): number =>
  hasSecondFactor(row) ? (row.provenAt ?? 0) : Math.max(row.provenAt ?? 0, row.authenticatedAt);

/** `scopes` are what it is worth, or will be. */
export function standingOf(row: StandingRow, scopes: readonly Permission[], stepUpMs: number): SignInStanding {
  const provenAt = provenAtOf(row);
  return {
    provenUntil: provenAt === 0 ? 0 : provenAt + stepUpMs,
    factors: factorsOf(row),
    ...(isPending(row) ? { withheld: scopes } : {}),
  };
}
