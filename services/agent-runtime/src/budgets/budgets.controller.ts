import { Controller, Inject } from '@nestjs/common';
import { budgets, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { PostgresBudgets } from './postgres-budgets.js';

@Controller()
export class BudgetsController {
  constructor(@Inject(PostgresBudgets) private readonly budgets: PostgresBudgets) {}

  @Handles(budgets.setBudget)
  set(ctx: RequestContext, request: RequestOf<typeof budgets.setBudget>) {
    return this.budgets.set(ctx, request);
  }

  @Handles(budgets.listBudgets)
  list(ctx: RequestContext, request: RequestOf<typeof budgets.listBudgets>) {
    return this.budgets.list(ctx, request);
  }

  @Handles(budgets.getBudget)
  get(ctx: RequestContext, { id }: { id: string }) {
    return this.budgets.get(ctx, id);
  }

  @Handles(budgets.deleteBudget)
  remove(ctx: RequestContext, { id }: { id: string }) {
    return this.budgets.remove(ctx, id);
  }

  @Handles(budgets.getUsage)
  usage(ctx: RequestContext, request: RequestOf<typeof budgets.getUsage>) {
    return this.budgets.usage(ctx, request);
  }
}
