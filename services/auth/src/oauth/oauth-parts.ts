/** What auth's module needs for the authorization server. */
import { AccessTokens } from './access-tokens.js';
import { AnswerOauth } from './answer-oauth.js';
import { Artifacts } from './artifacts.js';
import { AuthorizationServer } from './authorization-server.js';
import { Authorizations } from './authorizations.js';
import { DeviceCodes } from './device-codes.js';
import { GiveGrant } from './give-grant.js';
import { Grants } from './grants.js';
import { OauthClientsController } from './oauth-clients.controller.js';
import { OauthClients } from './oauth-clients.js';
import { OauthController } from './oauth.controller.js';
import { SigningKeys } from './signing-keys.js';

export const oauthControllers = [OauthController, OauthClientsController];

export const oauthProviders = [
  AccessTokens,
  AnswerOauth,
  Artifacts,
  AuthorizationServer,
  Authorizations,
  DeviceCodes,
  GiveGrant,
  Grants,
  OauthClients,
  SigningKeys,
];
