/**
 * What a database administrator can do to a log, as superuser past every grant, and what finds it: an export, made by the
 * running service of whatever is in the database, and the offline verifier with keys and a checkpoint from before.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { audit, events, newId } from '@conclave/contracts';
import { testPrincipal, type TestPrincipal } from '@conclave/dev-env/testing';
import { verifyExport } from '@conclave/verify';
import { newSigner, startAudit, type AuditFixture } from './testing/audit-fixture.js';

const ENTRIES = 9;

let fixture: AuditFixture;
/** A log like any other, to take proofs from. */
let other: TestPrincipal;

const newLog = async (): Promise<TestPrincipal> => {
  const me = testPrincipal();
  for (let n = 0; n < ENTRIES; n++)
    fixture.auth.emit(events.apiKeyCreated, me.tenantId, { apiKey: newId('apiKey'), scopes: [`n${n}`] });
  await fixture.untilSize(me, ENTRIES);
  return me;
};

beforeAll(async () => {
  fixture = await startAudit();
  other = await newLog();
});
afterAll(() => fixture.stop());

const sql = (text: string, params: unknown[] = []) => fixture.database.query(text, params);
/** Cuts the log off as a dump from then would. */
async function restoreTo(tenantId: string, size: number): Promise<void> {
  for (const table of ['entry', 'node', 'checkpoint', 'log'])
    await sql(`delete from audit.${table} where tenant_id = $1`, [tenantId]);
  const me = testPrincipal({ tenantId });
  for (let n = 0; n < size; n++)
    fixture.auth.emit(events.apiKeyCreated, tenantId, { apiKey: newId('apiKey'), scopes: [`again ${n}`] });
  await fixture.untilSize(me, size);
}

const attacks: readonly {
  readonly does: string;
  readonly how: (tenantId: string) => Promise<unknown>;
  readonly found: string;
  readonly says: RegExp;
  /** Whether only a checkpoint from before shows it. */
  readonly onlySince?: true;
}[] = [
  {
    does: 'edits an entry',
    how: (t) =>
      sql(
        `update audit.entry set body = convert_to(replace(convert_from(body, 'UTF8'), 'n3', 'n4'), 'UTF8') where tenant_id = $1 and idx = 3`,
        [t],
      ),
    found: 'bad-log-proof',
    says: /entry 3 is not what its leaf hash says/,
  },
  {
    does: 'edits an entry and its leaf hash',
    how: (t) =>
      sql(
        `with edited as (select convert_to(replace(convert_from(body, 'UTF8'), 'n3', 'n4'), 'UTF8') as body from audit.entry where tenant_id = $1 and idx = 3)
         update audit.entry e set body = edited.body, leaf_hash = sha256('\\x00'::bytea || edited.body) from edited where tenant_id = $1 and idx = 3`,
        [t],
      ),
    found: 'bad-log-proof',
    says: /do not lead to the root that was signed at size 9/,
  },
  {
    does: 'deletes an entry in the middle',
    how: (t) => sql('delete from audit.entry where tenant_id = $1 and idx = 4', [t]),
    found: 'bad-log-proof',
    says: /entry 4 is missing/,
  },
  {
    does: 'deletes the last entries and leaves the checkpoints',
    how: (t) => sql('delete from audit.entry where tenant_id = $1 and idx >= 7', [t]),
    found: 'bad-log-proof',
    says: /entry 7 is missing/,
  },
  {
    does: 'deletes the last entries with every trace of them',
    how: (t) => restoreTo(t, 7),
    found: 'bad-log-proof',
    says: /had 9 entries and has 7: its end was cut off/,
    onlySince: true,
  },
  {
    does: 'swaps two entries',
    how: (t) =>
      sql(
        `with a as (select body, leaf_hash, at, type, actor from audit.entry where tenant_id = $1 and idx = 2), b as (select body, leaf_hash, at, type, actor from audit.entry where tenant_id = $1 and idx = 5)
         update audit.entry e set (body, leaf_hash, at, type, actor) = (select * from (select * from b where e.idx = 2 union all select * from a where e.idx = 5) x) where tenant_id = $1 and idx in (2, 5)`,
        [t],
      ),
    found: 'bad-log-proof',
    says: /do not lead to the root/,
  },
  {
    does: 'truncates the log, which begins anew',
    how: (t) => restoreTo(t, 1),
    found: 'bad-log-proof',
    says: /had 9 entries and has 1/,
    onlySince: true,
  },
  {
    does: 'restores an older dump, from which the log grows on',
    how: (t) => restoreTo(t, ENTRIES + 3),
    found: 'bad-log-proof',
    says: /another root at size 9 than before: it was rewritten or forked/,
    onlySince: true,
  },
  {
    does: 'has two checkpoints of one size',
    how: (t) => restoreTo(t, ENTRIES),
    found: 'bad-log-proof',
    says: /another root at size 9 than before/,
    onlySince: true,
  },
  {
    does: 'puts another tenant’s entries and checkpoint in the place of its own',
    how: async (t) => {
      for (const table of ['entry', 'checkpoint']) {
        const columns = table === 'entry' ? 'idx, event_id, type, actor, at, body, leaf_hash' : 'size, root, note, at';
        await sql(`delete from audit.${table} where tenant_id = $1`, [t]);
        await sql(
          `insert into audit.${table} (tenant_id, ${columns}) select $1, ${columns} from audit.${table} where tenant_id = $2`,
          [t, other.tenantId],
        );
      }
    },
    found: 'malformed',
    says: /the checkpoint is of another log/,
  },
  {
    does: 'signs with another key',
    how: async (t) => {
      const [head] = await fixture.database.query<{ root: Buffer }>(
        'select root from audit.checkpoint where tenant_id = $1 and size = $2',
        [t, ENTRIES],
      );
      const note = newSigner().signer.sign({ tenantId: t, number: 1 }, { size: ENTRIES, root: head!.root });
      await sql('update audit.checkpoint set note = $2 where tenant_id = $1 and size = $3', [t, note, ENTRIES]);
    },
    found: 'untrusted',
    says: /no trusted key signed the checkpoint/,
  },
];

describe('a database administrator who', () => {
  it('does nothing is found to have done nothing', async () => {
    const me = await newLog();
    const since = await fixture.call(audit.getCheckpoint, {}, me);
    const verdict = await verifyExport(await fixture.exported(me), { logs: fixture.logsOf(me), since });
    expect(verdict).toMatchObject({ status: 'trusted', export: { from: 0, to: ENTRIES, size: ENTRIES } });
  });

  it.each(attacks)('$does is found', async ({ how, found, says, onlySince }) => {
    const me = await newLog();
    const since = await fixture.call(audit.getCheckpoint, {}, me);
    await how(me.tenantId);
    const lines = await fixture.exported(me);
    const alone = await verifyExport(lines, { logs: fixture.logsOf(me) });
    const verdict = await verifyExport(lines, { logs: fixture.logsOf(me), since });
    expect(alone.status).toBe(onlySince ? 'trusted' : found);
    expect([verdict.status, verdict.steps.at(-1)!.detail]).toEqual([found, expect.stringMatching(says)]);
  });
});
