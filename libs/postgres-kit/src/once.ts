import { createHash } from 'node:crypto';
import { ConclaveError, type Contract, type ReplyOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import type { Database, Tx } from './database.js';

const KEY = /^[\x21-\x7e]{1,200}$/;
/** Answers are kept this long; a repeat that comes later is a new request. */
const KEPT = '7 days';

/**
 * Runs `work` at most once per (tenant, actor, route, Idempotency-Key): the answer is stored in the effect's own
 * transaction, so either both exist or neither. A repeat gets the stored answer; a concurrent repeat waits for the
 * first to commit. Without a key the work simply runs.
 *
 * @throws ConclaveError `request.idempotency-mismatch` when the key was used with another request,
 * `request.idempotency-key` when the key is not acceptable
 */
export async function once<C extends Contract>(
  tx: Tx,
  ctx: RequestContext,
  contract: C,
  request: unknown,
  work: () => Promise<ReplyOf<C>>,
): Promise<ReplyOf<C>> {
  const key = ctx.idempotencyKey;
  if (key === undefined) return work();
  if (!KEY.test(key)) throw new ConclaveError('request.idempotency-key');
  const sha256 = createHash('sha256').update(JSON.stringify(request, inKeyOrder)).digest('hex');
  const place = [ctx.tenantId, ctx.actor, contract.subject, key];
  const claimed = await tx.one(
    'insert into idempotency (tenant_id, actor, route, key, request_sha256) values ($1, $2, $3, $4, $5) on conflict do nothing returning key',
    [...place, sha256],
  );
  if (!claimed) return stored(tx, place, sha256) as Promise<ReplyOf<C>>;
  const reply = await work();
  await tx.query(
    'update idempotency set response = $5 where tenant_id = $1 and actor = $2 and route = $3 and key = $4',
    [...place, JSON.stringify(reply)],
  );
  return reply;
}

async function stored(tx: Tx, place: readonly string[], sha256: string): Promise<unknown> {
  const row = await tx.one<{ request_sha256: string; response: unknown }>(
    'select request_sha256, response from idempotency where tenant_id = $1 and actor = $2 and route = $3 and key = $4',
    place,
  );
  if (row?.request_sha256 !== sha256) throw new ConclaveError('request.idempotency-mismatch');
  return row.response;
}

/** Members in one order: a request is the same however its client happened to write it down. */
function inKeyOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Forgets answers nobody will ask for again. */
export async function sweepAnswers(db: Database): Promise<void> {
  await db.system((tx) => tx.query(`delete from idempotency where at < now() - interval '${KEPT}'`));
}
