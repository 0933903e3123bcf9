/**
 * What becomes of each file of node-saml (1d8d66f) and python3-saml (0320fd4): as it stands, and moved to today and signed anew.
 * What they call valid is not taken as it stands for one of these reasons, all of them ours: `signature algorithm` (SHA-1),
 * `time` (an offset in place of a Z), `encryption` (PKCS#1 v1.5) and `encrypted by CBC in an unsigned response`,
 * `one assertion` (an advice that holds another), `unsigned`, `one Issuer` (the response has none), `request` (it answers
 * none), `markup` (a comment, an instruction); and signed anew `transient subject`, `one NameID` (it is encrypted),
 * `recipient` and `destination` (of one service, for another), `SAML assertion has no AudienceRestriction`.
 * `cannot be signed`: our provider signs behind an issuer only. What they call invalid and is taken signed anew was invalid
 * by its signature or its clock, which are new.
 */
export const responseFates: readonly {
  readonly asIs: string;
  readonly anew: string;
  readonly files: readonly string[];
}[] = [
  {
    asIs: 'destination',
    anew: 'destination',
    files: ['responses/invalids/empty_destination.xml.base64', 'responses/response_with_ampersands.xml'],
  },
  {
    asIs: 'encrypted by CBC in an unsigned response',
    anew: 'signature algorithm',
    files: ['responses/signed_encrypted_assertion2.xml.base64'],
  },
  {
    asIs: 'encrypted by CBC in an unsigned response',
    anew: 'signature: Invalid signature from encrypted assertion',
    files: ['testshib encrypted response.xml'],
  },
  {
    asIs: 'encryption',
    anew: 'encryption',
    files: [
      'responses/double_signed_encrypted_assertion.xml.base64',
      'responses/signed_encrypted_assertion.xml.base64',
      'responses/signed_message_encrypted_assertion.xml.base64',
      'responses/valid_encrypted_assertion.xml.base64',
      'responses/valid_encrypted_assertion_encrypted_nameid.xml.base64',
    ],
  },
  {
    asIs: 'ids',
    anew: 'ids',
    files: ['responses/invalids/no_id.xml.base64', 'responses/invalids/signature_wrapping_attack.xml.base64'],
  },
  {
    asIs: 'malformed',
    anew: 'cannot be signed',
    files: ['signatures/invalid/response.root-signed.multiple-root-elements.xml'],
  },
  { asIs: 'markup', anew: 'cannot be signed', files: ['responses/response_node_text_attack.xml.base64'] },
  { asIs: 'markup', anew: 'members', files: ['responses/wrapped_response_2.xml.base64'] },
  { asIs: 'members of Signature', anew: 'accepted', files: ['responses/invalids/no_key.xml.base64'] },
  { asIs: 'namespaces', anew: 'cannot be signed', files: ['responses/unsigned_assertion.xml.base64'] },
  {
    asIs: 'one Issuer',
    anew: 'cannot be signed',
    files: [
      'responses/invalids/no_issuer_response.xml.base64',
      'responses/invalids/no_status.xml.base64',
      'responses/invalids/no_status_code.xml.base64',
      'responses/response1.xml.base64',
      'responses/response1_with_duplicate_attributes.xml.base64',
      'responses/response1_with_friendlyname.xml.base64',
      'responses/response_with_nested_nameid_values.xml.base64',
    ],
  },
  {
    asIs: 'one Status',
    anew: 'one Status',
    files: ['responses/invalids/not_after_failed.xml.base64', 'responses/invalids/not_before_failed.xml.base64'],
  },
  { asIs: 'one assertion', anew: 'cannot be signed', files: ['responses/invalids/multiple_assertions.xml.base64'] },
  {
    asIs: 'one assertion',
    anew: 'one assertion',
    files: [
      'responses/invalids/signature_wrapping_attack2.xml.base64',
      'responses/invalids/status_code_responder.xml.base64',
      'responses/invalids/status_code_responer_and_msg.xml.base64',
      'responses/response4.xml.base64',
      'responses/response_with_ampersands.xml.base64',
      'signatures/invalid/response.root-signed.assertion-signed.1advice-signed.xml',
      'signatures/invalid/response.root-signed.assertion-signed.1advice-unsigned.xml',
      'signatures/invalid/response.root-signed.assertion-signed.2advice-signed.xml',
      'signatures/invalid/response.root-signed.assertion-signed.2advice-unsigned.xml',
      'signatures/invalid/response.root-signed.assertion-unsigned.1advice-unsigned.xml',
      'signatures/invalid/response.root-signed.assertion-unsigned.2advice-unsigned.xml',
      'signatures/invalid/response.root-unsigned.assertion-signed.1advice-signed.xml',
      'signatures/invalid/response.root-unsigned.assertion-signed.1advice-unsigned.xml',
      'signatures/invalid/response.root-unsigned.assertion-unsigned.1advice-unsigned.xml',
      'signatures/invalid/response.root-unsigned.assertion-unsigned.2advice-unsigned.xml',
      'signatures/valid/response.root-signed.assertion-signed.1advice-signed.xml',
      'signatures/valid/response.root-signed.assertion-signed.1advice-unsigned.xml',
      'signatures/valid/response.root-signed.assertion-signed.2advice-signed.xml',
      'signatures/valid/response.root-signed.assertion-signed.2advice-unsigned.xml',
      'signatures/valid/response.root-signed.assertion-unsigned.1advice-unsigned.xml',
      'signatures/valid/response.root-signed.assertion-unsigned.2advice-unsigned.xml',
      'signatures/valid/response.root-unsigned.assertion-signed.1advice-signed.xml',
      'signatures/valid/response.root-unsigned.assertion-signed.1advice-unsigned.xml',
    ],
  },
  { asIs: 'request', anew: 'request', files: ['responses/valid_response_without_inresponseto.xml.base64'] },
  { asIs: 'root', anew: 'cannot be signed', files: ['responses/invalids/no_saml2.xml.base64'] },
  {
    asIs: 'signature algorithm',
    anew: 'accepted',
    files: [
      'responses/double_signed_response2.xml.base64',
      'responses/invalids/bad_reference.xml.base64',
      'responses/open_saml_response.xml',
      'responses/response3.xml.base64',
      'responses/response_without_assertion_reference_uri.xml.base64',
      'responses/response_without_reference_uri.xml.base64',
      'responses/signed_assertion_response2.xml.base64',
      'responses/simple_saml_php.xml',
      'responses/valid_response.xml.base64',
      'responses/valid_response2.xml.base64',
      'responses/valid_response_with_namequalifier.xml.base64',
      'signatures/invalid/response.root-resigned-by-attacker-assertion-unsigned-attackers-cert-at-keyinfo.xml',
    ],
  },
  {
    asIs: 'signature algorithm',
    anew: 'name for another',
    files: ['responses/invalids/wrong_spnamequalifier.xml.base64'],
  },
  {
    asIs: 'signature algorithm',
    anew: 'one AuthnStatement',
    files: ['responses/invalids/no_authnstatement.xml.base64'],
  },
  { asIs: 'signature algorithm', anew: 'one Issuer', files: ['responses/invalids/no_issuer_assertion.xml.base64'] },
  {
    asIs: 'signature algorithm',
    anew: 'one NameID',
    files: [
      'responses/invalids/encrypted_nameID_without_EncMethod.xml.base64',
      'responses/invalids/encrypted_nameID_without_keyinfo.xml.base64',
      'responses/response_encrypted_nameid.xml.base64',
    ],
  },
  {
    asIs: 'signature algorithm',
    anew: 'recipient',
    files: ['responses/response2.xml.base64', 'responses/response5.xml.base64'],
  },
  {
    asIs: 'signature algorithm',
    anew: 'signature algorithm',
    files: ['responses/double_signed_encrypted_assertion2.xml.base64'],
  },
  {
    asIs: 'signature algorithm',
    anew: "signature: Cannot read properties of null (reading 'AudienceRestriction')",
    files: ['responses/invalids/no_conditions.xml.base64'],
  },
  {
    asIs: 'signature algorithm',
    anew: 'signature: SAML assertion expired: clocks skewed too much',
    files: [
      'responses/signed_message_encrypted_assertion2.xml.base64',
      'responses/signed_message_response2.xml.base64',
    ],
  },
  { asIs: 'signature algorithm', anew: 'text of NameID', files: ['responses/invalids/empty_nameid.xml.base64'] },
  {
    asIs: 'signature algorithm',
    anew: 'transient subject',
    files: [
      'responses/double_signed_response.xml.base64',
      'responses/invalids/duplicated_attributes.xml.base64',
      'responses/invalids/signed_assertion_response.xml.base64',
      'responses/pretty_signed_message_response.xml',
      'responses/signed_assertion_response.xml.base64',
      'responses/signed_message_response.xml.base64',
    ],
  },
  { asIs: 'signature: Invalid signature', anew: 'accepted', files: ['responses/adfs_response.xml.base64'] },
  {
    asIs: 'time',
    anew: 'namespaces',
    files: [
      'signatures/invalid/response.root-signed.assertion-invalidly-signed-encrypted.xml',
      'signatures/valid/response.root-signed.assertion-unsigned-encrypted.xml',
    ],
  },
  {
    asIs: 'time',
    anew: 'signature: SAML assertion has no AudienceRestriction',
    files: [
      'response-with-uncomplete-attribute.xml',
      'response.root-signed.message-signed-double-subjectconfirmation.xml',
      'response.root-signed.message-signed-empty-subjectconfirmation.xml',
      'response.root-signed.message-signed-no-subjectconfirmation.xml',
      'signatures/invalid/response.root-signed-transforms.assertion-unsigned.xml',
      'signatures/invalid/response.root-signed.assertion-invalidly-signed.xml',
      'signatures/invalid/response.root-signed.assertion-signed.xml',
      'signatures/invalid/response.root-signed.assertion-unsigned.xml',
      'signatures/invalid/response.root-unsigned.assertion-signed-transforms.xml',
      'signatures/invalid/response.root-unsigned.assertion-signed.xml',
      'signatures/invalid/response.root-unsigned.assertion-unsigned.xml',
      'signatures/valid/response.root-signed.assertion-signed.xml',
      'signatures/valid/response.root-signed.assertion-unsigned-13-signature.xml',
      'signatures/valid/response.root-signed.assertion-unsigned-13.xml',
      'signatures/valid/response.root-signed.assertion-unsigned-xd-signature.xml',
      'signatures/valid/response.root-signed.assertion-unsigned-xd.xml',
      'signatures/valid/response.root-signed.assertion-unsigned.xml',
      'signatures/valid/response.root-unsigned.assertion-signed.xml',
    ],
  },
  {
    asIs: 'unsigned',
    anew: 'accepted',
    files: [
      'responses/expired_response.xml.base64',
      'responses/invalids/invalid_sessionindex.xml.base64',
      'responses/invalids/no_signature.xml.base64',
      'responses/unsigned_response.xml.base64',
      'responses/unsigned_response_with_miliseconds.xm.base64',
      'responses/valid_unsigned_response.xml',
      'responses/valid_unsigned_response.xml.base64',
    ],
  },
  { asIs: 'unsigned', anew: 'confirmation', files: ['responses/invalids/no_subjectconfirmation_method.xml.base64'] },
  { asIs: 'unsigned', anew: 'expired', files: ['responses/invalids/invalid_subjectconfirmation_noa.xml.base64'] },
  {
    asIs: 'unsigned',
    anew: 'issuer',
    files: [
      'responses/invalids/invalid_issuer_assertion.xml.base64',
      'responses/invalids/invalid_issuer_message.xml.base64',
    ],
  },
  { asIs: 'unsigned', anew: 'one NameID', files: ['responses/invalids/no_nameid.xml.base64'] },
  {
    asIs: 'unsigned',
    anew: 'one SubjectConfirmationData',
    files: ['responses/invalids/no_subjectconfirmation_data.xml.base64'],
  },
  {
    asIs: 'unsigned',
    anew: 'recipient',
    files: [
      'responses/invalids/encrypted_attrs.xml.base64',
      'responses/invalids/invalid_subjectconfirmation_recipient.xml.base64',
      'responses/invalids/response_encrypted_attrs.xml.base64',
    ],
  },
  {
    asIs: 'unsigned',
    anew: 'request',
    files: ['responses/invalids/invalid_subjectconfirmation_inresponse.xml.base64'],
  },
  {
    asIs: 'unsigned',
    anew: "signature: Error parsing NotOnOrAfter: 'undefined' is not a valid date",
    files: ['responses/invalids/invalid_subjectconfirmation_nb.xml.base64'],
  },
  {
    asIs: 'unsigned',
    anew: 'signature: SAML assertion audience mismatch. Expected: http://stuff.com/endpoints/metadata.php Received: http://invalid.audience.com',
    files: ['responses/invalids/invalid_audience.xml.base64'],
  },
  {
    asIs: 'unsigned',
    anew: 'signature: SAML assertion has no AudienceRestriction',
    files: ['responses/no_audience.xml.base64'],
  },
  {
    asIs: 'unsigned',
    anew: 'transient subject',
    files: [
      'responses/decrypted_valid_encrypted_assertion.xml',
      'responses/pretty_decrypted_valid_encrypted_assertion.xml',
    ],
  },
];

