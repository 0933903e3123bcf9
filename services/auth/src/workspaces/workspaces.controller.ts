import { auth, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { CreateWorkspace } from './create-workspace.js';
import { ListWorkspaces } from './list-workspaces.js';

@Controller()
export class WorkspacesController {
  constructor(
    private readonly createWorkspace: CreateWorkspace,
    private readonly listWorkspaces: ListWorkspaces,
  ) {}

  @Handles(auth.createWorkspace)
  create(ctx: RequestContext, request: RequestOf<typeof auth.createWorkspace>) {
    return this.createWorkspace.run(ctx, request);
  }

  @Handles(auth.listWorkspaces)
  list(ctx: RequestContext, request: RequestOf<typeof auth.listWorkspaces>) {
    return this.listWorkspaces.run(ctx, request);
  }
}
