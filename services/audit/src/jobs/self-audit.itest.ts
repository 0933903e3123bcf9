import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { audit, events, newId, records } from '@conclave/contracts';
import { eventually, testPrincipal, type TestPrincipal } from '@conclave/dev-env/testing';
import { Database, type Statements } from '@conclave/postgres-kit';
import { storedAfter } from '../records/postgres-self-audit.js';
import { startAudit, type AuditFixture } from '../records/testing/audit-fixture.js';

interface Report {
  readonly tenant: string;
  readonly from: number;
  readonly size: number;
  readonly faults: readonly { readonly log: number; readonly index: number; readonly fault: string }[];
}

describe('the self-audit job', () => {
  let fixture: AuditFixture;
  beforeAll(async () => {
    fixture = await startAudit();
  });
  afterAll(() => fixture.stop());

  /** Runs it on all logs. @returns what it says of each, and how it ends */
  async function run(): Promise<{ code: number; reports: Map<string, Report> }> {
    const { DATABASE_URL, DATABASE_SYSTEM_URL, AUDIT_SIGNING_KEY, AUDIT_LOG_HOST } = fixture.environment;
    const env = { PATH: process.env['PATH'], DATABASE_URL, DATABASE_SYSTEM_URL, AUDIT_SIGNING_KEY, AUDIT_LOG_HOST };
    const job = promisify(execFile)(process.execPath, [join(import.meta.dirname, 'self-audit.js')], { env });
    const { code, stdout } = await job.then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code: number; stdout: string }) => error,
    );
    const reports = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Report);
    return { code, reports: new Map(reports.map((report) => [report.tenant, report])) };
  }
  async function grow(as: TestPrincipal, n: number): Promise<void> {
    const { size } = await fixture.call(audit.getLog, {}, as);
    for (let i = 0; i < n; i++)
      fixture.runtime.emit(events.runFailed, as.tenantId, { run: newId('run'), code: 'x', message: `m${i}` });
    await fixture.untilSize(as, size + n);
  }

  it('rebuilds every root, goes on where it was the next night, and finds what was changed in between', async () => {
    const [whole, edited, cut, told] = [testPrincipal(), testPrincipal(), testPrincipal(), testPrincipal()];
    for (const as of [whole, edited, cut, told]) await grow(as, 5);
    const first = await run();
    expect(first.code).toBe(0);
    for (const { tenantId } of [whole, edited, cut, told])
      expect(first.reports.get(tenantId)).toMatchObject({ from: 0, size: 5, faults: [] });
    // Each report is an entry itself.
    for (const as of [whole, edited, cut, told]) {
      await fixture.untilSize(as, 6);
      await grow(as, 4);
    }
    const query = (sql: string, params: unknown[]) => fixture.database.query(sql, params);
    await query(`update audit.entry set body = body || '\\x20' where tenant_id = $1 and idx = 7`, [edited.tenantId]);
    await query('delete from audit.entry where tenant_id = $1 and idx >= 8', [cut.tenantId]);
    await query(
      `update audit.disclosure set data = '{"message":"other"}' where tenant_id = $1 and event_id = (select event_id from audit.entry where tenant_id = $1 and idx = 9)`,
      [told.tenantId],
    );
    const second = await run();
    expect(second.code).toBe(1);
    expect(second.reports.get(whole.tenantId)).toMatchObject({ from: 5, size: 10, faults: [] });
    const faultsOf = ({ tenantId }: TestPrincipal) => second.reports.get(tenantId)!.faults;
    expect(faultsOf(edited)[0]).toEqual({ log: 1, index: 7, fault: 'the bytes are not those of the leaf hash' });
    expect(faultsOf(cut)).toEqual([{ log: 1, index: 8, fault: 'entries up to 10 are missing' }]);
    expect(faultsOf(told)).toEqual([{ log: 1, index: 9, fault: 'what is disclosed is not what the entry commits to' }]);
    expect(await fixture.call(records.getSelfAudit, {}, cut)).toMatchObject({ faults: faultsOf(cut) });
    expect(await fixture.call(records.getSelfAudit, {}, testPrincipal())).toEqual({ size: 0, faults: [] });
    await eventually(async () => {
      const [damaged] = await fixture.emitted('log.damaged', cut.tenantId);
      expect(damaged!.data).toMatchObject({ faults: faultsOf(cut) });
    });
    const metrics = await (await fetch(`${fixture.service.url}/metrics`)).text();
    expect(metrics).toMatch(/conclave_audit_self_audit_faults\{[^}]*\} [3-9]/);
  });

  it('looks at logs that were given up, too', async () => {
    const me = testPrincipal();
    await grow(me, 3);
    await fixture.database.query(
      `with old as (insert into audit.sealed_log (tenant_id, number, origin, size, checkpoint, reason, actor)
         select tenant_id, 1, origin, size, 'a checkpoint', 'forked', 'me' from audit.log where tenant_id = $1)
       update audit.log set number = 2, origin = origin || '/2', size = 0, published = 0, frontier = '{}' where tenant_id = $1`,
      [me.tenantId],
    );
    await grow(me, 2);
    await fixture.database.query(`update audit.entry set body = body || '\\x20' where tenant_id = $1 and idx = 1`, [
      me.tenantId,
    ]);
    expect((await run()).reports.get(me.tenantId)).toMatchObject({ log: 2, from: 0, size: 2, faults: [] });
    const { size, faults } = await fixture.call(records.getSelfAudit, {}, me);
    expect(size).toBe(2);
    expect(faults[0]).toEqual({ log: 1, index: 1, fault: 'the bytes are not those of the leaf hash' });
  });

  it('holds heads against a log only that were signed before it read the entries', async () => {
    const me = testPrincipal();
    await grow(me, 2);
    const db = fixture.service.app.get(Database).autocommit({ tenantId: me.tenantId, actor: 'me' });
    const growing: Statements = {
      one: (sql, params) => db.one(sql, params),
      async query<Row extends object>(sql: string, params?: readonly unknown[]) {
        const rows = await db.query<Row>(sql, params);
        await grow(me, 1);
        return rows;
      },
    };
    const { entries, heads } = await storedAfter(growing, { tenantId: me.tenantId, number: 1 }, 0, 100);
    expect([entries.length, heads.at(-1)!.size]).toEqual([2, 2]);
  });

  it('looks at every entry again after a week', async () => {
    const me = testPrincipal();
    await grow(me, 3);
    await run();
    await fixture.untilSize(me, 4);
    await fixture.database.query(`update audit.self_audit set full_at = full_at - interval '8 days'`);
    expect((await run()).reports.get(me.tenantId)).toMatchObject({ from: 0, size: 4, faults: [] });
  });
});
