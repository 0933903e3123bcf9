import { marketplace, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { GetPackage } from './get-package.js';
import { ListPackages } from './list-packages.js';

@Controller()
export class PackagesController {
  constructor(
    private readonly getPackage: GetPackage,
    private readonly listPackages: ListPackages,
  ) {}

  @Handles(marketplace.getPackage)
  get(ctx: RequestContext, request: RequestOf<typeof marketplace.getPackage>) {
    return this.getPackage.run(ctx, request);
  }

  @Handles(marketplace.listPackages)
  list(ctx: RequestContext, request: RequestOf<typeof marketplace.listPackages>) {
    return this.listPackages.run(ctx, request);
  }
}
