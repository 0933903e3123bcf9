/**
 * The lines in which ready turns stand (ADR 22): the common one, and one of each cap, for turns that it counts. A turn may
 * stand in the line of any cap that counts it, and what counts it does not change while it waits. So whatever stands in
 * the line of a full cap is held back, and whatever is not held back stands in a line that a claim looks at.
 */

/** The turns of a tenant that workers run, as `t`: by workers, who are few, for so begins the index of what runs. */
export const atWork = (tenant: string): string => `
  worker o cross join lateral (
    select * from turn r where r.lease_owner = o.id and r.state = 'running' and r.tenant_id = ${tenant} offset 0) t`;

/** The lines of all caps that there may be of a turn: the one definition of what a cap counts. */
const linesOf = (workspace: string, agent: string, provider: string): string =>
  `(array['workspace/' || ${workspace}, 'agent/' || ${agent}, 'provider/' || ${provider}] collate "C")`;

/** Those of a turn `t` that waits. */
export const LINES = linesOf('t.workspace_id', 't.agent', 't.provider');

/** Whose service a turn `t` that runs counts for. */
export const ASKED = 'coalesce(t.asks, t.provider)';

/** How many turns of a tenant run now, by line. */
export const runningByLine = (tenant: string): string => `
  select l.line, count(*)::int as running from ${atWork(tenant)}
  cross join unnest(${linesOf('t.workspace_id', 't.agent', ASKED)}) as l (line) group by l.line`;

/** The caps of a tenant, and how many turns of each run now. */
export const capsOf = (tenant: string): string => `
  with at_work as materialized (${runningByLine(tenant)})
  select c.kind, c.key, c.line, c.slots, coalesce((select a.running from at_work a where a.line = c.line), 0) as running
  from cap c where c.tenant_id = ${tenant}`;

/** Where a new turn stands: in the line of the tightest cap that counts it, full or not. */
export const newLine = (tenant: string, workspace: string, agent: string, provider: string): string => `
  coalesce((
    select c.line from cap c where c.tenant_id = ${tenant} and c.line = any (${linesOf(workspace, agent, provider)})
    order by c.slots, c.line limit 1), '')`;
