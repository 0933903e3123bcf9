import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { selfSignedCertificate } from '@conclave/nest-kit';

/** Providers pin our certificate as it is; a new one needs their administrators' hands. */
const CERTIFICATE_YEARS = 10;

const generate = promisify(generateKeyPair);

/** What signs for one connection, and of SAML decrypts. */
export async function newConnectionKey(origin: string): Promise<{ secret: string; certificate: string }> {
  const { privateKey } = await generate('rsa', { modulusLength: 2_048 });
  const certificate = selfSignedCertificate(privateKey, new URL(origin).hostname, new Date(), CERTIFICATE_YEARS);
  return { secret: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), certificate };
}
