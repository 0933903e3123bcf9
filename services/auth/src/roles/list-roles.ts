import { roles, type ReplyOf, type Role, type tenantRoles } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { ownRoles } from './postgres-roles.js';
import { permitted } from './role-permissions.js';

/** What members can be: the built-in roles and the tenant's own. */
@Injectable()
export class ListRoles {
  constructor(private readonly db: Database) {}

  async run(ctx: RequestContext): Promise<ReplyOf<typeof tenantRoles.listRoles>> {
    const own = await ownRoles(this.db.autocommit(ctx), ctx.tenantId);
    const builtIn = Object.keys(roles) as Role[];
    return {
      items: [
        ...builtIn.map((name) => ({ name, permissions: [...roles[name]], builtIn: true })),
        ...own.map(({ name, permissions }) => ({
          name,
          permissions: [...permitted(name, permissions)],
          builtIn: false,
        })),
      ],
    };
  }
}
