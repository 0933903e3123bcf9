import type { Statements } from '@conclave/postgres-kit';
import type { ModelUsage } from '../models/model-port.js';

/** What a run has spent so far, by the ledger. */
export async function usageOf(db: Statements, tenantId: string, runId: string): Promise<ModelUsage> {
  return (await db.one<ModelUsage & Record<string, number>>(
    `select coalesce(sum(input_tokens), 0)::float8 as "inputTokens", coalesce(sum(output_tokens), 0)::float8 as "outputTokens",
       coalesce(sum(cost_micros), 0)::float8 as "costMicros"
     from usage_ledger where tenant_id = $1 and run_id = $2`,
    [tenantId, runId],
  ))!;
}
