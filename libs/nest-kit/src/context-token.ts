/**
 * The signed context: a JWT (RFC 7519, EdDSA) that says on whose behalf a call is made. Principals' contexts are
 * signed by auth only; any other service can sign one that names itself, for work it does by itself.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { ConclaveError, actVerdict, type ActVerdict, type Permission, type ServiceName } from '@conclave/contracts';
import { SignJWT, jwtVerify } from 'jose';
import { z } from 'zod';

const TYP = 'conclave-context+jwt';
const AUDIENCE = 'conclave';
/** Clocks of two pods may differ by this much, in seconds. */
const LEEWAY_S = 5;
const CACHE_LIMIT = 2_000;

export interface ContextClaims {
  readonly tenantId?: string;
  readonly workspaceId?: string;
  readonly principal?: { readonly id: string; readonly kind: string; readonly name: string };
  readonly scopes?: readonly Permission[];
  readonly role?: string;
  readonly basis?: PermissionBasis;
  /** Names the content of the tenant's policies; absent when it has none. */
  readonly policies?: string;
  readonly credentialId?: string;
  /** The API key or the connection beneath it: itself, or what it was opened with; absent when that is neither. */
  readonly rootCredentialId?: string;
  /** What was shown for the sign-in of a browser, or by who allowed a program; absent for an API key. */
  readonly signIn?: SignInStanding;
  /** Why a service acts: the principal or run it works for. */
  readonly onBehalfOf?: string;
  /** What was decided over the act of a principal that a service tells of. */
  readonly verdict?: ActVerdict;
}

/** Where the permissions of a principal come from, as entries of the log will say it. */
export interface PermissionBasis {
  readonly bundle: string;
  /** The role or ownership. */
  readonly by: string;
  /** Those that it does not permit, and emergency access does. */
  readonly emergency?: readonly Permission[];
}

/** How much a sign-in proves. */
export interface SignInStanding {
  /** Epoch milliseconds until which it is a proof of late. */
  readonly provenUntil: number;
  /** The second factors that the person could show. */
  readonly factors: readonly string[];
  /** What it will be worth once one was shown; until then it is worth nothing. */
  readonly withheld?: readonly Permission[];
  /** How old a proof may be, for a program, which has to ask for another. */
  readonly maxAgeS?: number;
}

/** Permissions of newer services pass: nothing here asks for them. */
const claimsSchema = z.object({
  tenantId: z.string().optional(),
  workspaceId: z.string().optional(),
  principal: z.object({ id: z.string().min(1), kind: z.string(), name: z.string() }).optional(),
  scopes: z.array(z.string()).optional(),
  role: z.string().optional(),
  basis: z.object({ bundle: z.string(), by: z.string(), emergency: z.array(z.string()).optional() }).optional(),
  policies: z.string().optional(),
  credentialId: z.string().optional(),
  rootCredentialId: z.string().optional(),
  signIn: z
    .object({
      provenUntil: z.number(),
      factors: z.array(z.string()),
      withheld: z.array(z.string()).optional(),
      maxAgeS: z.number().optional(),
    })
    .optional(),
  onBehalfOf: z.string().optional(),
  verdict: actVerdict.optional(),
}) as z.ZodType<ContextClaims>;

export interface VerifiedContext extends ContextClaims {
  readonly issuer: ServiceName;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export interface ContextTokens {
  /** Signs a context that is good for `ttlMs`. */
  sign(claims: ContextClaims, ttlMs: number): Promise<string>;
  /** @throws ConclaveError `auth.unauthenticated` for anything not signed by whom it says it is from. */
  verify(token: string): Promise<VerifiedContext>;
}

export interface ContextKeys {
  readonly service: ServiceName;
  /** PKCS#8 DER of this service's Ed25519 key, base64. */
  readonly privateKey: string;
  /** SPKI DER of every service's key, base64. */
  readonly publicKeys: Readonly<Partial<Record<ServiceName, string>>>;
}

/** Context tokens under the given keys. Verified tokens are remembered until they expire. */
export function contextTokens(keys: ContextKeys): ContextTokens {
  const privateKey = createPrivateKey({ key: Buffer.from(keys.privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  const publicKeys = new Map<string, KeyObject>(
    Object.entries(keys.publicKeys).map(([name, der]) => [
      name,
      createPublicKey({ key: Buffer.from(der, 'base64'), format: 'der', type: 'spki' }),
    ]),
  );
  const verified = new Map<string, VerifiedContext>();

  return {
    sign: (claims, ttlMs) =>
      new SignJWT({ ctx: claims })
        .setProtectedHeader({ alg: 'EdDSA', typ: TYP, kid: keys.service })
        .setIssuer(keys.service)
        .setAudience(AUDIENCE)
        .setExpirationTime(new Date(Date.now() + ttlMs))
        .sign(privateKey),

    async verify(token) {
      const known = verified.get(token);
      if (known && known.expiresAt > Date.now()) return known;
      const context = await check(token, publicKeys);
      if (verified.size >= CACHE_LIMIT) verified.clear();
      verified.set(token, context);
      return context;
    },
  };
}

async function check(token: string, publicKeys: ReadonlyMap<string, KeyObject>): Promise<VerifiedContext> {
  try {
    const { payload, protectedHeader } = await jwtVerify(
      token,
      (header) => publicKeys.get(header.kid ?? '') ?? Promise.reject(new Error('unknown issuer')),
      {
        algorithms: ['EdDSA'],
        typ: TYP,
        audience: AUDIENCE,
        clockTolerance: LEEWAY_S,
        requiredClaims: ['iss', 'exp', 'ctx'],
      },
    );
    if (payload.iss !== protectedHeader.kid) throw new Error('issuer and key differ');
    const issuer = payload.iss as ServiceName;
    const claims = claimsSchema.parse(payload['ctx']);
    if (claims.principal && issuer !== 'auth') throw new Error('only auth speaks for principals');
    if (claims.principal && !claims.tenantId) throw new Error('a principal belongs to a tenant');
    return { ...claims, issuer, expiresAt: payload.exp! * 1000 };
  } catch (cause) {
    throw new ConclaveError('auth.unauthenticated', {}, { cause });
  }
}
