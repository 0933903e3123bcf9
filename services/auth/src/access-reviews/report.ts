/**
 * The report of a closed review: a header, then an access a line, each canonical JSON (RFC 8785) with ids and no names.
 * Its lines are made anew from what is stored, which nothing changes once the review is closed.
 */
import { createHash } from 'node:crypto';
import { jcs } from '@conclave/audit-core';
import type { Statements } from '@conclave/postgres-kit';
import { factsOf, itemsBehind, type ItemRow, type ReviewRow } from './postgres-access-reviews.js';

const FORMAT = 'conclave/access-review/v1';
const BATCH = 1_000;

type Closed = { readonly at: Date; readonly by: string };

export const headerLine = (tenantId: string, review: ReviewRow, closed: Closed): string =>
  jcs({
    format: FORMAT,
    ...{ tenant: tenantId, workspace: review.workspace_id, review: review.id, undecided: review.undecided },
    ...{ createdAt: review.created_at.toISOString(), createdBy: review.created_by, dueAt: review.due_at.toISOString() },
    ...{ closedAt: closed.at.toISOString(), closedBy: closed.by },
  });

export const itemLine = (row: ItemRow): string =>
  jcs({ subject: row.subject, principal: row.principal_id, ...factsOf(row) });

/** SHA-256 over all lines, each with its line feed, in hex; and how many items came out how. */
export async function digestOf(
  db: Statements,
  tenantId: string,
  review: ReviewRow,
  closed: Closed,
): Promise<{ sha256: string; outcomes: ReadonlyMap<string, number> }> {
  const hash = createHash('sha256').update(`${headerLine(tenantId, review, closed)}\n`);
  const outcomes = new Map<string, number>();
  for (let after: string | undefined; ;) {
    const rows = await itemsBehind(db, { tenantId, review: review.id }, { limit: BATCH, after });
    for (const row of rows) {
      hash.update(`${itemLine(row)}\n`);
      outcomes.set(row.outcome ?? '', (outcomes.get(row.outcome ?? '') ?? 0) + 1);
    }
    if (rows.length < BATCH) return { sha256: hash.digest('hex'), outcomes };
    after = rows.at(-1)!.subject;
  }
}
