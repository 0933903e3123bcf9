/**
 * Key-encryption keys in AWS KMS, or what speaks its protocol. KMS wraps and opens with the place as encryption context,
 * which it authenticates and writes into its trail, and the keys never leave it.
 *
 * A key is named by its ARN, beside what it wrapped and in what is asked: of a key that is not set up here nothing is
 * opened, whatever the ciphertext or a row says.
 */
import type { KMSClient, KMSServiceException } from '@aws-sdk/client-kms';
import { kmsClient, type KmsAccess } from './kms-client.js';
import type { KeyEncryption, WrappedKey } from './key-encryption.js';
import { away, misconfigured, type Fault } from './key-store-refusals.js';

export interface KmsOptions extends KmsAccess {
  /** ARNs of symmetric keys: the first wraps, all of them open. */
  readonly keys: readonly [string, ...string[]];
}

/** What each refusal asks of an operator: KMS's own, of signatures, and of the tokens that a role is taken on with. */
const FAULTS: Readonly<Record<string, Fault>> = {
  ...{ UnrecognizedClientException: 'credentials', InvalidSignatureException: 'credentials' },
  ...{ IncompleteSignature: 'credentials', MissingAuthenticationTokenException: 'credentials' },
  ...{ InvalidClientTokenId: 'credentials', ExpiredTokenException: 'credentials' },
  ...{ InvalidIdentityToken: 'credentials', InvalidIdentityTokenException: 'credentials' },
  ...{ IDPRejectedClaim: 'credentials', IDPRejectedClaimException: 'credentials' },
  ...{ AccessDenied: 'permission', AccessDeniedException: 'permission' },
  ...{ NotFoundException: 'key', DisabledException: 'key', KMSInvalidStateException: 'key' },
  ...{ InvalidKeyUsageException: 'key', InvalidArnException: 'key', ValidationException: 'key' },
  ...{ InvalidCiphertextException: 'ciphertext', IncorrectKeyException: 'ciphertext' },
  ...{ UnknownOperationException: 'address', SyntaxError: 'answer' },
};

export class KmsKeys implements KeyEncryption {
  /** One for each region that keys are in. */
  private readonly clients = new Map<string, Promise<KMSClient>>();

  constructor(private readonly options: KmsOptions) {}

  async current(): Promise<string> {
    return idOf(this.options.keys[0]);
  }

  holds(keyId: string): boolean {
    return this.options.keys.some((arn) => idOf(arn) === keyId);
  }

  async wrap(dataKey: Uint8Array, place: string): Promise<WrappedKey> {
    const [KeyId] = this.options.keys;
    const { EncryptCommand } = await import('@aws-sdk/client-kms');
    const command = new EncryptCommand({ KeyId, Plaintext: dataKey, EncryptionContext: { place } });
    const { CiphertextBlob } = await this.ask(KeyId, (client) => client.send(command));
    return { keyId: idOf(KeyId), wrapped: answered(CiphertextBlob, 'Encrypt').toString('base64') };
  }

  async unwrap({ keyId, wrapped }: WrappedKey, place: string): Promise<Buffer> {
    const KeyId = this.options.keys.find((arn) => idOf(arn) === keyId)!;
    const { DecryptCommand } = await import('@aws-sdk/client-kms');
    const blob = Buffer.from(wrapped, 'base64');
    const command = new DecryptCommand({ KeyId, CiphertextBlob: blob, EncryptionContext: { place } });
    return answered((await this.ask(KeyId, (client) => client.send(command))).Plaintext, 'Decrypt');
  }

  private async ask<T extends { readonly KeyId?: string | undefined }>(
    arn: string,
    work: (client: KMSClient) => Promise<T>,
  ): Promise<T> {
    const answer = await work(await this.clientFor(arn.split(':')[3]!)).catch((error: unknown) => {
      throw refusalOf(error);
    });
    if (answer.KeyId !== arn) throw misconfigured('kms', 'key', new Error(`KMS answered for another key than ${arn}`));
    return answer;
  }

  private clientFor(region: string): Promise<KMSClient> {
    const client = this.clients.get(region) ?? kmsClient(region, this.options);
    this.clients.set(region, client);
    return client;
  }
}

const idOf = (arn: string): string => `kms:${arn}`;

function answered(bytes: Uint8Array | undefined, verb: string): Buffer {
  if (!bytes?.length) throw misconfigured('kms', 'answer', new Error(`this is no answer of KMS to ${verb}`));
  return Buffer.from(bytes);
}

/** The SDK's errors carry the whole exchange; what the log needs of it is who refused what, and why. */
function refusalOf(error: unknown): Error {
  const { name, message, $metadata } = error as KMSServiceException;
  const fault = FAULTS[name];
  const cause = new Error(`KMS: ${name}: ${message} (request ${$metadata?.requestId ?? 'unknown'})`);
  return fault ? misconfigured('kms', fault, cause) : away('kms', cause);
}
