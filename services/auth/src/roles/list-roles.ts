import { roles, type ReplyOf, type Role, type tenantRoles } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { bundleName, changesOf } from '../policies/bundle-version.js';
import { ownRoles } from './postgres-roles.js';
import { permitted } from './role-permissions.js';

/** What members can be: the built-in roles and the tenant's own. */
@Injectable()
export class ListRoles {
  constructor(private readonly db: Database) {}

  async run(ctx: RequestContext): Promise<ReplyOf<typeof tenantRoles.listRoles>> {
    const db = this.db.autocommit(ctx);
    const own = await ownRoles(db, ctx.tenantId);
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
      bundle: bundleName(await changesOf(db, ctx.tenantId)),
    };
  }
}
