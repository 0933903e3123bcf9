/**
 * The two ceremonies of WebAuthn Level 3, making a passkey and signing in with one, held at the one address of
 * PUBLIC_URL. The person is verified by the authenticator each time: a passkey is two factors.
 */
import { ConclaveError, type ReplyOf, type RequestOf, type passkeys } from '@conclave/contracts';
import { CONFIG } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import type { z } from 'zod';
import type { AuthConfig } from '../config.js';
import { Challenges } from './challenges.js';
import type { NewPasskey, PasskeyRow } from './postgres-passkeys.js';

type Registration = RequestOf<typeof passkeys.addPasskey>['registration'];
export type Assertion = z.output<typeof passkeys.assertion>;
/** What a browser reads; JSON, spelled by WebAuthn. */
type Options = ReplyOf<typeof passkeys.challengePasskey>['options'];
/** What a fresh passkey is, before somebody names it. */
export type MadePasskey = Pick<NewPasskey, 'credentialId' | 'publicKey' | 'counter' | 'transports'>;

/** COSE numbers of EdDSA, ES256 and RS256: all that authenticators in use speak. */
const ALGORITHMS = [-8, -7, -257];
const SIGN_IN = 'sign-in';
const asBytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));

@Injectable()
export class Ceremonies {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<AuthConfig, 'PUBLIC_URL'>,
    private readonly challenges: Challenges,
  ) {}

  /** Where passkeys are good: browsers offer them on https pages and at localhost. @throws ConclaveError `auth.passkeys-unavailable` */
  site(): { readonly origin: string; readonly rpId: string } {
    const url = URL.parse(this.config.PUBLIC_URL ?? '');
    if (!url || (url.protocol !== 'https:' && url.hostname !== 'localhost'))
      throw new ConclaveError('auth.passkeys-unavailable');
    return { origin: url.origin, rpId: url.hostname };
  }

  /** What the browser needs to make a passkey for a person; `known` must not be on the same device. */
  async creationOptions(
    { purpose, principalId, name }: { purpose: string; principalId: string; name: string },
    known: readonly PasskeyRow[],
  ): Promise<Options> {
    const options = await generateRegistrationOptions({
      ...{ rpName: 'Conclave', rpID: this.site().rpId, userName: name, userDisplayName: name },
      userID: asBytes(principalId),
      challenge: this.challenges.issue(purpose),
      supportedAlgorithmIDs: ALGORITHMS,
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: known.map((key) => ({ id: key.credential_id.toString('base64url') })),
    });
    return asJson(options);
  }

  async requestOptions(): Promise<Options> {
    const { rpId } = this.site();
    const challenge = this.challenges.issue(SIGN_IN);
    const options = await generateAuthenticationOptions({ rpID: rpId, challenge, userVerification: 'required' });
    return asJson(options);
  }

  /** @throws ConclaveError `auth.passkey.refused` unless it answers a challenge of ours for the purpose, at our site */
  async made(purpose: string, { id, transports, ...response }: Registration): Promise<MadePasskey> {
    const { origin, rpId } = this.site();
    const { registrationInfo } = await refusing(() =>
      verifyRegistrationResponse({
        response: { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response },
        expectedChallenge: (challenge) => this.challenges.isOurs(purpose, challenge),
        ...{ expectedOrigin: origin, expectedRPID: rpId, requireUserVerification: true },
        supportedAlgorithmIDs: ALGORITHMS,
      }),
    );
    if (!registrationInfo) throw refused('it does not verify');
    const { id: credentialId, publicKey, counter } = registrationInfo.credential;
    return { credentialId: Buffer.from(credentialId, 'base64url'), publicKey, counter, transports };
  }

  /** @returns the counter. @throws ConclaveError `auth.passkey.refused` unless this passkey signed a challenge of ours */
  async asserted({ id, ...response }: Assertion, key: PasskeyRow): Promise<number> {
    const { origin, rpId } = this.site();
    const { verified, authenticationInfo } = await refusing(() =>
      verifyAuthenticationResponse({
        response: { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response },
        expectedChallenge: (challenge) => this.challenges.isOurs(SIGN_IN, challenge),
        ...{ expectedOrigin: origin, expectedRPID: rpId, requireUserVerification: true },
        credential: {
          id: key.credential_id.toString('base64url'),
          publicKey: new Uint8Array(key.public_key),
          counter: Number(key.counter),
        },
      }),
    );
    if (!verified) throw refused('it does not verify');
    if (Buffer.from(response.userHandle, 'base64url').toString() !== key.principal_id)
      throw refused('it is somebody else’s');
    return authenticationInfo.newCounter;
  }
}

const asJson = (options: object): Options => JSON.parse(JSON.stringify(options)) as Options;

const refused = (reason: string, cause?: unknown): ConclaveError =>
  new ConclaveError('auth.passkey.refused', { reason }, { cause });

/** The library throws at whatever is wrong with what a browser sent. */
async function refusing<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify();
  } catch (error) {
    throw refused('it does not answer what was asked, or not here', error);
  }
}
