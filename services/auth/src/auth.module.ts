import { Cedar } from '@conclave/nest-kit/policy';
import { Module } from '@nestjs/common';
import { AccessReviewsController } from './access-reviews/access-reviews.controller.js';
import { ReviewAccess } from './access-reviews/review-access.js';
import { ApiKeyMint } from './api-keys/api-key-mint.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { CreateApiKey } from './api-keys/create-api-key.js';
import { ListApiKeys } from './api-keys/list-api-keys.js';
import { RevokeApiKey } from './api-keys/revoke-api-key.js';
import { BreakGlassController } from './break-glass/break-glass.controller.js';
import { BreakTheGlass } from './break-glass/break-glass.js';
import { connectionControllers, connectionProviders } from './connections/connection-parts.js';
import { AnswerBox } from './credentials/answer-box.js';
import { attemptProviders } from './credentials/attempt-parts.js';
import { Authenticator } from './credentials/authenticator.js';
import { CredentialDigest } from './credentials/credential-digest.js';
import { CredentialsController } from './credentials/credentials.controller.js';
import { ExchangeCredential } from './credentials/exchange-credential.js';
import { directoryControllers, directoryProviders } from './directories/directory-parts.js';
import { DataKeys } from './data-keys/data-keys.js';
import { KeyRing } from './data-keys/key-ring.js';
import { AcceptLink } from './links/accept-link.js';
import { Invite } from './links/invite.js';
import { LinksController } from './links/links.controller.js';
import { MakeLink } from './links/make-link.js';
import { RecoverMember } from './links/recover-member.js';
import { mailDomainControllers, mailDomainProviders } from './mail-domains/mail-domain-parts.js';
import { mailControllers, mailProviders } from './mails/mail-parts.js';
import { AddMember } from './members/add-member.js';
import { ChangeMember } from './members/change-member.js';
import { DisableMember } from './members/disable-member.js';
import { ForgetSubject } from './members/forget-subject.js';
import { GetMe } from './members/get-me.js';
import { ListMembers } from './members/list-members.js';
import { MembersController } from './members/members.controller.js';
import { mfaControllers, mfaProviders } from './mfa/mfa-parts.js';
import { oauthControllers, oauthProviders } from './oauth/oauth-parts.js';
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
import { AddPasskey } from './passkeys/add-passkey.js';
import { Ceremonies } from './passkeys/ceremonies.js';
import { Challenges } from './passkeys/challenges.js';
import { ManagePasskeys } from './passkeys/manage-passkeys.js';
import { PasskeysController } from './passkeys/passkeys.controller.js';
import { SignInWithPasskey } from './passkeys/sign-in-with-passkey.js';
import { AnswerScim } from './scim/answer-scim.js';
import { GroupRoles } from './scim/group-roles.js';
import { Groups } from './scim/groups.js';
import { ScimGroups } from './scim/scim-groups.js';
import { ScimUsers } from './scim/scim-users.js';
import { ScimController } from './scim/scim.controller.js';
import { CreateSignIn } from './sign-ins/create-sign-in.js';
import { EndSignIn } from './sign-ins/end-sign-in.js';
import { ListSignIns } from './sign-ins/list-sign-ins.js';
import { MoveSignIn } from './sign-ins/move-sign-in.js';
import { OpenSignIn } from './sign-ins/open-sign-in.js';
import { RevokeSignIn } from './sign-ins/revoke-sign-in.js';
import { SignInsController } from './sign-ins/sign-ins.controller.js';
import { tenantControllers, tenantProviders } from './tenants/tenant-parts.js';
import { CreateWorkspace } from './workspaces/create-workspace.js';
import { ListWorkspaces } from './workspaces/list-workspaces.js';
import { WorkspacesController } from './workspaces/workspaces.controller.js';

@Module({
  controllers: [
    ...connectionControllers,
    ...directoryControllers,
    ...mfaControllers,
    AccessReviewsController,
    ...tenantControllers,
    ...oauthControllers,
    ...mailControllers,
    ...mailDomainControllers,
    ApiKeysController,
    BreakGlassController,
    CredentialsController,
    LinksController,
    MembersController,
    PasskeysController,
    PoliciesController,
    RolesController,
    ScimController,
    SecretsController,
    SignInsController,
    WorkspacesController,
  ],
  providers: [
    ...attemptProviders,
    ...connectionProviders,
    ...directoryProviders,
    ...mfaProviders,
    ...tenantProviders,
    ...oauthProviders,
    ...mailProviders,
    ...mailDomainProviders,
    ...[AnswerScim, GroupRoles, Groups, ScimGroups, ScimUsers],
    ...[KeyRing, DataKeys, Vault, CreateSecret, DeleteSecret, LeaseSecret, ListSecrets, RotateSecret],
    AcceptLink,
    AddMember,
    AddPasskey,
    AnswerBox,
    ApiKeyMint,
    Authenticator,
    BreakTheGlass,
    Cedar,
    Ceremonies,
    Challenges,
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
    Invite,
    ListApiKeys,
    ListMembers,
    ListRoles,
    ListSignIns,
    ListWorkspaces,
    MakeLink,
    ManagePasskeys,
    MoveSignIn,
    OpenSignIn,
    OwnPolicySource,
    PutPolicy,
    ReadPolicies,
    RecoverMember,
    ReviewAccess,
    RevokeApiKey,
    RevokeSignIn,
    SignInWithPasskey,
    TestPolicies,
  ],
})
export class AuthModule {}
