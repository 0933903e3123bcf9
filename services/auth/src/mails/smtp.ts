/**
 * The way to the mail server. What the address of the server says decides alone: never over the network without TLS, never
 * to a server whose certificate does not hold, whatever options somebody writes into the URL. As with all that goes out,
 * the connection is to an address that was checked, and a private one is allowed or not connected to.
 */
import { isIP } from 'node:net';
import { ConfigError } from '@conclave/nest-kit';
import { EgressRefusedError, type Egress } from '@conclave/nest-kit/egress';
import { createTransport, type Transporter } from 'nodemailer';
import type SMTPTransport from 'nodemailer/lib/smtp-transport';
import type { AuthConfig } from '../config.js';
import type { MailText } from './mail-texts.js';

export type SmtpConfig = Pick<AuthConfig, 'SMTP_URL' | 'SMTP_FROM'>;

/** Why a mail was not taken, in words that name no address. */
export class SmtpFailure extends Error {
  override readonly name = 'SmtpFailure';
  constructor(
    readonly reason: string,
    /** The server says that it never will be. */
    readonly permanent: boolean,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

export interface OutgoingMail extends MailText {
  readonly id: string;
  readonly to: string;
}

export class Smtp {
  private readonly way: { server: ServerOptions; from: string } | undefined;

  /** @throws ConfigError when half of it is said */
  constructor(
    { SMTP_URL: url, SMTP_FROM: from }: SmtpConfig,
    private readonly egress: Egress,
  ) {
    if ((url === undefined) !== (from === undefined))
      throw new ConfigError('auth cannot start; SMTP_URL and SMTP_FROM belong together');
    this.way = url && from ? { server: optionsOf(url), from } : undefined;
  }

  get available(): boolean {
    return this.way !== undefined;
  }

  /** @throws SmtpFailure */
  async send({ id, to, subject, text, html }: OutgoingMail): Promise<void> {
    if (!this.way) throw new SmtpFailure('mail is not set up', false);
    const { server, from } = this.way;
    try {
      const transport = await this.connectable(server);
      await transport.sendMail({
        ...{ from: { name: 'Conclave', address: from }, to: { name: '', address: to }, envelope: { from, to } },
        ...{ subject, text, html, messageId: `<${id}@${from.split('@').at(-1)}>` },
        ...{ headers: { 'auto-submitted': 'auto-generated' }, disableFileAccess: true, disableUrlAccess: true },
      });
    } catch (cause) {
      throw failureOf(cause);
    }
  }

  /** @throws EgressRefusedError, or TimeoutError when nobody knew the name in time */
  private async connectable({ host, tls, ...options }: ServerOptions): Promise<Transporter> {
    const [first] = await this.egress.admitHost(host, AbortSignal.timeout(NAME_MS));
    const named = isIP(host) ? {} : { servername: host };
    return createTransport({ ...options, host: first!.address, tls: { ...tls, ...named } });
  }
}

type ServerOptions = SMTPTransport.Options & { readonly host: string };

/** For the name of the server. */
const NAME_MS = 10_000;

/** Of the URL its server and credentials, and nothing else. */
export function optionsOf(url: string): ServerOptions {
  const { protocol, hostname, port, username, password } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const secure = protocol === 'smtps:';
  return {
    ...{ host, secure, port: Number(port) || (secure ? 465 : 587) },
    requireTLS: !secure && !isThisMachine(host),
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true },
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    ...{ connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 },
  };
}

const isThisMachine = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host);

/** A server says 5xx of what it will never take. That it does not know us is ours to set right, and may pass. */
function failureOf(cause: unknown): SmtpFailure {
  if (cause instanceof EgressRefusedError) return new SmtpFailure(cause.message, false, { cause });
  const { code, responseCode, command } = cause as { code?: unknown; responseCode?: number; command?: string };
  const permanent = responseCode !== undefined && responseCode >= 500 && code !== 'EAUTH' && code !== 'ETLS';
  const said = [typeof code === 'string' ? code : undefined, responseCode, command && `at ${command}`].filter(
    (part) => part !== undefined,
  );
  return new SmtpFailure(said.join(' ') || 'the mail server does not answer as it should', permanent, { cause });
}
