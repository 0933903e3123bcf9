/**
 * The SDK's client of KMS, loaded when keys are in KMS and not before. All it sends goes through the guarded way out, also
 * to STS when a role is taken on. It looks for no credentials of its own: neither in files of a home nor at the machine's
 * metadata service, which the guard would not let it reach.
 */
import type { KMSClient, KMSClientConfig } from '@aws-sdk/client-kms';
import { Egress } from '@conclave/nest-kit/egress';

export interface KmsAccess {
  /** Where KMS is, unless it is AWS's of the key's region. */
  readonly endpoint?: string | undefined;
  readonly stsEndpoint?: string | undefined;
  readonly credentials: KmsCredentials;
  /** Networks it may be in although they are not public. */
  readonly allowed: readonly string[];
}

/** Keys of a user or of a role; or a role to take on with a token that is read whenever it is taken on anew. */
export type KmsCredentials =
  | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
  | { readonly roleArn: string; readonly tokenFile: string };

/** For one attempt: name, connection, answer. */
const ATTEMPT_MS = 1_500;
const ATTEMPTS = 3;
const ANSWER_BYTES = 65_536;

/** A request of the SDK. */
interface Sent {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export async function kmsClient(region: string, access: KmsAccess): Promise<KMSClient> {
  const { KMSClient } = await import('@aws-sdk/client-kms');
  const requestHandler = guarded(new Egress(access.allowed));
  return new KMSClient({
    ...{ region, requestHandler, maxAttempts: ATTEMPTS },
    credentials: await credentialsOf(access, { region, requestHandler }),
    ...(access.endpoint === undefined ? {} : { endpoint: access.endpoint }),
  });
}

async function credentialsOf({ credentials, stsEndpoint }: KmsAccess, client: object) {
  if ('accessKeyId' in credentials) return credentials;
  const { fromTokenFile } = await import('@aws-sdk/credential-provider-web-identity');
  const { roleArn, tokenFile: webIdentityTokenFile } = credentials;
  const clientConfig = {
    ...client,
    maxAttempts: ATTEMPTS,
    ...(stsEndpoint === undefined ? {} : { endpoint: stsEndpoint }),
  };
  return fromTokenFile({ roleArn, webIdentityTokenFile, roleSessionName: 'conclave', clientConfig });
}

/** Both services are asked by a POST whose body is in memory, and answer with little. */
function guarded(egress: Egress): NonNullable<KMSClientConfig['requestHandler']> {
  return {
    async handle({ protocol, hostname, port, path, ...request }: Sent) {
      const url = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`;
      const { method, headers, body } = request;
      const answer = await egress.fetch(url, { method, headers, body, timeoutMs: ATTEMPT_MS }, ANSWER_BYTES);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      return { response: { statusCode: answer.status, headers: Object.fromEntries(answer.headers), body: bytes } };
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}
