import { Cedar } from '@conclave/nest-kit/policy';
import { Module } from '@nestjs/common';
import { ApiKeyMint } from './api-keys/api-key-mint.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { CreateApiKey } from './api-keys/create-api-key.js';
import { ListApiKeys } from './api-keys/list-api-keys.js';
import { RevokeApiKey } from './api-keys/revoke-api-key.js';
import { Authenticator } from './credentials/authenticator.js';
import { CredentialDigest } from './credentials/credential-digest.js';
import { CredentialsController } from './credentials/credentials.controller.js';
import { ExchangeCredential } from './credentials/exchange-credential.js';
import { DataKeys } from './data-keys/data-keys.js';
import { KeyRing } from './data-keys/key-ring.js';
import { AddMember } from './members/add-member.js';
import { ChangeMember } from './members/change-member.js';
import { DisableMember } from './members/disable-member.js';
import { ForgetSubject } from './members/forget-subject.js';
import { GetMe } from './members/get-me.js';
import { ListMembers } from './members/list-members.js';
import { MembersController } from './members/members.controller.js';
import { DeletePolicy } from './policies/delete-policy.js';
import { OwnPolicySource } from './policies/own-policy-source.js';
import { PoliciesController } from './policies/policies.controller.js';
import { PutPolicy } from './policies/put-policy.js';
import { ReadPolicies } from './policies/read-policies.js';
import { TestPolicies } from './policies/test-policies.js';
import { ChangeRole } from './roles/change-role.js';
import { CreateRole } from './roles/create-role.js';
import { DeleteRole } from './roles/delete-role.js';
import { ListRoles } from './roles/list-roles.js';
import { RolesController } from './roles/roles.controller.js';
import { CreateSecret } from './secrets/create-secret.js';
import { DeleteSecret } from './secrets/delete-secret.js';
import { LeaseSecret } from './secrets/lease-secret.js';
import { ListSecrets } from './secrets/list-secrets.js';
import { RotateSecret } from './secrets/rotate-secret.js';
import { SecretsController } from './secrets/secrets.controller.js';
import { Vault } from './secrets/vault.js';
import { CreateSignIn } from './sign-ins/create-sign-in.js';
import { EndSignIn } from './sign-ins/end-sign-in.js';
import { ListSignIns } from './sign-ins/list-sign-ins.js';
import { OpenSignIn } from './sign-ins/open-sign-in.js';
import { RevokeSignIn } from './sign-ins/revoke-sign-in.js';
import { SignInsController } from './sign-ins/sign-ins.controller.js';
import { CreateWorkspace } from './workspaces/create-workspace.js';
import { ListWorkspaces } from './workspaces/list-workspaces.js';
import { WorkspacesController } from './workspaces/workspaces.controller.js';

@Module({
  controllers: [
    ApiKeysController,
    CredentialsController,
    MembersController,
    PoliciesController,
    RolesController,
    SecretsController,
    SignInsController,
    WorkspacesController,
  ],
  providers: [
    ...[KeyRing, DataKeys, Vault, CreateSecret, DeleteSecret, LeaseSecret, ListSecrets, RotateSecret],
    AddMember,
    ApiKeyMint,
    Authenticator,
    Cedar,
    ChangeMember,
    ChangeRole,
    CreateApiKey,
    CreateRole,
    CreateSignIn,
    CreateWorkspace,
    CredentialDigest,
    DeletePolicy,
    DeleteRole,
    DisableMember,
    EndSignIn,
    ExchangeCredential,
    ForgetSubject,
    GetMe,
    ListApiKeys,
    ListMembers,
    ListRoles,
    ListSignIns,
    ListWorkspaces,
    OpenSignIn,
    OwnPolicySource,
    PutPolicy,
    ReadPolicies,
    RevokeApiKey,
    RevokeSignIn,
    TestPolicies,
  ],
})
export class AuthModule {}