const every = (fate: string, files: readonly string[]) => Object.fromEntries(files.map((file) => [file, fate]));

/** Signed with SHA-1, or not at all. */
export const logoutFates: Readonly<Record<string, string>> = {
  ...every('signature algorithm', [
    'logout_request_with_bad_expiration.xml',
    'logout_request_with_bad_signature.xml',
    'logout_request_with_encrypted_name_id.xml',
    'logout_request_with_good_signature.xml',
    'logout_request_with_session_index.xml',
  ]),
  ...every('unsigned', [
    'logout_requests/invalids/invalid_issuer.xml',
    'logout_requests/invalids/invalid_issuer.xml.base64',
    'logout_requests/invalids/no_nameId.xml',
    'logout_requests/invalids/not_after_failed.xml',
    'logout_requests/invalids/not_after_failed.xml.base64',
    'logout_requests/logout_request.xml',
    'logout_requests/logout_request.xml.base64',
    'logout_requests/logout_request_deflated.xml.base64',
    'logout_requests/logout_request_encrypted_nameid.xml',
    'logout_requests/logout_request_with_encoding.xml',
    'logout_requests/logout_request_with_sessionindex.xml',
    'logout_responses/invalids/no_status.xml.base64',
    'logout_responses/invalids/status_code_responder.xml.base64',
    'logout_responses/logout_response.xml',
    'logout_responses/logout_response.xml.base64',
    'logout_responses/logout_response_deflated.xml.base64',
    'logout_responses/logout_response_with_encoding.xml',
    'logout_responses/logout_response_with_encoding_deflated.xml.base64',
  ]),
};

