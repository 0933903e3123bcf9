/** What auth's module needs for mail domains. */
import { CheckDomain } from './check-domain.js';
import { DomainRecords } from './domain-records.js';
import { MailDomainsController } from './mail-domains.controller.js';
import { ManageDomains } from './manage-domains.js';
import { RecheckDomains } from './recheck-domains.js';

export const mailDomainControllers = [MailDomainsController];

export const mailDomainProviders = [CheckDomain, DomainRecords, ManageDomains, RecheckDomains];
