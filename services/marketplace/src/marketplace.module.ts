import { builtInPanels } from '@conclave/checks';
import { Module } from '@nestjs/common';
import { EquipTenant } from './installations/equip-tenant.js';
import { InstallPackage } from './installations/install-package.js';
import { InstallationsController } from './installations/installations.controller.js';
import { ListInstallations } from './installations/list-installations.js';
import { UninstallPackage } from './installations/uninstall-package.js';
import { GetPackage } from './packages/get-package.js';
import { ListPackages } from './packages/list-packages.js';
import { PackagesController } from './packages/packages.controller.js';
import { BUILT_IN_PANELS, PublishBuiltIns } from './packages/publish-built-ins.js';

@Module({
  controllers: [InstallationsController, PackagesController],
  providers: [
    { provide: BUILT_IN_PANELS, useValue: builtInPanels },
    EquipTenant,
    GetPackage,
    InstallPackage,
    ListInstallations,
    ListPackages,
    PublishBuiltIns,
    UninstallPackage,
  ],
})
export class MarketplaceModule {}
