import { X509Certificate } from 'node:crypto';
import { ConclaveError, type ReplyOf, type RequestOf, type connections } from '@conclave/contracts';
import { Egress } from '@conclave/nest-kit/egress';
import { Injectable } from '@nestjs/common';
import { SignInRefusal } from '../connection-sign-ins/vouched.js';
import { guardedFetch, refusing } from '../oidc/guarded-fetch.js';
import { OidcClient } from '../oidc/oidc-client.js';
import { PublicPlaces } from './public-places.js';
import { githubAt, settingsOf, type ConnectionSettings } from './settings.js';

type Contract = typeof connections.testConnection;
type Check = ReplyOf<Contract>['checks'][number];

const ASK = { method: 'GET', headers: { accept: 'application/json' }, body: null };
const INSIDE = 'the host has no public address';

/** Tries settings without keeping anything: what saving would refuse, and what the provider says of itself. */
@Injectable()
export class TestConnection {
  constructor(
    private readonly places: PublicPlaces,
    private readonly oidc: OidcClient,
    private readonly egress: Egress,
  ) {}

  async run({ settings: given }: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
    const checks: Check[] = [];
    const settings = await noted(checks, 'settings', async () => {
      const read = settingsOf(given, this.places.origin).settings;
      return { value: read, says: 'Everything that trust rests on is there.' };
    });
    if (settings) await this.tryProvider(settings, checks);
    return { ok: checks.every(({ ok }) => ok), checks };
  }

  private async tryProvider(settings: ConnectionSettings, checks: Check[]): Promise<void> {
    if (settings.kind === 'saml') return certificates(settings.certificates, checks);
    await noted(checks, 'provider', async () => {
      if (settings.kind === 'oidc') {
        const { endpoints, misfits } = await this.oidc.probe(settings);
        checks.push(...misfits.map((says, i) => ({ check: `misfit ${i + 1}`, ok: false, says })));
        return { value: true, says: `The issuer publishes ${endpoints.join(', ')}.` };
      }
      const { apiUrl } = githubAt(settings);
      const { status } = await refusing(guardedFetch(this.egress)(apiUrl, ASK as never));
      if (status >= 500) throw new SignInRefusal(`${apiUrl} answers with ${status}`);
      return { value: true, says: `${apiUrl} answers.` };
    });
  }
}

/** Metadata pins certificates, so an end that has passed stops nobody; whoever looks should know. */
function certificates(pems: readonly string[], checks: Check[]): void {
  pems.forEach((pem, i) => {
    const { validTo, fingerprint256 } = new X509Certificate(pem);
    const ok = Date.parse(validTo) > Date.now();
    checks.push({ check: `certificate ${i + 1}`, ok, says: `${fingerprint256}, good until ${validTo}` });
  });
}

async function noted<T>(
  checks: Check[],
  check: string,
  work: () => Promise<{ value: T; says: string }>,
): Promise<T | undefined> {
  try {
    const { value, says } = await work();
    checks.push({ check, ok: true, says });
    return value;
  } catch (error) {
    checks.push({ check, ok: false, says: reasonOf(error) });
    return undefined;
  }
}

/** @throws what is nobody's settings' fault */
function reasonOf(error: unknown): string {
  if (error instanceof ConclaveError && error.code === 'auth.connection.invalid') return String(error.params['reason']);
  if (error instanceof SignInRefusal)
    return error.reason === INSIDE
      ? `${INSIDE}: one inside your network has to be in EGRESS_ALLOW of auth`
      : error.reason;
  throw error;
}
