/** One connection's side of SAML: its names, its keys and those it trusts, around `node-saml` and behind our guard. */
import { promisify } from 'node:util';
import { SAML, ValidateInResponseTo } from '@node-saml/node-saml';
import { decrypt } from 'xml-encryption';
import { signedBytes } from './bindings.js';
import { checkDecrypted, readAssertion, readEnvelope, type Asserted, type Expected } from './guard.js';
import { SamlRefusal, insist } from './saml-refusal.js';

export interface SamlParty {
  readonly idpEntityId: string;
  readonly ssoUrl: string;
  readonly certificates: readonly string[];
  readonly requireEncryption: boolean;
}

export interface OwnSide {
  readonly entityId: string;
  readonly acs: string;
  readonly slo: string;
  /** Signs what we send and decrypts what we get, as PEM. */
  readonly privateKey: string;
  readonly certificate: string;
  /** The key that is to follow, or was before: providers may still encrypt for it. */
  readonly standby?: { readonly privateKey: string; readonly certificate: string };
}

export class ServiceProvider {
  constructor(
    private readonly idp: SamlParty,
    private readonly own: OwnSide,
  ) {}

  /** Where to send a browser with a signed request of that id. */
  loginUrl(requestId: string, relayState: string): Promise<string> {
    return this.saml({ generateUniqueId: () => requestId }).getAuthorizeUrlAsync(relayState, undefined, {});
  }

  /** Whom the response vouches for. @throws SamlRefusal */
  async read(base64: string, requestId: string | undefined, now: number): Promise<Asserted> {
    const { idpEntityId, certificates } = this.idp;
    const expected: Expected = { idpEntityId, entityId: this.own.entityId, acs: this.own.acs, requestId, now };
    const { xml, signed, encrypted } = readEnvelope(base64, expected);
    insist(encrypted || !this.idp.requireEncryption, 'encryption');
    const opened = encrypted ? await this.decrypted(signed.response ? signedBytes(xml, certificates) : xml) : undefined;
    const saml = this.saml({
      wantAuthnResponseSigned: signed.response,
      wantAssertionsSigned: opened ? checkDecrypted(opened.xml) : signed.assertion,
      ...(opened ? { decryptionPvk: opened.key } : {}),
    });
    const { profile } = await refusing(saml.validatePostResponseAsync({ SAMLResponse: base64 }));
    const verified = profile?.getAssertionXml?.();
    insist(verified, 'signature');
    return readAssertion(verified, expected);
  }

  /** The guard looks at what the verifier will see, before it does: of a response that is signed, only what is. */
  private async decrypted(xml: string): Promise<{ xml: string; key: string }> {
    const { privateKey, standby } = this.own;
    try {
      return await openWith(privateKey, xml);
    } catch (error) {
      if (!standby) throw error;
      return openWith(standby.privateKey, xml);
    }
  }

  private saml(options: Partial<ConstructorParameters<typeof SAML>[0]>): SAML {
    const { idp, own } = this;
    return new SAML({
      issuer: own.entityId,
      audience: own.entityId,
      callbackUrl: own.acs,
      entryPoint: idp.ssoUrl,
      idpCert: [...idp.certificates],
      idpIssuer: idp.idpEntityId,
      privateKey: own.privateKey,
      publicCert: own.certificate,
      signatureAlgorithm: 'sha256',
      digestAlgorithm: 'sha256',
      identifierFormat: null,
      disableRequestedAuthnContext: true,
      acceptedClockSkewMs: 60_000,
      validateInResponseTo: ValidateInResponseTo.never,
      ...options,
    });
  }
}

async function openWith(key: string, xml: string): Promise<{ xml: string; key: string }> {
  const open = promisify<string, object, string>(decrypt as never);
  return { xml: await refusing(open(xml, { key, disallowDecryptionWithInsecureAlgorithm: true })), key };
}

async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw cause instanceof SamlRefusal ? cause : new SamlRefusal('signature', { cause });
  }
}
