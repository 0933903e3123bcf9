import { consensus, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Controller, Inject } from '@nestjs/common';
import { PossessionOfKeys } from './possession-of-keys.js';
import { PostgresVoterKeys } from './postgres-voter-keys.js';
import { keyOnWire, VoterKeys } from './voter-keys.js';

@Controller()
export class VoterKeysController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresVoterKeys) private readonly register: PostgresVoterKeys,
    @Inject(VoterKeys) private readonly keys: VoterKeys,
    @Inject(PossessionOfKeys) private readonly possession: PossessionOfKeys,
  ) {}

  @Handles(consensus.enrolVoterKey)
  enrol(ctx: RequestContext, request: RequestOf<typeof consensus.enrolVoterKey>) {
    return this.keys.enrol(ctx, request);
  }

  @Handles(consensus.challengeVoterKey)
  challenge(ctx: RequestContext) {
    return this.possession.challenge(ctx);
  }

  @Handles(consensus.enrolPasskey)
  enrolPasskey(ctx: RequestContext, request: RequestOf<typeof consensus.enrolPasskey>) {
    return this.keys.enrolPasskey(ctx, request);
  }

  @Handles(consensus.rotateVoterKey)
  rotate(ctx: RequestContext, request: RequestOf<typeof consensus.rotateVoterKey>) {
    return this.keys.rotate(ctx, request);
  }

  @Handles(consensus.listVoterKeys)
  async list(ctx: RequestContext, query: RequestOf<typeof consensus.listVoterKeys>) {
    const rows = await this.db.tx(ctx, (tx) => this.register.list(tx, ctx, query));
    const items = rows.slice(0, query.limit).map((key) => ({
      ...keyOnWire(key),
      ...(key.pending && { pending: true as const }),
    }));
    return rows.length > query.limit ? { items, next: items.at(-1)!.voterId } : { items };
  }

  @Handles(consensus.revokeVoterKey)
  revoke(ctx: RequestContext, { voterId }: RequestOf<typeof consensus.revokeVoterKey>) {
    return this.keys.revoke(ctx, voterId);
  }
}
