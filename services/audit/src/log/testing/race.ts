/** Many writers of many logs, and what their logs must be like afterwards. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from '@jest/globals';
import { appendLeaves, EMPTY_FRONTIER, leafHash, rootOf } from '@conclave/audit-core';
import { audit, type ReplyOf } from '@conclave/contracts';
import { eventually, testPrincipal, type ServiceFixture, type TestPrincipal } from '@conclave/dev-env/testing';

type Added = ReplyOf<typeof audit.addEntry>;
/** The leaf hashes each tenant was told. */
export type Accepted = ReadonlyMap<string, ReadonlySet<string>>;

/** What replicas are given besides their database and bus, with a store in a new folder. */
export async function raceEnvironment(): Promise<{ dir: string; env: Record<string, string> }> {
  const dir = await mkdtemp(join(tmpdir(), 'conclave-race-'));
  const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  const env = { AUDIT_SIGNING_KEY: key, AUDIT_LOG_HOST: 'log.example', AUDIT_STORE: pathToFileURL(dir).href };
  return { dir, env };
}

/** Lets writers add, each so many entries to tenant after tenant; every fifth is sent twice at a time. */
export async function race(
  fixture: ServiceFixture,
  { writers, tenants: many, each }: { readonly writers: number; readonly tenants: number; readonly each: number },
  through: (call: () => Promise<Added>) => Promise<Added> = (call) => call(),
): Promise<Accepted> {
  const tenants: readonly TestPrincipal[] = Array.from({ length: many }, () => testPrincipal());
  const accepted = new Map<string, Set<string>>(tenants.map(({ tenantId }) => [tenantId, new Set()]));
  const write = async (writer: number): Promise<void> => {
    for (let n = 0; n < each; n++) {
      const as = tenants[(writer * 7 + n) % many]!;
      const request = { type: 'race.run', data: { writer, n } };
      const call = () =>
        through(() => fixture.call(audit.addEntry, request, { claims: as, idempotencyKey: `${writer}-${n}` }));
      const [one, ...same] = await Promise.all(n % 5 === 0 ? [call(), call()] : [call()]);
      expect(same.filter(({ leafHash: other }) => other !== one.leafHash)).toEqual([]);
      accepted.get(as.tenantId)!.add(one.leafHash);
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  return accepted;
}

/** Each log has what was accepted, once, without gaps, and one root for each size; nothing is left on the stage. */
export async function checkLogs({ database }: ServiceFixture, accepted: Accepted): Promise<void> {
  const total = [...accepted.values()].reduce((sum, hashes) => sum + hashes.size, 0);
  await eventually(async () => {
    const [row] = await database.query<{ published: string }>('select sum(published) as published from audit.log');
    expect(Number(row!.published)).toBe(total);
  });
  type Row = { tenant_id: string; idx: string; body: Buffer };
  const entries = await database.query<Row>('select tenant_id, idx, body from audit.entry order by tenant_id, idx');
  const heads = await database.query<{ tenant_id: string; size: string; root: Buffer }>(
    'select tenant_id, size, root from audit.checkpoint',
  );
  const entriesOf = Map.groupBy(entries, (row) => row.tenant_id);
  const headsOf = Map.groupBy(heads, (row) => row.tenant_id);
  for (const [tenantId, hashes] of accepted) {
    const log = entriesOf.get(tenantId)!;
    expect(log.map(({ idx }) => Number(idx))).toEqual([...log.keys()]);
    const leaves = log.map(({ body }) => leafHash(body));
    expect(new Set(leaves.map((leaf) => Buffer.from(leaf).toString('hex')))).toEqual(hashes);
    const signed = headsOf.get(tenantId)!;
    expect(new Set(signed.map(({ size }) => size)).size).toBe(signed.length);
    let frontier = EMPTY_FRONTIER;
    for (const leaf of leaves) {
      frontier = appendLeaves(frontier, [leaf]).frontier;
      const head = signed.find(({ size }) => Number(size) === frontier.size);
      if (head) expect(head.root).toEqual(Buffer.from(rootOf(frontier)));
    }
  }
  expect(await database.query('select from audit.stage')).toEqual([]);
}
