import { Database, Erases } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';

/**
 * What outlives the log of an erased tenant: its last signed checkpoint. It names no entry, and every export and receipt
 * that was taken out still verifies against it.
 */
@Injectable()
export class ForgetTenant {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Erases()
  async lastWord(tenantId: string): Promise<Record<string, string>> {
    const row = await this.db
      .autocommit({ tenantId, actor: 'service:audit' })
      .one<{ note: string }>('select note from checkpoint where tenant_id = $1 order by size desc limit 1', [tenantId]);
    return row ? { checkpoint: row.note } : {};
  }
}
