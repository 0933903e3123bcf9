/** Orders and answers to sign out, and metadata, that both have files of. */
import type { LogoutSaid } from '@conclave/dev-env/testing';
import { AGO, aes, encrypted, nameId, replaced, tampered } from './vector.js';

/** One order or answer to sign out, as others have it in a file. */
export interface LogoutVector {
  readonly file: string;
  readonly defect: string;
  readonly says: Partial<LogoutSaid>;
  readonly then?: (xml: string) => string;
  /** `false`: it is read, and says that not everything ended. */
  readonly refused: string | false;
}

export const logoutRequests: readonly LogoutVector[] = [
  {
    file: 'logout_requests/invalids/invalid_issuer.xml',
    defect: 'it has another issuer',
    says: { issuer: 'https://example.hello.com/access/saml' },
    refused: 'issuer',
  },
  {
    file: 'logout_requests/invalids/no_nameId.xml',
    defect: 'nobody is named',
    says: { message: replaced(nameId, '') },
    refused: 'one NameID',
  },
  {
    file: 'logout_requests/invalids/not_after_failed.xml',
    defect: 'it has expired',
    says: { notOnOrAfterMs: -3_600_000 },
    refused: 'expired',
  },
  {
    file: 'logout_request_with_bad_expiration.xml',
    defect: 'it has expired',
    says: { notOnOrAfterMs: -3_600_000 },
    refused: 'expired',
  },
  {
    file: 'logout_request_with_bad_signature.xml',
    defect: 'it was changed after it was signed',
    says: {},
    then: tampered,
    refused: 'signature',
  },
  {
    file: 'logout_request_with_encrypted_name_id.xml',
    defect: 'the name is encrypted',
    says: { message: replaced(nameId, encrypted('EncryptedID', aes)) },
    refused: 'members',
  },
];

export const logoutAnswers: readonly LogoutVector[] = [
  {
    file: 'logout_responses/invalids/no_status.xml.base64',
    defect: 'it has no status',
    says: { message: replaced(/<samlp:Status>.*<\/samlp:Status>/, '') },
    refused: 'one Status',
  },
  {
    file: 'logout_responses/invalids/status_code_responder.xml.base64',
    defect: 'it failed',
    says: { status: 'Responder' },
    refused: false,
  },
  { file: 'sp_slo_redirect_failure.json', defect: 'it failed', says: { status: 'Requester' }, refused: false },
];

/** What is done to good metadata of a provider. */
export const metadata: readonly {
  readonly file: string;
  readonly defect: string;
  readonly then: (xml: string) => string;
  readonly refused: string;
}[] = [
  {
    file: 'expired_metadata_settings1.xml',
    defect: 'it has expired',
    then: replaced(' entityID=', ` validUntil="${AGO}" entityID=`),
    refused: 'expired',
  },
  {
    file: 'noentity_metadata_settings1.xml',
    defect: 'it is of no entity',
    then: (xml) => xml.replaceAll('md:EntityDescriptor', 'md:Nothing'),
    refused: 'metadata of one identity provider',
  },
  {
    file: 'unparsed_metadata.xml',
    defect: 'it cannot be parsed',
    then: replaced('</md:IDPSSODescriptor>', '</md:IDPSSODescriptor2>'),
    refused: 'malformed',
  },
  {
    file: 'idp_multiple_descriptors.xml',
    defect: 'it is of two providers',
    then: (xml) =>
      xml.replace(
        /<md:EntityDescriptor[^]*<\/md:EntityDescriptor>/,
        (one) =>
          `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">${one}${one}</md:EntitiesDescriptor>`,
      ),
    refused: 'metadata of one identity provider',
  },
  {
    file: 'metadata_settings1.xml',
    defect: 'it is of a service',
    then: (xml) => xml.replaceAll('IDPSSODescriptor', 'SPSSODescriptor'),
    refused: 'metadata of one identity provider',
  },
];
