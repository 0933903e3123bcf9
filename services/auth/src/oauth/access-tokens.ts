import { ConclaveError, permissions, type Permission } from '@conclave/contracts';
import { Injectable } from '@nestjs/common';
import { jwtVerify, type JWTHeaderParameters } from 'jose';
import { z } from 'zod';
import { AuthorizationServer } from './authorization-server.js';
import { SIGNING_ALGORITHM, SigningKeys } from './signing-keys.js';

/** What an access token claims, once it is known to be ours. */
export interface AccessToken {
  readonly grantId: string;
  readonly tenantId: string;
  readonly principalId: string;
  readonly scopes: readonly Permission[];
  readonly expiresAt: Date;
}

/** There is one way to spell a token, whatever decoders would take. */
const SPELLED = /^[\w-]+\.[\w-]+\.[\w-]+$/;

const claims = z.object({
  sub: z.string(),
  scope: z.string().default(''),
  grant: z.string(),
  tenant: z.string(),
  exp: z.number(),
});

/**
 * Tells our access tokens from all others (RFC 9068 § 4): one algorithm, the type, our own keys by their ids and no key that
 * a token brings along, our issuer and audience.
 */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly keys: SigningKeys,
    private readonly server: AuthorizationServer,
  ) {}

  /** @throws ConclaveError `auth.unauthenticated` */
  async verify(token: string): Promise<AccessToken> {
    if (!SPELLED.test(token)) throw new ConclaveError('auth.unauthenticated');
    const { issuer } = this.server;
    const key = ({ kid }: JWTHeaderParameters) => this.key(kid);
    const terms = {
      ...{ algorithms: [SIGNING_ALGORITHM], typ: 'at+jwt', issuer, audience: issuer },
      requiredClaims: ['exp', 'iat', 'sub', 'jti', 'client_id'],
    };
    // Whether the key cannot be read or the token cannot be believed: only the latter is the caller's affair.
    const payload = await jwtVerify(token, key, terms).then(
      (verified) => verified.payload,
      (fault: unknown) => {
        if (fault instanceof ConclaveError) throw fault;
        throw new ConclaveError('auth.unauthenticated');
      },
    );
    const { success, data } = claims.safeParse(payload);
    if (!success) throw new ConclaveError('auth.unauthenticated');
    const named = new Set(data.scope.split(' '));
    return {
      grantId: data.grant,
      tenantId: data.tenant,
      principalId: data.sub,
      scopes: permissions.filter((permission) => named.has(permission)),
      expiresAt: new Date(data.exp * 1_000),
    };
  }

  private async key(id: unknown) {
    const jwk = typeof id === 'string' && id !== '' ? await this.keys.publicKey(id) : undefined;
    if (!jwk) throw new ConclaveError('auth.unauthenticated');
    return jwk;
  }
}
