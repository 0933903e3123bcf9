/** What auth's module needs for second factors. */
import { ShownPasskey } from '../passkeys/shown-passkey.js';
import { AddTotp } from './add-totp.js';
import { AuthenticatorApps } from './authenticator-apps.js';
import { BeginTotp } from './begin-totp.js';
import { ConfirmTotp } from './confirm-totp.js';
import { GetFactors } from './get-factors.js';
import { GoOnProven } from './go-on-proven.js';
import { MfaPolicy } from './mfa-policy.js';
import { MfaController } from './mfa.controller.js';
import { ProvenSignIns } from './proven-sign-ins.js';
import { RecoveryCodes } from './recovery-codes.js';
import { RemoveTotp } from './remove-totp.js';
import { ReplaceRecoveryCodes } from './replace-recovery-codes.js';
import { SecondFactors } from './second-factors.js';
import { StepUp } from './step-up.js';
import { StepUpController } from './step-up.controller.js';

export const mfaControllers = [MfaController, StepUpController];

export const mfaProviders = [
  ConfirmTotp,
  AddTotp,
  AuthenticatorApps,
  BeginTotp,
  GetFactors,
  GoOnProven,
  MfaPolicy,
  ProvenSignIns,
  RecoveryCodes,
  RemoveTotp,
  ReplaceRecoveryCodes,
  SecondFactors,
  ShownPasskey,
  StepUp,
];
