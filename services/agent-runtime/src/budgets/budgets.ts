import { Inject, Injectable } from '@nestjs/common';
import { Database, type GroupCommit } from '@conclave/postgres-kit';
import { ENGINE_ROLES, groupCommitOf } from '../engine/engine.js';
import type { EngineRoles } from '../engine/engine-roles.js';
import type { Call, Entry, Grant, Move, Refusal } from './account.js';
import { moveMoney, type Moved } from './postgres-account.js';
import { abandonedCalls, wakeWaiting } from './postgres-sweep.js';

/** Money of model calls, those of many runs in one transaction; each caller hears of its own only. */
@Injectable()
export class Budgets {
  private readonly lane: GroupCommit<Move, Moved>;

  constructor(
    @Inject(ENGINE_ROLES) { lanes }: EngineRoles,
    @Inject(Database) private readonly db: Database,
  ) {
    this.lane = groupCommitOf(async (moves) => {
      const { moved, told } = await lanes.tx(undefined, (tx) => moveMoney(tx, moves));
      if (told) this.db.emitted();
      return moved.map((one) => ({ ok: one }));
    });
  }

  /**
   * Holds the most a call can cost, in every budget above its run or in none. A call that has a hold keeps it, for
   * another `holdMs`.
   */
  async reserve(call: Call, micros: number | undefined, holdMs: number): Promise<Grant | Refusal> {
    return (await this.lane.submit({ kind: 'reserve', call, micros, holdMs }))!;
  }

  /** Books what a call cost, once, in place of its hold. */
  async settle(call: Call, entry: Entry): Promise<void> {
    await this.lane.submit({ kind: 'settle', call, entry });
  }

  /** Gives up the hold of a call that cost nothing, unless whoever makes that call again has it by now. */
  async release(call: Call, grant: Grant): Promise<void> {
    await this.lane.submit({ kind: 'release', call, grant });
  }

  /** Releases holds that nobody settled in time, and wakes tasks whose budget has room again. @returns how many woke */
  async sweep(): Promise<number> {
    const abandoned = await this.db.system(abandonedCalls);
    await Promise.all(abandoned.map((call) => this.lane.submit({ kind: 'release', call })));
    return this.db.system(wakeWaiting);
  }
}
