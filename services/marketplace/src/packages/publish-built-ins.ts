import { panelSha256, type PanelManifest } from '@conclave/checks';
import { LOG, type Kit } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InstallPackage } from '../installations/install-package.js';
import { tenantsBehind } from '../installations/postgres-installations.js';
import { publishBuiltIn } from './postgres-packages.js';

/** The panels this installation ships, injectable. */
export const BUILT_IN_PANELS = Symbol('built-in panels');

/**
 * Publishes the panels the platform ships when the service starts, each version once and for ever: a panel that was
 * changed without a new version is reported and stays as it was published.
 *
 * What judges on a built-in panel is code of this installation, so tenants follow it: an installation made before a
 * newer release was published moves to it, which is an audited event like any other installation.
 */
@Injectable()
export class PublishBuiltIns implements OnApplicationBootstrap {
  constructor(
    private readonly db: Database,
    private readonly installPackage: InstallPackage,
    @Inject(BUILT_IN_PANELS) private readonly panels: readonly PanelManifest[],
    @Inject(LOG) private readonly log: Pick<Kit['log'], 'error'>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    for (const panel of this.panels) {
      const { name, version, title, description } = panel;
      const release = {
        package: name,
        kind: 'panel',
        version,
        sha256: panelSha256(panel),
        manifest: { ...panel },
      } as const;
      const published = await this.db.system((tx) => publishBuiltIn(tx, { title, description }, release, new Date()));
      if (published === release.sha256) await this.follow(name, version, published);
      else
        this.log.error(
          { package: name, version, published, shipped: release.sha256 },
          'panel changed without a new version',
        );
    }
  }

  private async follow(name: string, version: string, sha256: string): Promise<void> {
    for (const tenantId of await this.db.system((tx) => tenantsBehind(tx, name, sha256)))
      await this.db.tx({ tenantId, actor: 'service:marketplace' }, (tx) =>
        this.installPackage.install(tx, { tenantId }, { package: name, version }),
      );
  }
}
