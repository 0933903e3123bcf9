/**
 * SAML single logout (core §3.7, profiles §4.4): what we say when somebody signs out here, and what a provider has to say
 * for us to sign somebody out. What is read was signed; the rest is the same strictness as for responses.
 */
import { openMessage, signedRedirect, type SamlMessage } from './bindings.js';
import {
  LEEWAY_MS,
  SAML,
  SAMLP,
  boundedText,
  checkIds,
  checkInstant,
  instantOf,
  isPayload,
  nameIdOf,
  type NameId,
} from './guard.js';
import { insist } from './saml-refusal.js';
import type { OwnSide, SamlParty } from './service-provider.js';
import { escaped } from './sp-metadata.js';
import {
  attributeOf,
  childrenNamed,
  childrenOf,
  elementsOf,
  isNamed,
  onlyChild,
  parseStrictXml,
  textOf,
} from './strict-xml.js';

const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
/** A message is on its way for no longer. */
const LONGEST_MS = 5 * 60_000;
const MAX_SESSIONS = 100;

/** Where a provider takes sign-outs, and our answers to its own. */
export interface LogoutParty extends Pick<SamlParty, 'idpEntityId' | 'certificates'> {
  readonly sloUrl?: string | undefined;
  readonly sloResponseUrl?: string | undefined;
}

/** Whom the provider means: all sign-ins of that name, or those of these sessions. */
export interface LogoutOrder {
  readonly id: string;
  /** After this nobody would take it again. */
  readonly expiresAt: Date;
  readonly subject: string;
  readonly sessions: readonly string[] | undefined;
  readonly relayState: string | undefined;
}

export class SingleLogout {
  constructor(
    private readonly idp: LogoutParty,
    private readonly own: OwnSide,
  ) {}

  /** Where to send a browser that signed out here. @throws SamlRefusal when the provider takes no sign-outs */
  requestUrl(id: string, { nameId, sessionIndex }: { nameId: NameId; sessionIndex?: string | undefined }): string {
    const { sloUrl } = this.idp;
    insist(sloUrl, 'no address for sign-outs');
    const attributes = Object.entries({
      Format: nameId.format,
      NameQualifier: nameId.nameQualifier,
      SPNameQualifier: nameId.spNameQualifier,
    }).flatMap(([name, value]) => (value === undefined ? [] : [` ${name}="${escaped(value)}"`]));
    const session =
      sessionIndex === undefined ? '' : `<samlp:SessionIndex>${escaped(sessionIndex)}</samlp:SessionIndex>`;
    const end = ` NotOnOrAfter="${new Date(Date.now() + LONGEST_MS).toISOString()}"`;
    const body = `<saml:NameID${attributes.join('')}>${escaped(nameId.value)}</saml:NameID>${session}`;
    const xml = this.message('LogoutRequest', { id, destination: sloUrl, attributes: end, body });
    return signedRedirect(sloUrl, 'SAMLRequest', { xml, relayState: undefined }, this.own.privateKey);
  }

  /** Where the browser takes our answer to a provider's order. @throws SamlRefusal */
  answerUrl(id: string, order: Pick<LogoutOrder, 'id' | 'relayState'>): string {
    const destination = this.idp.sloResponseUrl ?? this.idp.sloUrl;
    insist(destination, 'no address for sign-outs');
    const xml = this.message('LogoutResponse', {
      ...{ id, destination, attributes: ` InResponseTo="${escaped(order.id)}"` },
      body: `<samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status>`,
    });
    return signedRedirect(destination, 'SAMLResponse', { xml, relayState: order.relayState }, this.own.privateKey);
  }

  /** @throws SamlRefusal */
  readRequest(message: SamlMessage, now: number): LogoutOrder {
    insist(this.idp.sloUrl, 'no address for sign-outs');
    const { root, id, relayState } = this.open(message, 'SAMLRequest', now);
    insist(hasOnly(root, ['Issuer', 'Signature', 'Extensions', 'NameID', 'SessionIndex']), 'members');
    const end = attributeOf(root, 'NotOnOrAfter');
    insist(end === undefined || instantOf(end) > now - LEEWAY_MS, 'expired');
    const sessions = childrenNamed(root, SAMLP, 'SessionIndex').map(boundedText);
    insist(sessions.length <= MAX_SESSIONS, 'sessions');
    return {
      ...{ id, relayState, subject: nameIdOf(onlyChild(root, SAML, 'NameID')).value },
      sessions: sessions.length > 0 ? sessions : undefined,
      expiresAt: new Date(now + LONGEST_MS + 2 * LEEWAY_MS),
    };
  }

  /** Whether the provider says that it ended everything. @throws SamlRefusal */
  readResponse(message: SamlMessage, requestId: string, now: number): boolean {
    const { root } = this.open(message, 'SAMLResponse', now);
    insist(hasOnly(root, ['Issuer', 'Signature', 'Extensions', 'Status']), 'members');
    insist(attributeOf(root, 'InResponseTo') === requestId, 'request');
    const code = onlyChild(onlyChild(root, SAMLP, 'Status'), SAMLP, 'StatusCode');
    return attributeOf(code, 'Value') === SUCCESS && childrenOf(code).length === 0;
  }

  private open(message: SamlMessage, member: 'SAMLRequest' | 'SAMLResponse', now: number) {
    const { xml, relayState } = openMessage(message, member, this.idp.certificates);
    const root = parseStrictXml(xml);
    insist(isNamed(root, SAMLP, member === 'SAMLRequest' ? 'LogoutRequest' : 'LogoutResponse'), 'root');
    const id = attributeOf(root, 'ID');
    insist(id !== undefined && attributeOf(root, 'Version') === '2.0', 'version');
    const all = elementsOf(root);
    checkIds(all);
    insist(all.filter(isPayload).length === 1, 'one message');
    insist(attributeOf(root, 'Destination') === this.own.slo, 'destination');
    insist(textOf(onlyChild(root, SAML, 'Issuer')) === this.idp.idpEntityId, 'issuer');
    checkInstant(attributeOf(root, 'IssueInstant'), now, LONGEST_MS + LEEWAY_MS);
    return { root, id, relayState: boundedRelay(relayState) };
  }

  private message(
    name: 'LogoutRequest' | 'LogoutResponse',
    parts: { id: string; destination: string; attributes: string; body: string },
  ): string {
    return (
      `<samlp:${name} xmlns:samlp="${SAMLP}" xmlns:saml="${SAML}" ID="${parts.id}" Version="2.0"` +
      ` IssueInstant="${new Date().toISOString()}" Destination="${escaped(parts.destination)}"${parts.attributes}>` +
      `<saml:Issuer>${escaped(this.own.entityId)}</saml:Issuer>${parts.body}</samlp:${name}>`
    );
  }
}

/** An empty one is none; the provider gets back what it sent. */
function boundedRelay(relayState: string | undefined): string | undefined {
  insist(relayState === undefined || relayState.length <= 1_000, 'relay state');
  return relayState || undefined;
}

function hasOnly(root: Element, members: readonly string[]): boolean {
  return childrenOf(root).every(({ localName }) => members.includes(localName));
}
