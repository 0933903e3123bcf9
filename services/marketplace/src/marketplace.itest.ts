import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { builtInPanels, panelSha256, reviewPanel, type PanelManifest } from '@conclave/checks';
import { events, marketplace, newId } from '@conclave/contracts';
import {
  eventually,
  refusalOf,
  startServiceFixture,
  testPrincipal,
  type EventSource,
  type ServiceFixture,
  type TestPrincipal,
} from '@conclave/dev-env/testing';
import { databaseEnvironment } from '@conclave/nest-kit';
import { Database, postgres } from '@conclave/postgres-kit';
import { InstallPackage } from './installations/install-package.js';
import { InstallationEntity } from './installations/installation.entity.js';
import { MarketplaceModule } from './marketplace.module.js';
import { PublishBuiltIns } from './packages/publish-built-ins.js';

const spec = {
  name: 'marketplace' as const,
  module: MarketplaceModule,
  environment: databaseEnvironment,
  resources: [postgres({ entities: [InstallationEntity] })],
};

const REVIEW = reviewPanel.name;
const panel = (name: string, version: string, title = 'A panel'): PanelManifest => ({
  ...reviewPanel,
  name,
  version,
  title,
  description: `${title}, 100% of it_`,
});

describe('marketplace', () => {
  let fixture: ServiceFixture;
  let auth: EventSource;
  let faults: unknown[];

  beforeAll(async () => {
    fixture = await startServiceFixture(spec);
    auth = await fixture.eventsOf('auth');
  });
  afterAll(() => fixture.stop());

  const db = () => fixture.service.app.get(Database);
  /** What a start of an installation that ships these panels does. */
  async function ship(...panels: PanelManifest[]): Promise<void> {
    faults = [];
    const log = { error: (...fault: unknown[]) => void faults.push(fault) };
    await new PublishBuiltIns(db(), fixture.service.app.get(InstallPackage), panels, log).onApplicationBootstrap();
  }
  const list = (as: TestPrincipal, query = {}) => fixture.call(marketplace.listPackages, query, as);
  const installations = async (as: TestPrincipal) => (await fixture.call(marketplace.listInstallations, {}, as)).items;
  const install = (as: TestPrincipal, name: string, version?: string) =>
    fixture.call(marketplace.installPackage, { package: name, ...(version ? { version } : {}) }, as);

  describe('packages', () => {
    it('that the platform ships are there for every tenant, with the digest of what is shipped', async () => {
      for (const as of [testPrincipal(), testPrincipal()]) {
        const { items } = await list(as, { search: 'conclave/' });
        for (const shipped of builtInPanels)
          expect(items).toContainEqual({
            name: shipped.name,
            kind: 'panel',
            title: shipped.title,
            description: shipped.description,
            publisher: 'conclave',
            builtIn: true,
            latest: { version: shipped.version, sha256: panelSha256(shipped), publishedAt: expect.any(String) },
          });
      }
    });

    it('are read with releases, newest first by number, and a manifest that has the digest', async () => {
      const versions = ['1.9.0', '1.10.0', '1.2.30', '0.99.99'];
      for (const version of versions) await ship(panel('test/numbers', version));
      const read = await fixture.call(marketplace.getPackage, { name: 'test/numbers' }, testPrincipal());
      expect(read.releases.map(({ version }) => version)).toEqual(['1.10.0', '1.9.0', '1.2.30', '0.99.99']);
      expect(read.latest).toEqual(read.releases[0]);
      expect(await install(testPrincipal(), 'test/numbers')).toMatchObject({ version: '1.10.0' });
      expect(panelSha256(read.manifest as unknown as PanelManifest)).toBe(read.latest.sha256);
    });

    it('that nobody published are not found', async () => {
      for (const name of ['test/nothing', 'nothing', 'platform'])
        expect(await refusalOf(fixture.call(marketplace.getPackage, { name }, testPrincipal()))).toBe(
          'marketplace.package.not-found',
        );
    });

    it('are found by any part of name, title or description, in any case, taken literally', async () => {
      await ship(panel('find/alpha', '1.0.0', 'Zebra stripes'), panel('find/beta', '1.0.0', 'Okapi legs'));
      const found = async (search: string) => (await list(testPrincipal(), { search })).items.map(({ name }) => name);
      expect(await found('zEBra')).toEqual(['find/alpha']);
      expect(await found('find/')).toEqual(['find/alpha', 'find/beta']);
      expect(await found('legs, 100% of it_')).toEqual(['find/beta']);
      for (const literal of ['%', '_']) expect((await found(literal)).length).toBeGreaterThan(0);
      for (const nothing of ['z%a', 'find_alpha', '\\', `' or true --`]) expect(await found(nothing)).toEqual([]);
    });

    it('are listed by name, a page at a time, each exactly once', async () => {
      await ship(...['c', 'a', 'e', 'b', 'd'].map((name) => panel(`page/${name}`, '1.0.0')));
      const names: string[] = [];
      let after: string | undefined;
      do {
        const page = await list(testPrincipal(), { search: 'page/', limit: 2, ...(after ? { after } : {}) });
        names.push(...page.items.map(({ name }) => name));
        after = page.next;
      } while (after);
      expect(names).toEqual(['page/a', 'page/b', 'page/c', 'page/d', 'page/e']);
    });

    it('are published once however often and by however many replicas the service starts', async () => {
      const before = await everything();
      await Promise.all([ship(...builtInPanels), ship(...builtInPanels)]);
      await fixture.restart();
      expect(await everything()).toEqual(before);
    });

    it('keep a version as it was published, and report one that was changed', async () => {
      await ship(panel('test/frozen', '1.0.0', 'As published'));
      await ship({ ...panel('test/frozen', '1.0.0', 'As published'), secrecy: 'sealed' });
      expect(faults).toMatchObject([[{ package: 'test/frozen', version: '1.0.0' }, expect.any(String)]]);
      const read = await fixture.call(marketplace.getPackage, { name: 'test/frozen' }, testPrincipal());
      expect(read.manifest).toMatchObject({ secrecy: 'open' });
    });

    it('of the platform are written by nobody’s tenant role', async () => {
      for (const tenantId of ['platform', newId('tenant')]) {
        const write = (sql: string) => db().tx({ tenantId, actor: 'test' }, (tx) => tx.query(sql));
        await expect(write(`delete from release`)).rejects.toThrow('permission denied');
        await expect(write(`update package set title = 'mine'`)).rejects.toThrow('permission denied');
        await expect(write(`insert into package select * from package`)).rejects.toThrow('permission denied');
      }
      const forTenant = db().system((tx) =>
        tx.query(
          `insert into package (tenant_id, name, kind, title, description, publisher, built_in) values ('ten_x', 'x', 'panel', '', '', '', true)`,
        ),
      );
      await expect(forTenant).rejects.toThrow('row-level security');
    });
  });

  describe('an installation', () => {
    it('is pinned to the digest of its release and announced with the manifest', async () => {
      await ship(panel('test/pin', '1.0.0'), panel('test/pin', '1.1.0'));
      const as = testPrincipal();
      const old = await install(as, 'test/pin', '1.0.0');
      expect(old).toMatchObject({ version: '1.0.0', sha256: panelSha256(panel('test/pin', '1.0.0')) });
      const newest = await install(as, 'test/pin');
      expect(newest).toMatchObject({ id: old.id, version: '1.1.0', sha256: panelSha256(panel('test/pin', '1.1.0')) });
      expect(await installations(as)).toEqual([newest]);
      const told = await fixture.emitted(events.packageInstalled.type, as.tenantId);
      expect(told.map(({ actor, data }) => [actor, data['version'], data['installation']])).toEqual([
        [as.principal.id, '1.0.0', old.id],
        [as.principal.id, '1.1.0', old.id],
      ]);
      for (const { data } of told) expect(panelSha256(data['manifest'] as PanelManifest)).toBe(data['sha256']);
    });

    it('made twice changes nothing, also when made at once', async () => {
      const as = testPrincipal();
      const all = await Promise.all(Array.from({ length: 8 }, () => install(as, REVIEW)));
      expect(new Set(all.map(({ id }) => id)).size).toBe(1);
      expect(await fixture.emitted(events.packageInstalled.type, as.tenantId)).toHaveLength(1);
    });

    it('is made once per Idempotency-Key', async () => {
      const as = { claims: testPrincipal(), idempotencyKey: 'i1' };
      const first = await fixture.call(marketplace.installPackage, { package: REVIEW }, as);
      await fixture.call(marketplace.uninstallPackage, { id: first.id }, as.claims);
      expect(await fixture.call(marketplace.installPackage, { package: REVIEW }, as)).toEqual(first);
      const other = fixture.call(marketplace.installPackage, { package: 'test/pin' }, as);
      expect(await refusalOf(other)).toBe('request.idempotency-mismatch');
    });

    it('needs a package and a release that exist', async () => {
      const as = testPrincipal();
      expect(await refusalOf(install(as, 'test/nothing'))).toBe('marketplace.package.not-found');
      expect(await refusalOf(install(as, 'test/nothing', '1.0.0'))).toBe('marketplace.package.not-found');
      expect(await refusalOf(install(as, REVIEW, '999.0.0'))).toBe('marketplace.release.not-found');
      expect(await installations(as)).toEqual([]);
      expect(await fixture.emitted(undefined, as.tenantId)).toEqual([]);
    });

    it('is its tenant’s alone', async () => {
      const [owner, stranger] = [testPrincipal(), testPrincipal()];
      const { id } = await install(owner, REVIEW);
      expect(await installations(stranger)).toEqual([]);
      expect(await refusalOf(fixture.call(marketplace.uninstallPackage, { id }, stranger))).toBe(
        'marketplace.installation.not-found',
      );
      expect(await installations(owner)).toHaveLength(1);
      await expect(db().system((tx) => tx.query('select id from installation'))).rejects.toThrow('permission denied');
    });

    it('is removed once, and that is announced', async () => {
      const as = testPrincipal();
      const made = await install(as, REVIEW);
      expect(await fixture.call(marketplace.uninstallPackage, { id: made.id }, as)).toEqual(made);
      expect(await refusalOf(fixture.call(marketplace.uninstallPackage, { id: made.id }, as))).toBe(
        'marketplace.installation.not-found',
      );
      expect(await installations(as)).toEqual([]);
      expect(await fixture.emitted(events.packageUninstalled.type, as.tenantId)).toMatchObject([
        { data: { installation: made.id, package: REVIEW } },
      ]);
    });

    it('is listed newest first, a page at a time', async () => {
      await ship(panel('list/a', '1.0.0'), panel('list/b', '1.0.0'), panel('list/c', '1.0.0'));
      const as = testPrincipal();
      for (const name of ['list/b', 'list/a', 'list/c']) await install(as, name);
      const first = await fixture.call(marketplace.listInstallations, { limit: 2 }, as);
      const second = await fixture.call(marketplace.listInstallations, { limit: 2, after: first.next! }, as);
      const names = [...first.items, ...second.items].map((item) => item.package);
      expect(names).toEqual(['list/c', 'list/a', 'list/b']);
      expect(second.next).toBeUndefined();
    });

    it('is not made when the announcement fails', async () => {
      const as = testPrincipal();
      await fixture.database.query(
        `alter table marketplace.outbound_event add constraint refuse check (tenant_id <> '${as.tenantId}') not valid`,
      );
      expect(await refusalOf(install(as, REVIEW))).toBe('service.internal');
      await fixture.database.query('alter table marketplace.outbound_event drop constraint refuse');
      expect(await installations(as)).toEqual([]);
    });

    it('needs the permission its route names', async () => {
      const reader = testPrincipal({ scopes: ['package:read'] });
      const nobody = testPrincipal({ scopes: ['run:read'] });
      const calls = [
        install(reader, REVIEW),
        fixture.call(marketplace.uninstallPackage, { id: newId('installation') }, reader),
        fixture.call(marketplace.listInstallations, {}, nobody),
        fixture.call(marketplace.getPackage, { name: REVIEW }, nobody),
        list(nobody),
      ];
      expect(await Promise.all(calls.map(refusalOf))).toEqual(calls.map(() => 'auth.forbidden'));
    });
  });

  describe('a new tenant', () => {
    const equipped = (as: TestPrincipal) =>
      eventually(async () => {
        const [first] = await installations(as);
        expect(first).toMatchObject({ package: REVIEW, sha256: panelSha256(reviewPanel) });
        return first!;
      });

    it('gets the review panel', async () => {
      const as = testPrincipal();
      auth.emit(events.tenantCreated, as.tenantId, { tenant: as.tenantId, name: 'new' });
      const { id } = await equipped(as);
      expect(await fixture.emitted(events.packageInstalled.type, as.tenantId)).toMatchObject([
        { data: { installation: id, package: REVIEW, manifest: { name: REVIEW } } },
      ]);
    });

    it('gets it once, though the event is rung and read again, and not back after removing it', async () => {
      const as = testPrincipal();
      const placed = auth.emit(events.tenantCreated, as.tenantId, { tenant: as.tenantId, name: 'again' });
      const { id } = await equipped(as);
      auth.ring(placed, placed);
      await fixture.call(marketplace.uninstallPackage, { id }, as);
      auth.ring(placed);
      const later = testPrincipal();
      auth.emit(events.tenantCreated, later.tenantId, { tenant: later.tenantId, name: 'later' });
      await equipped(later);
      expect(await installations(as)).toEqual([]);
      expect(await fixture.emitted(events.packageInstalled.type, as.tenantId)).toHaveLength(1);
    });

    it('gets it when the event was missed', async () => {
      const as = testPrincipal();
      auth.append(events.tenantCreated, as.tenantId, { tenant: as.tenantId, name: 'missed' });
      auth.beat();
      await equipped(as);
    });
  });

  describe('a newer release of what the platform ships', () => {
    it('moves installations made before it, tells of each, and leaves a later choice alone', async () => {
      const [v1, v2] = [panel('ship/moves', '1.0.0'), panel('ship/moves', '2.0.0')];
      await ship(v1);
      const [follower, chooser, other] = [testPrincipal(), testPrincipal(), testPrincipal()];
      const before = await install(follower, 'ship/moves');
      await install(chooser, 'ship/moves');
      await install(other, REVIEW);
      await ship(v2);
      expect(await installations(follower)).toMatchObject([
        { id: before.id, version: '2.0.0', sha256: panelSha256(v2) },
      ]);
      const told = await fixture.emitted(events.packageInstalled.type, follower.tenantId);
      expect(told.at(-1)).toMatchObject({ actor: 'service:marketplace', data: { version: '2.0.0' } });
      await install(chooser, 'ship/moves', '1.0.0');
      await ship(v2);
      expect(await installations(chooser)).toMatchObject([{ version: '1.0.0' }]);
      expect(await installations(other)).toMatchObject([{ package: REVIEW, version: reviewPanel.version }]);
      expect(await fixture.emitted(events.packageInstalled.type, follower.tenantId)).toHaveLength(2);
    });
  });

  const everything = () =>
    fixture.database.query(
      'select * from marketplace.release r join marketplace.package p on p.name = r.package order by 1, 2, 3',
    );
});
