import { randomBytes } from 'node:crypto';
import { auth, type Permission, type Role } from '@conclave/contracts';
import { startServiceFixture, type ServiceFixture, type TestPrincipal } from '@conclave/dev-env/testing';
import { bootstrapService, type RunningService } from '@conclave/nest-kit';
import { Database, postgres } from '@conclave/postgres-kit';
import { ApiKeyMint } from '../api-keys/api-key-mint.js';
import { AuthModule } from '../auth.module.js';
import { background } from '../background.js';
import { authEnvironment } from '../config.js';
import { entities } from '../entities.js';
import { MakeLink } from '../links/make-link.js';
import { CreateTenant } from '../tenants/create-tenant.js';

/** A tenant with the administrator's key and what the key is worth. */
export interface TestTenant {
  readonly name: string;
  readonly key: string;
  readonly keyId: string;
  /** The link with which the administrator gets in. */
  readonly welcome: string;
  readonly principal: TestPrincipal;
}

export interface AuthFixture extends ServiceFixture {
  readonly pepper: string;
  createTenant(options?: { operators?: boolean }): Promise<TestTenant>;
  /** Exchanges a credential as the edge does and opens the token. */
  exchange(secret: string, kind?: 'api-key' | 'sign-in' | 'access-token'): Promise<TestPrincipal>;
  setRole(of: TestPrincipal, role: Role): Promise<void>;
}

/** Where people use this installation. */
export const SITE = 'https://conclave.example.com';

/** The edge, speaking for itself: it has no tenant before the exchange. */
export const edge = { claims: {} };

const spec = {
  name: 'auth' as const,
  module: AuthModule,
  environment: authEnvironment,
  resources: [postgres({ entities }), ...background],
};

/** Another process of the same service, told otherwise. */
export const startReplica = (fixture: AuthFixture, env: Readonly<Record<string, string>>): Promise<RunningService> =>
  bootstrapService(spec, { ...fixture.environment, ...env });

export async function startAuth(env: Readonly<Record<string, string>> = {}): Promise<AuthFixture> {
  const pepper = randomBytes(32).toString('base64');
  const fixture = await startServiceFixture(spec, {
    API_KEY_PEPPER: pepper,
    API_KEY_ENV: 'test',
    PUBLIC_URL: SITE,
    SECRETS_KEK: randomBytes(32).toString('base64'),
    EGRESS_ALLOW: '127.0.0.0/8',
    ...env,
  });

  async function exchange(
    secret: string,
    kind: 'api-key' | 'sign-in' | 'access-token' = 'api-key',
  ): Promise<TestPrincipal> {
    const { token } = await fixture.call(auth.exchangeCredential, { kind, secret }, edge);
    const claims = await (await fixture.bus.as('gateway')).tokens.verify(token);
    return claims as typeof claims & TestPrincipal & { scopes: Permission[] };
  }

  return Object.assign(fixture, {
    pepper,
    exchange,
    async createTenant({ operators = false } = {}) {
      const { app } = fixture.service;
      const create = new CreateTenant(app.get(Database), app.get(ApiKeyMint), app.get(MakeLink));
      const name = `tenant-${randomBytes(6).toString('hex')}`;
      const made = await create.run({ name, operators, workspace: 'default', owner: 'Ada', withKey: true });
      const { welcome, apiKey: key } = { apiKey: '', ...made };
      const principal = await exchange(key);
      return { name, welcome, key, keyId: principal.credentialId!, principal };
    },
    async setRole({ tenantId, principal }: TestPrincipal, role: Role) {
      await fixture.database.query(
        'with demoted as (update auth.principal set owner_since = null where tenant_id = $1 and id = $2) update auth.membership set role = $3 where tenant_id = $1 and principal_id = $2',
        [tenantId, principal.id, role],
      );
    },
  });
}