/** Whose metadata are one identity provider's, and well formed. */
export const metadataFates: Readonly<Record<string, string>> = {
  ...every('accepted', [
    'metadata/idp_metadata.xml',
    'metadata/idp_metadata2.xml',
    'metadata/idp_metadata_different_sign_and_encrypt_cert.xml',
    'metadata/idp_metadata_multi_certs.xml',
    'metadata/idp_metadata_multi_signing_certs.xml',
    'metadata/idp_metadata_same_sign_and_encrypt_cert.xml',
    'metadata/testshib-providers.xml',
  ]),
  ...every('malformed', ['metadata/unparsed_metadata.xml']),
  ...every('metadata of one identity provider', [
    'expected metadata without key.xml',
    'expected metadata.xml',
    'expectedMetadataWithBothKeys.xml',
    'expectedMetadataWithEncryptionAndTwoSigningKeys.xml',
    'expected_metadata_metadataExtensions.xml',
    'metadata/entities_metadata.xml',
    'metadata/expired_metadata_settings1.xml',
    'metadata/idp_multiple_descriptors.xml',
    'metadata/metadata_bad_order_settings1.xml',
    'metadata/metadata_settings1.xml',
    'metadata/no_expiration_mark_metadata.xml',
    'metadata/noentity_metadata_settings1.xml',
    'metadata/signed_metadata_settings1.xml',
    'metadata/signed_metadata_settings2.xml',
    'signedMetadata.xml',
  ]),
};
