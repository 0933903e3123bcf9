import { lazy, type ComponentType } from 'react';
import { UnknownPage } from '../shell/unknown-page.js';
import { matchPath } from './match-path.js';
import type { PageProps } from './page-props.js';

type PageComponent = ComponentType<PageProps>;

/** A page whose code is read when it is first shown. */
const page = (load: () => Promise<PageComponent>): PageComponent => lazy(async () => ({ default: await load() }));

const routes: readonly (readonly [pattern: string, page: PageComponent])[] = [
  ['/runs', page(async () => (await import('../runs/runs-page.js')).RunsPage)],
  ['/runs/:id', page(async () => (await import('../runs/run-page.js')).RunPage)],
  ['/decisions', page(async () => (await import('../decisions/decisions-page.js')).DecisionsPage)],
  ['/decisions/:id', page(async () => (await import('../decisions/decision-page.js')).DecisionPage)],
  [
    '/decisions/:id/receipt',
    page(async () => (await import('../receipts/decision-receipt-page.js')).DecisionReceiptPage),
  ],
  ['/verify', page(async () => (await import('../receipts/verify-page.js')).VerifyPage)],
  ['/audit', page(async () => (await import('../audit/audit-page.js')).AuditPage)],
  ['/analytics', page(async () => (await import('../analytics/analytics-page.js')).AnalyticsPage)],
  ['/packages', page(async () => (await import('../packages/packages-page.js')).PackagesPage)],
  ['/webhooks', page(async () => (await import('../webhooks/webhooks-page.js')).WebhooksPage)],
  ['/webhooks/:id', page(async () => (await import('../webhooks/webhook-page.js')).WebhookPage)],
  ['/voter-keys', page(async () => (await import('../voting/voter-keys-page.js')).VoterKeysPage)],
  ['/members', page(async () => (await import('../members/members-page.js')).MembersPage)],
  ['/roles', page(async () => (await import('../roles/roles-page.js')).RolesPage)],
  ['/groups', page(async () => (await import('../groups/groups-page.js')).GroupsPage)],
  ['/you', page(async () => (await import('../you/you-page.js')).YouPage)],
  ['/programs', page(async () => (await import('../programs/programs-page.js')).ProgramsPage)],
  ['/device', page(async () => (await import('../programs/device-page.js')).DevicePage)],
  ['/authorize/:id', page(async () => (await import('../programs/authorize-page.js')).AuthorizePage)],
  ['/connections', page(async () => (await import('../connections/connections-page.js')).ConnectionsPage)],
  ['/policies', page(async () => (await import('../policies/policies-page.js')).PoliciesPage)],
  ['/tenant', page(async () => (await import('../tenant/tenant-page.js')).TenantPage)],
  ['/access-reviews', page(async () => (await import('../access/reviews-page.js')).ReviewsPage)],
  ['/access-reviews/:id', page(async () => (await import('../access/review-page.js')).ReviewPage)],
  ['/emergency-access', page(async () => (await import('../access/emergency-page.js')).EmergencyPage)],
  ['/api-keys', page(async () => (await import('../api-keys/api-keys-page.js')).ApiKeysPage)],
];

/** The page of an address. */
export function pageAt(path: string): { readonly Page: PageComponent; readonly params: PageProps['params'] } {
  for (const [pattern, Page] of routes) {
    const params = matchPath(pattern, path);
    if (params) return { Page, params };
  }
  return { Page: UnknownPage, params: {} };
}
