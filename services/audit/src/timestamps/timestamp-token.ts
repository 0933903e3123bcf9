/**
 * Requests to a timestamp authority, and whether its answer is one.
 *
 * Source: RFC 3161 § 2.4 (request and response), § 2.3 (what its certificate is for); signatures by pkijs (RFC 5652).
 */
import type { X509Certificate } from 'node:crypto';
import {
  Certificate,
  MessageImprint,
  PKIStatus,
  SignedData,
  TimeStampReq,
  TimeStampResp,
  type ExtKeyUsage,
} from 'pkijs';

const EXTENDED_KEY_USAGE = '2.5.29.37';
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

/** The DER of a request about these bytes, for SHA-256 and with the authority's certificate in the answer. */
export async function timestampRequest(bytes: Uint8Array): Promise<Uint8Array> {
  const messageImprint = await MessageImprint.create('SHA-256', Uint8Array.from(bytes));
  return new Uint8Array(new TimeStampReq({ version: 1, messageImprint, certReq: true }).toSchema().toBER());
}

/**
 * When the authority saw the bytes, by its answer (DER).
 * @throws Error for what is no answer, a refusal, other bytes, or a signature nobody vouches for
 */
export async function timeOfResponse(
  response: Uint8Array,
  bytes: Uint8Array,
  believed: readonly X509Certificate[],
): Promise<Date> {
  const { status, timeStampToken } = TimeStampResp.fromBER(Uint8Array.from(response));
  if (status.status > PKIStatus.grantedWithMods || !timeStampToken)
    throw new Error(`the authority refused: status ${status.status}`);
  const signed = new SignedData({ schema: timeStampToken.content });
  const { signatureVerified, signerCertificateVerified, signerCertificate, date } = await signed.verify({
    ...{ signer: 0, checkChain: true, extendedMode: true, data: Uint8Array.from(bytes).buffer },
    trustedCerts: believed.map(({ raw }) => Certificate.fromBER(Uint8Array.from(raw))),
  });
  if (!signatureVerified || !signerCertificateVerified || !signerCertificate || !date)
    throw new Error('the stamp is not signed by whom the configuration believes');
  const usage = signerCertificate.extensions?.find(({ extnID }) => extnID === EXTENDED_KEY_USAGE);
  if ((usage?.parsedValue as ExtKeyUsage | undefined)?.keyPurposes.join() !== TIME_STAMPING)
    throw new Error('the certificate that signed the stamp is not for timestamps');
  return date;
}
