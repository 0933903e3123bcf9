import { Resolver } from 'node:dns/promises';
import { CONFIG } from '@conclave/nest-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';

const TIMEOUT_MS = 2_500;

/** Where the DNS of a domain says whose it is, and in what words. */
export const recordOf = (domain: string, token: string) => ({
  ...{ name: `_conclave-challenge.${domain}`, type: 'TXT' as const, value: `conclave-domain=${token}` },
});

/** Asks the DNS. */
@Injectable()
export class DomainRecords {
  private readonly resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 });

  constructor(@Inject(CONFIG) { DNS_SERVERS: servers }: Pick<AuthConfig, 'DNS_SERVERS'>) {
    if (servers) this.resolver.setServers(servers);
  }

  /** Whether the record is there; a DNS that does not answer has not said so. */
  async has(domain: string, token: string): Promise<boolean> {
    const { name, value } = recordOf(domain, token);
    const records = await this.resolver.resolveTxt(name).catch(() => []);
    return records.some((parts) => parts.join('') === value);
  }
}
