/** What auth's module needs for signing in through identity providers. */
import { CONFIG } from '@conclave/nest-kit';
import { Egress } from '@conclave/nest-kit/egress';
import type { AuthConfig } from '../config.js';
import { ConnectionSignIn } from '../connection-sign-ins/connection-sign-in.js';
import { ConnectionSignInsController } from '../connection-sign-ins/connection-sign-ins.controller.js';
import { GetClientKeys } from '../connection-sign-ins/get-client-keys.js';
import { GetSamlMetadata } from '../connection-sign-ins/get-saml-metadata.js';
import { ListSignInOptions } from '../connection-sign-ins/list-sign-in-options.js';
import { RefusedSignIns } from '../connection-sign-ins/refused-sign-ins.js';
import { Providers } from '../connection-sign-ins/provider.js';
import { IdentitiesController } from '../identities/identities.controller.js';
import { LinkIdentity } from '../identities/link-identity.js';
import { GithubClient } from '../oidc/github-client.js';
import { OidcClient } from '../oidc/oidc-client.js';
import { ChangeConnection } from './change-connection.js';
import { ConnectionSecrets } from './connection-secrets.js';
import { ConnectionsController } from './connections.controller.js';
import { CreateConnection } from './create-connection.js';
import { DeleteConnection } from './delete-connection.js';
import { PublicPlaces } from './public-places.js';
import { ProviderLogoutsController } from '../provider-logouts/provider-logouts.controller.js';
import { SignOutAtProvider } from '../provider-logouts/sign-out-at-provider.js';
import { TakeLogout } from '../provider-logouts/take-logout.js';
import { ManageSignInPolicy } from '../sign-in-policy/manage-sign-in-policy.js';
import { SignInPolicyController } from '../sign-in-policy/sign-in-policy.controller.js';
import { ReadConnections } from './read-connections.js';
import { RollKey } from './roll-key.js';
import { SealAnew } from './seal-anew.js';
import { TestConnection } from './test-connection.js';

export const connectionControllers = [
  ConnectionsController,
  ConnectionSignInsController,
  IdentitiesController,
  ProviderLogoutsController,
  SignInPolicyController,
];

export const connectionProviders = [
  {
    provide: Egress,
    inject: [CONFIG],
    useFactory: (config: AuthConfig) => new Egress(config.EGRESS_ALLOW),
  },
  ChangeConnection,
  ConnectionSecrets,
  ConnectionSignIn,
  CreateConnection,
  DeleteConnection,
  GetClientKeys,
  GetSamlMetadata,
  GithubClient,
  LinkIdentity,
  ListSignInOptions,
  ManageSignInPolicy,
  OidcClient,
  Providers,
  PublicPlaces,
  ReadConnections,
  RefusedSignIns,
  RollKey,
  SealAnew,
  SignOutAtProvider,
  TakeLogout,
  TestConnection,
];
