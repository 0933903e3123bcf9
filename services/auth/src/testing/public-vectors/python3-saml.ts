/** The invalid files below `tests/data/responses` of python3-saml, by their defects. */
import { wrappings } from '../hostile-responses.js';
import { AGO, LATER, aes, attribute, encrypted, nameId, replaced, statement, tampered, type Vector } from './vector.js';

/** In its folder `invalids`, without their endings. */
export const invalid: readonly Vector[] = [
  { of: ['bad_reference'], defect: 'the digest is of something else', then: tampered, refused: 'signature: Invalid' },
  {
    of: ['duplicated_attributes'],
    defect: 'an attribute is there twice',
    says: { assertion: statement(attribute + attribute) },
    refused: 'attributes',
  },
  { of: ['empty_destination'], defect: 'Destination is empty', says: { destination: '' }, refused: 'destination' },
  { of: ['empty_nameid'], defect: 'NameID is empty', says: { nameId: '' }, refused: 'text of NameID' },
  {
    of: ['encrypted_attrs', 'response_encrypted_attrs'],
    defect: 'an attribute is encrypted, so nobody reads it',
    says: { assertion: statement(attribute + encrypted('EncryptedAttribute', aes)) },
    refused: 'attributes',
  },
  {
    of: ['encrypted_nameID_without_EncMethod'],
    defect: 'the name is encrypted, and nothing says how',
    says: { assertion: replaced(nameId, encrypted('EncryptedID')) },
    refused: 'one NameID',
  },
  {
    of: ['encrypted_nameID_without_keyinfo'],
    defect: 'the name is encrypted, and nothing says with what',
    says: { assertion: replaced(nameId, encrypted('EncryptedID', aes)) },
    refused: 'one NameID',
  },
  {
    of: ['invalid_audience'],
    defect: 'it is for another audience',
    says: { audience: 'http://invalid.audience.com' },
    refused: 'signature: SAML assertion audience mismatch',
  },
  {
    of: ['invalid_issuer_assertion'],
    defect: 'the assertion has another issuer',
    says: { assertionIssuer: 'http://invalid.issuer.example.com/' },
    refused: 'issuer',
  },
  {
    of: ['invalid_issuer_message'],
    defect: 'the response has another issuer',
    says: { issuer: 'http://invalid.isser.example.com/' },
    refused: 'issuer',
  },
  {
    of: ['invalid_sessionindex'],
    defect: 'the session ended before it began',
    says: { assertion: replaced(' SessionIndex', ` SessionNotOnOrAfter="${AGO}" SessionIndex`) },
    refused: 'expired',
  },
  {
    of: ['invalid_subjectconfirmation_inresponse'],
    defect: 'the confirmation answers another request',
    says: { assertion: replaced(/ InResponseTo="[^"]*"/, ' InResponseTo="invalid_inresponse"') },
    refused: 'request',
  },
  {
    of: ['invalid_subjectconfirmation_nb'],
    defect: 'the confirmation begins later',
    says: { assertion: replaced(' Recipient=', ` NotBefore="${LATER}" Recipient=`) },
    refused: 'confirmation',
  },
  {
    of: ['invalid_subjectconfirmation_noa'],
    defect: 'the confirmation has ended',
    says: { assertion: replaced(/NotOnOrAfter="[^"]*"/, `NotOnOrAfter="${AGO}"`) },
    refused: 'expired',
  },
  {
    of: ['invalid_subjectconfirmation_recipient'],
    defect: 'the confirmation is for another address',
    says: { recipient: 'http://invalid.recipient.example.com/acs' },
    refused: 'recipient',
  },
  {
    of: ['multiple_assertions'],
    defect: 'there are two assertions',
    says: { response: (xml) => xml.replace(/(<saml:Assertion .*<\/saml:Assertion>)/, (all) => all + otherIds(all)) },
    refused: 'one assertion',
  },
  {
    of: ['no_authnstatement'],
    defect: 'nobody signed in',
    says: { assertion: replaced(/<saml:AuthnStatement.*<\/saml:AuthnStatement>/, '') },
    refused: 'one AuthnStatement',
  },
  {
    of: ['no_conditions'],
    defect: 'there are no conditions',
    says: { assertion: replaced(/<saml:Conditions.*<\/saml:Conditions>/, '') },
    refused: 'signature',
  },
  {
    of: ['no_id'],
    defect: 'the response has no ID',
    says: { signed: 'assertion', response: replaced(/ ID="[^"]*"/, '') },
    refused: 'ids',
  },
  {
    of: ['no_issuer_assertion'],
    defect: 'the assertion has no issuer',
    says: { signed: 'response', assertion: replaced(/<saml:Issuer>.*<\/saml:Issuer>/, '') },
    refused: 'one Issuer',
  },
  {
    of: ['no_issuer_response'],
    defect: 'the response has no issuer',
    says: { signed: 'assertion', response: replaced(/<saml:Issuer .*?<\/saml:Issuer>/, '') },
    refused: 'one Issuer',
  },
  {
    of: ['no_key'],
    defect: 'the signature has no method, value or key',
    then: (xml) =>
      xml
        .replaceAll(/<ds:SignatureMethod [^>]*\/>/g, '')
        .replaceAll(/<ds:SignatureValue>.*?<\/ds:SignatureValue>/g, ''),
    refused: 'members of Signature',
  },
  { of: ['no_nameid'], defect: 'nobody is named', says: { assertion: replaced(nameId, '') }, refused: 'one NameID' },
  {
    of: ['no_saml2'],
    defect: 'it is SAML 1.0',
    says: { signed: 'assertion', response: replaced('SAML:2.0:protocol', 'SAML:1.0:protocol') },
    refused: 'root',
  },
  { of: ['no_signature'], defect: 'nobody signed it', says: { signed: 'none' }, refused: 'unsigned' },
  {
    of: ['no_status'],
    defect: 'it has no status',
    says: { response: replaced(/<samlp:Status>.*<\/samlp:Status>/, '') },
    refused: 'one Status',
  },
  {
    of: ['no_status_code'],
    defect: 'the status has no code',
    says: { response: replaced(/<samlp:StatusCode [^>]*\/>/, '') },
    refused: 'one StatusCode',
  },
  {
    of: ['no_subjectconfirmation_data'],
    defect: 'the confirmation says nothing',
    says: { assertion: replaced(/<saml:SubjectConfirmationData [^>]*\/>/, '') },
    refused: 'one SubjectConfirmationData',
  },
  {
    of: ['no_subjectconfirmation_method'],
    defect: 'the holder of a key is confirmed, not the bearer',
    says: { assertion: replaced('cm:bearer', 'cm:holder-of-key') },
    refused: 'confirmation',
  },
  {
    of: ['not_after_failed'],
    defect: 'it has expired',
    says: { validForMs: -3_600_000 },
    refused: 'signature: SAML assertion expired',
  },
  {
    of: ['not_before_failed'],
    defect: 'it begins later',
    says: { assertion: replaced(/NotBefore="[^"]*"/, `NotBefore="${LATER}"`) },
    refused: 'signature: SAML assertion not yet valid',
  },
  {
    of: ['signed_assertion_response'],
    defect: 'the name is for one time',
    says: { nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' },
    refused: 'transient subject',
  },
  { of: ['status_code_responder'], defect: 'it failed', says: { status: 'Responder' }, refused: 'status' },
  {
    of: ['status_code_responer_and_msg'],
    defect: 'it failed, with a message',
    says: {
      status: 'Responder',
      response: replaced(
        '</samlp:Status>',
        '<samlp:StatusMessage>something_is_wrong</samlp:StatusMessage></samlp:Status>',
      ),
    },
    refused: 'status',
  },
  {
    of: ['signature_wrapping_attack'],
    defect: 'what was signed is in the status, of the same ID',
    says: { signed: 'response' },
    then: (xml) =>
      tampered(unsigned(xml)).replace(
        '</samlp:Status>',
        `<samlp:StatusDetail>${xml}</samlp:StatusDetail></samlp:Status>`,
      ),
    refused: 'ids',
  },
  {
    of: ['signature_wrapping_attack2'],
    defect: 'an assertion bears the signature of another, which is in it',
    says: { signed: 'assertion' },
    then: (xml) => wrappings['XSW8']!(xml, xml),
    refused: 'one assertion',
  },
  {
    of: ['wrong_spnamequalifier'],
    defect: 'the name is one for another service',
    says: { assertion: replaced('<saml:NameID ', '<saml:NameID SPNameQualifier="wrong-sp-entityid" ') },
    refused: 'name for another',
  },
];

/** What python3-saml keeps beside its invalid ones, and refuses all the same when it is strict, or only did so once. */
export const others: readonly Vector[] = [
  {
    of: ['expired_response.xml.base64'],
    defect: 'it has expired',
    says: { validForMs: -3_600_000 },
    refused: 'signature: SAML assertion expired',
  },
  {
    of: ['no_audience.xml.base64'],
    defect: 'it is for no audience',
    says: { assertion: replaced(/<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/, '') },
    refused: 'signature: SAML assertion',
  },
  {
    of: ['response_node_text_attack.xml.base64'],
    defect: 'a comment divides the name',
    says: { nameId: 'support@onelogin.com<!-- attack -->.evil.com' },
    refused: 'markup',
  },
  {
    of: ['response_with_nested_nameid_values.xml.base64'],
    defect: 'the name has an element in it',
    says: { nameId: 'ada<x xmlns="urn:x">eve</x>' },
    refused: 'text of NameID',
  },
  {
    of: ['response_without_reference_uri.xml.base64', 'response_without_assertion_reference_uri.xml.base64'],
    defect: 'the signature refers to the whole document',
    then: (xml) => xml.replaceAll(/ URI="#[^"]*"/g, ' URI=""'),
    refused: 'reference',
  },
  {
    of: ['unsigned_assertion.xml.base64', 'unsigned_response.xml.base64', 'valid_unsigned_response.xml.base64'],
    defect: 'nobody signed it',
    says: { signed: 'none' },
    refused: 'unsigned',
  },
  {
    of: ['wrapped_response_2.xml.base64'],
    defect: 'something else that was signed is beside it',
    builds: async ({ idp, said }) => {
      const xml = await idp.respond({ ...said, signed: 'none' });
      const order = Buffer.from(idp.logout({ slo: said.acs }).post, 'base64').toString();
      const signed = order.replaceAll('samlp:LogoutRequest', 'md:EntityDescriptor');
      return xml.replace('</samlp:Response>', `${signed.replace(' ', ' xmlns:md="urn:md" ')}</samlp:Response>`);
    },
    refused: 'members',
  },
  {
    of: ['unsigned_response_with_miliseconds.xm.base64'],
    defect: 'nobody signed it, to the millisecond',
    says: { signed: 'none' },
    refused: 'unsigned',
  },
];

function otherIds(xml: string): string {
  return xml.replaceAll(/ ID="_([^"]*)"/g, ' ID="_other$1"').replaceAll('URI="#_', 'URI="#_other');
}

const unsigned = (xml: string): string => xml.replaceAll(/<ds:Signature .*?<\/ds:Signature>/g, '');
