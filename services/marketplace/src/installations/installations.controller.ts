import { marketplace, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { InstallPackage } from './install-package.js';
import { ListInstallations } from './list-installations.js';
import { UninstallPackage } from './uninstall-package.js';

@Controller()
export class InstallationsController {
  constructor(
    private readonly installPackage: InstallPackage,
    private readonly listInstallations: ListInstallations,
    private readonly uninstallPackage: UninstallPackage,
  ) {}

  @Handles(marketplace.installPackage)
  install(ctx: RequestContext, request: RequestOf<typeof marketplace.installPackage>) {
    return this.installPackage.run(ctx, request);
  }

  @Handles(marketplace.listInstallations)
  list(ctx: RequestContext, request: RequestOf<typeof marketplace.listInstallations>) {
    return this.listInstallations.run(ctx, request);
  }

  @Handles(marketplace.uninstallPackage)
  uninstall(ctx: RequestContext, request: RequestOf<typeof marketplace.uninstallPackage>) {
    return this.uninstallPackage.run(ctx, request);
  }
}
