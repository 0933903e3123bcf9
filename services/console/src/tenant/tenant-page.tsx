import { tenants } from '@conclave/contracts';
import { useQuery } from '@tanstack/react-query';
import { ask } from '../api/queries.js';
import { Facts, Panel } from '../design/panel.js';
import { Page, Waiting } from '../design/page.js';
import { Refusal } from '../design/refusal.js';
import { BrandingForm } from './branding-form.js';
import { Owners } from './owners.js';

const named = [
  ['workspaces', 'Workspaces'],
  ['members', 'Members'],
  ['apiKeys', 'API keys'],
  ['secrets', 'Secrets'],
] as const;

/** What concerns every workspace: who owns the tenant, how it shows itself, what it may have. */
export function TenantPage() {
  const tenant = useQuery(ask(tenants.getOwnTenant, {}));
  if (tenant.error) return <Refusal error={tenant.error} onRetry={() => void tenant.refetch()} />;
  if (!tenant.data) return <Waiting />;
  return (
    <Page title="Tenant" description={`What concerns every workspace of ${tenant.data.name}.`}>
      <Owners />
      <BrandingForm {...tenant.data} />
      <Limits />
    </Page>
  );
}

const limitOf = (used: number, most: number | undefined): string =>
  most === undefined ? `${used}, no limit` : `${used} of ${most}`;

function Limits() {
  const { data, error, refetch } = useQuery(ask(tenants.getOwnLimits, {}));
  if (error) return <Refusal error={error} onRetry={() => void refetch()} />;
  if (!data) return <Waiting rows={1} />;
  const { limits, used } = data;
  const { requestsPerMinute: requests, runningTurns: turns, weight = 1 } = limits;
  return (
    <Panel title="Limits" note="Whoever operates the platform sets them.">
      <Facts
        facts={[
          ...named.map(([name, title]) => [title, limitOf(used[name], limits[name])] as const),
          ['Requests', requests === undefined ? 'no limit' : `${requests} a minute`],
          ['Turns', turns === undefined ? 'no limit' : `${turns} at once`],
          ['Weight among tenants', String(weight)],
        ]}
      />
    </Panel>
  );
}
