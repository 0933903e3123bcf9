import { ApiKeyEntity } from './api-keys/api-key.entity.js';
import { MembershipEntity } from './members/membership.entity.js';
import { PrincipalEntity } from './members/principal.entity.js';
import { SignInEntity } from './sign-ins/sign-in.entity.js';
import { TenantEntity } from './tenants/tenant.entity.js';
import { WorkspaceEntity } from './workspaces/workspace.entity.js';

/** Every table this service keeps through TypeORM. */
export const entities = [TenantEntity, WorkspaceEntity, PrincipalEntity, MembershipEntity, ApiKeyEntity, SignInEntity];
